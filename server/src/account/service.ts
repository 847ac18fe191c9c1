// Authentication by every kind of credential. The parts (passwords, tokens, providers, names, guests, limits) are combined here, the cheapest
// checks first: rate limits, then what a read can refuse, then what costs a hash or a write.
import { type Hello, Refusal, type Tokens } from "@verbatim/protocol";
import { createLoginAdmission } from "../admit/logins.ts";
import type { Clock, Random } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import { checkName, mustBeName, sameName } from "../name/names.ts";
import type { Store, TokenFamily, UserRecord } from "../store/store.ts";
import { AccountClosed, type Accounts, type Identity } from "./accounts.ts";
import { externalUser } from "./external-users.ts";
import { createGuestLogin, GUEST_ISSUER } from "./guest-login.ts";
import { createGuests } from "./guests.ts";
import type { Fetch } from "./jwks.ts";
import { createPasswords, type Passwords } from "./passwords.ts";
import { createProvider, type Provider } from "./providers.ts";
import type { AccountSettings } from "./settings.ts";
import { claimedIssuer, createMint, type TokenFacts, type TokenKind } from "./tokens.ts";

export type AccountStore = Pick<
	Store,
	"append" | "user" | "userWithFamily" | "userBySkeleton" | "userByExternal" | "guests" | "roomsOf" | "putOnce"
>;

export interface AccountParts {
	readonly store: AccountStore;
	readonly clock: Clock;
	readonly random: Random;
	readonly log: Pick<Log, "info" | "warn">;
	readonly settings: AccountSettings;
	/** For the keys of identity providers. */
	readonly fetch: Fetch;
}

export interface AccountService extends Accounts {
	/** Shared with user administration. */
	readonly passwords: Passwords;
	/** Stops the timers. `ended` still works. */
	stop(): void;
}

/** Times in tokens are whole seconds. */
const ROUNDING_MS = 1_000;

type From = Parameters<Accounts["authenticate"]>[1];

/** Throws `RangeError` for contradictory settings, with what to do. */
export async function createAccounts(parts: AccountParts): Promise<AccountService> {
	const { store, clock, random, log, settings } = parts;
	const mint = await createMint(settings.tokens, store, clock, random);
	const providers = providersOf(parts);
	const passwords = createPasswords(settings.passwords, clock, random);
	const admission = createLoginAdmission(settings.limits, clock);
	const guests = createGuests(store, settings, clock, log);
	const guestLogin = createGuestLogin({ store, guests, clock, random });

	const create = async (user: UserRecord): Promise<UserRecord> => {
		const outcome = await store.append({ kind: "userCreate", user, nowMs: user.createdMs });
		if (!outcome.ok) throw new Refusal(outcome.code);
		return user;
	};

	/** A client that is not resumable gets no tokens and need not authenticate again. */
	const welcome = async (user: UserRecord, from: From, family?: TokenFamily): Promise<Identity> => {
		if (!from.resumable) return { user };
		const tokens = await mint.issue(user, family);
		return { user, tokens, expiresMs: tokens.accessExpiresMs };
	};

	/** The user with this name, not with one that is merely confusable. */
	const byName = async (name: string): Promise<UserRecord | undefined> => {
		const checked = checkName(name);
		if (!checked.ok) return undefined;
		const user = await store.userBySkeleton(checked.skeleton);
		return user !== undefined && sameName(user.name, checked.name) ? user : undefined;
	};

	const asGuest = async (guest: { name: string; key: string }, from: From): Promise<Identity> => {
		if (!settings.guests) throw new Refusal("forbidden", "guests are not let in here; log in or register");
		admission.admit(from.address);
		return welcome(await guestLogin(guest, from.resumable), from);
	};

	const register = async (name: string, password: string, from: From): Promise<Identity> => {
		if (!settings.registration) throw new Refusal("forbidden", "accounts are made by an operator here");
		admission.admit(from.address);
		const named = mustBeName(name);
		await guests.ready;
		// Early refusal without a hash, where the name cannot become free; whether a guest still has its name is decided in the store.
		const holder = await store.userBySkeleton(named.skeleton);
		if (holder !== undefined && holder.kind !== "guest") throw new Refusal("name_taken");
		const passwordHash = await passwords.hash(password);
		const user: UserRecord = {
			id: newId("u", clock, random),
			kind: "registered",
			...named,
			passwordHash,
			createdMs: clock.now(),
			generation: 1,
			disabled: false,
		};
		return welcome(await create(user), from);
	};

	const login = async (name: string, password: string, from: From): Promise<Identity> => {
		admission.admit(from.address);
		const checked = checkName(name);
		const key = checked.ok ? checked.skeleton : "";
		admission.beginTry(key);
		let how: "right" | "wrong" | "undecided" = "undecided";
		try {
			const user = await byName(name);
			const hash = user?.kind === "registered" ? user.passwordHash : undefined;
			how = (await passwords.verify(password, hash)) ? "right" : "wrong";
			if (user === undefined || hash === undefined || how === "wrong") throw new Refusal("credentials_wrong");
			mustBeAllowed(user);
			if (passwords.isOutdated(hash)) rehash(user, password);
			return await welcome(user, from);
		} finally {
			admission.endTry(key, how);
		}
	};

	/** Renews a hash with outdated settings, in the background; if it fails, the next log-in tries again. */
	const rehash = (user: UserRecord, password: string): void => {
		const change = async (): Promise<void> => {
			const passwordHash = await passwords.hash(password);
			const { passwordHash: ifPasswordHash } = user;
			if (ifPasswordHash === undefined) return;
			// The password may have been changed meanwhile, by the user or an operator.
			const change = { passwordHash, ifPasswordHash };
			await store.append({ kind: "userChange", id: user.id, nowMs: clock.now(), change });
		};
		change().catch((err: unknown) =>
			log.info({ err, user: user.id }, "a password's hash was not renewed; the next log-in tries again"),
		);
	};

	/** The user of one of this server's own tokens, unless it was revoked. */
	const byOwnToken = async (
		token: string,
		kind: TokenKind,
		onlyOf?: string,
	): Promise<TokenFacts & { readonly user: UserRecord }> => {
		const facts = await mint.verify(token, kind);
		if (onlyOf !== undefined && onlyOf !== facts.userId) throw new Refusal("token_invalid", "this token is another user's");
		const found = await store.userWithFamily(facts.userId, facts.family);
		if (found === undefined) throw new Refusal("token_invalid");
		if (found.family?.ended === true) throw revokedToken();
		const user = found.user.kind === "guest" ? await guests.resume(found.user) : mustBeAllowed(found.user);
		if (facts.generation !== user.generation) throw revokedToken();
		return { ...facts, user };
	};

	const byToken = async (token: string): Promise<Identity> => {
		const issuer = claimedIssuer(token, settings.tokens.bytesMax);
		if (issuer === settings.tokens.issuer) {
			const { user, expiresMs } = await byOwnToken(token, "access");
			return { user, expiresMs };
		}
		const provider = providers.get(issuer ?? "");
		if (provider === undefined) throw new Refusal("token_invalid");
		const identity = await provider.verify(token);
		const user = await externalUser(identity, store, clock, random);
		return { user: mustBeAllowed(user), expiresMs: identity.expiresMs };
	};

	/** Consumes a refresh token: returns its user, and the family of the next one. */
	const byRefreshToken = async (token: string, onlyOf?: string): Promise<{ user: UserRecord; family: TokenFamily }> => {
		claimedIssuer(token, settings.tokens.bytesMax);
		const { user, family, number } = await byOwnToken(token, "refresh", onlyOf);
		const outcome = await store.append({
			kind: "tokenUse",
			family,
			user: user.id,
			number,
			nowMs: clock.now(),
			graceMs: settings.tokens.refreshGraceMs,
			expiresMs: mint.refreshExpiresMs(),
			dropBeforeMs: clock.now() - settings.tokens.toleranceMs - ROUNDING_MS,
		});
		if (!outcome.ok) throw new Refusal(outcome.code);
		if (outcome.family === undefined) throw new Error("the use of a token has left no family");
		if (outcome.family.ended) {
			log.warn(
				{ user: user.id },
				"a refresh token that was replaced has been used again: all tokens of that log-in are void now",
			);
			throw revokedToken();
		}
		return { user, family: outcome.family };
	};

	const byRefresh = async (token: string, from: From): Promise<Identity> => {
		const { user, family } = await byRefreshToken(token);
		return welcome(user, from, family);
	};

	const authenticate = async (credential: Hello["credential"], from: From): Promise<Identity> => {
		switch (credential.case) {
			case "token":
				return byToken(credential.value);
			case "refresh":
				return byRefresh(credential.value, from);
			case "guest":
				return asGuest(credential.value, from);
			case "login":
				return login(credential.value.name, credential.value.password, from);
			case "register":
				return register(credential.value.name, credential.value.password, from);
			case undefined:
				throw new Refusal("unauthenticated", "say who you are: a token, a guest's name, or a name and a password");
		}
	};

	return {
		passwords,
		authenticate,
		async refresh(refreshToken, userId): Promise<Tokens> {
			const { user, family } = await byRefreshToken(refreshToken, userId);
			return mint.issue(user, family);
		},
		began(user) {
			if (user.kind === "guest") guests.began(user);
		},
		ended(user, resumable) {
			if (user.kind === "guest") guests.ended(user, resumable);
		},
		async byName(name) {
			const user = await byName(name);
			return user?.kind === "guest" && user.disabled ? undefined : user;
		},
		stop() {
			guests.stop();
		},
	};
}

function providersOf({ settings, fetch, clock, log }: AccountParts): ReadonlyMap<string, Provider> {
	const providers = new Map<string, Provider>();
	for (const each of settings.providers) {
		if (each.issuer === settings.tokens.issuer || each.issuer === GUEST_ISSUER || providers.has(each.issuer)) {
			throw new RangeError(`identity provider ${each.issuer}: this issuer is in use already`);
		}
		providers.set(each.issuer, createProvider(each, { fetch, clock, log, toleranceMs: settings.tokens.toleranceMs }));
	}
	return providers;
}

function revokedToken(): Refusal {
	return new Refusal("token_invalid", "this token is no longer valid; log in again");
}

function mustBeAllowed(user: UserRecord): UserRecord {
	if (user.disabled) throw new AccountClosed(user.id);
	return user;
}
