// The contract of accounts: all that sessions and the HTTP API know of them.
import { type Hello, Refusal, type Tokens } from "@verbatim/protocol";
import type { UserRecord } from "../store/store.ts";

/** What a session keeps of its user: no more than it needs, since there may be a hundred thousand sessions. */
export type Account = Pick<UserRecord, "id" | "name" | "kind" | "generation" | "sessionOnly">;

/** A copy with these fields only. */
export function accountOf({ id, name, kind, generation, sessionOnly }: Account): Account {
	return sessionOnly === undefined ? { id, name, kind, generation } : { id, name, kind, generation, sessionOnly };
}

/** An authenticated user. */
export interface Identity {
	readonly user: Account;
	/** New tokens, unless the credential was an access token. */
	readonly tokens?: Tokens;
	/** The user must authenticate again at this time (wall clock, ms), the token's end. Absent: never. */
	readonly expiresMs?: number;
}

/** The credential was right, but an operator has closed the account. */
export class AccountClosed extends Refusal {
	/** For the log. */
	readonly user: string;

	constructor(user: string) {
		super("forbidden", "this account is closed; ask an operator");
		this.user = user;
	}
}

export interface Accounts {
	/**
	 * Checks a credential. Rejects with `Refusal`: `credentials_wrong`, `token_expired`, `token_invalid`, `name_taken`,
	 * `name_invalid`, `password_weak`, `rate_limited`, `busy`, `unavailable`, `unauthenticated`, `forbidden` (disabled, or this
	 * kind of log-in is switched off).
	 * `resumable` false: a line-mode client, which gets no tokens and need not authenticate again; as a guest, its name is free as soon as
	 * `ended` is called.
	 */
	authenticate(
		credential: Hello["credential"],
		from: { readonly address: string; readonly resumable: boolean },
	): Promise<Identity>;
	/**
	 * New tokens for a refresh token, which they replace. `userId`: only for a token of this user. Rejects like `authenticate`.
	 */
	refresh(refreshToken: string, userId?: string): Promise<Tokens>;
	/** A session of this user has begun: a guest's name is reserved while it lives. */
	began(user: Account): void;
	/** The user's last session has ended: a guest's name is released, at once (not resumable) or after a while. */
	ended(user: Account, resumable: boolean): void;
	/** A user by name, in whatever spelling is equivalent; undefined if there is none. */
	byName(name: string): Promise<UserRecord | undefined>;
}
