// Accounts of a run, without passwords and tokens, which need real time and threads. Users of clients log in by their name alone. New guests
// use the server's own code for guests and their keys, with a stub for tokens.

import { create, Refusal, type Tokens, TokensSchema } from "@verbatim/protocol";
import {
	ACCOUNT_DEFAULTS,
	type Accounts,
	createGuestLogin,
	createGuests,
	type GuestLogin,
	type Guests,
	type Identity,
	type Log,
	type Store,
	type UserRecord,
} from "@verbatim/server/parts";
import type { ErrorInjector } from "./injected-errors.ts";
import type { Machine } from "./machine.ts";
import { isNewGuest } from "./new-guest.ts";

export interface SimAccountsParts {
	readonly store: Store;
	readonly machine: Machine;
	readonly log: Log;
	readonly injector: ErrorInjector;
	/** Are there any? */
	readonly newGuests: boolean;
	/** Log-ins are refused for now. */
	isBusy(): boolean;
	/** An identity has to be proved again after this long, ms; 0: never. */
	expiresMs(): number;
}

export function createSimAccounts(parts: SimAccountsParts): Accounts {
	const { store, machine, injector } = parts;
	const guests = parts.newGuests ? guestsOf(parts) : undefined;

	const byName = async (name: string): Promise<UserRecord> => {
		const known = await store.userBySkeleton(name);
		if (known !== undefined) return known;
		const nowMs = machine.now();
		const user: UserRecord = {
			id: `u-${name}`,
			name,
			kind: "guest",
			skeleton: name,
			createdMs: nowMs,
			generation: 0,
			disabled: false,
		};
		const outcome = await store.append({ kind: "userCreate", user, nowMs });
		// Two devices of one user may come at once: the same user then.
		if (!outcome.ok) throw new Refusal(outcome.code);
		return user;
	};

	const byToken = async (token: string): Promise<UserRecord> => {
		const user = await store.user(token);
		if (guests === undefined || user === undefined) throw new Refusal("token_invalid");
		return guests.holds.resume(user);
	};

	const identity = (user: UserRecord, tokens?: Tokens): Identity => {
		const expiresMs = parts.expiresMs();
		return { user, ...(tokens && { tokens }), ...(expiresMs > 0 && { expiresMs: machine.now() + expiresMs }) };
	};

	return {
		authenticate: async (credential): Promise<Identity> => {
			injector.call("authenticate", () => {});
			if (credential.case !== "guest" && credential.case !== "token") throw new Refusal("credentials_wrong");
			if (parts.isBusy()) throw new Refusal("busy", "too many log-ins", 150);
			if (credential.case === "token") return identity(await byToken(credential.value));
			const { name } = credential.value;
			if (guests === undefined || !isNewGuest(name)) return identity(await byName(name));
			const user = await guests.logIn(credential.value, true);
			return identity(user, create(TokensSchema, { access: user.id, accessExpiresMs: machine.now() + TOKEN_MS }));
		},
		refresh: async () => Promise.reject(new Refusal("token_invalid")),
		began: (user) => {
			injector.call("began", () => {});
			if (isNewGuest(user.name)) guests?.holds.began(user);
		},
		ended: (user, resumable) => {
			injector.call("ended", () => {});
			if (isNewGuest(user.name)) guests?.holds.ended(user, resumable);
		},
		byName: (name) => store.userBySkeleton(name),
	};
}

/** Longer than a run, with all that happens to its clocks. */
const TOKEN_MS = 86_400_000;

function guestsOf({ store, machine, log }: SimAccountsParts): { readonly holds: Guests; readonly logIn: GuestLogin } {
	const own: Store = {
		...store,
		guests: async (...asked) => (await store.guests(...asked)).filter(({ name }) => isNewGuest(name)),
	};
	const holds = createGuests(own, ACCOUNT_DEFAULTS, machine, log);
	return { holds, logIn: createGuestLogin({ store: own, guests: holds, clock: machine, random: machine }) };
}
