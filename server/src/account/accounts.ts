// The contract of accounts: who somebody is. Sessions and the HTTP API ask; nothing else of accounts is known to them.
import type { Hello, Tokens } from "@verbatim/protocol";
import type { UserRecord } from "../store/store.ts";

/** What a session keeps of its user: no more than it needs, because there may be a hundred thousand of them. */
export type Account = Pick<UserRecord, "id" | "name" | "kind" | "generation" | "fleeting">;

/** A copy of `user` with nothing more. */
export function accountOf({ id, name, kind, generation, fleeting }: Account): Account {
	return fleeting === undefined ? { id, name, kind, generation } : { id, name, kind, generation, fleeting };
}

/** Somebody who has proved who they are. */
export interface Identity {
	readonly user: Account;
	/** Fresh tokens, where the credential was not an access token already. */
	readonly tokens?: Tokens;
	/** The identity must be proved again at this time (wall clock, ms): the token's end. Absent: never. */
	readonly expiresMs?: number;
}

export interface Accounts {
	/**
	 * Checks a credential. Rejects with `Refusal`: `credentials_wrong`, `token_expired`, `token_invalid`, `name_taken`,
	 * `name_invalid`, `password_weak`, `rate_limited`, `busy`, `unavailable`, `unauthenticated`, `forbidden` (disabled, or this
	 * way in is switched off).
	 * `lasting` false: a person in line mode, who gets no tokens and has nothing to prove again; as a guest, its name is free
	 * as soon as `ended` is called.
	 */
	authenticate(credential: Hello["credential"], from: { readonly address: string; readonly lasting: boolean }): Promise<Identity>;
	/**
	 * New tokens for a refresh token, which is thereby replaced. `userId`: only for a token of this user. Rejects like
	 * `authenticate`.
	 */
	refresh(refreshToken: string, userId?: string): Promise<Tokens>;
	/** A session of this user has begun: a guest's name is held. */
	began(user: Account): void;
	/** The user's last session has ended: a guest's name is released, at once (not lasting) or after a while. */
	ended(user: Account, lasting: boolean): void;
	/** A user by name, in whatever spelling is equivalent; undefined if there is none. */
	byName(name: string): Promise<UserRecord | undefined>;
}
