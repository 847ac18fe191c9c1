// User administration: `verbatim user add | list | disable | enable | end | passwd`. Changes take effect with the commit: from then on the user's
// tokens are revoked, and `onRevoked` ends its sessions.
import { type ErrorCode, Refusal } from "@verbatim/protocol";
import type { Clock, Random } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import { checkName, sameName } from "../name/names.ts";
import type { Store, UserChange, UserRecord } from "../store/store.ts";
import type { Passwords } from "./passwords.ts";

export type UserStore = Pick<Store, "append" | "user" | "userBySkeleton" | "users">;

/** Users are given by name or by id. All reject with `Refusal`; `no_such_user` for one that does not exist. */
export interface Users {
	/** A registered user. Rejects with `name_invalid`, `name_taken`, `password_weak`. */
	add(name: string, password: string): Promise<UserRecord>;
	/** At most `limit` users by id, after `afterId` ("" from the first). */
	list(afterId: string, limit: number): Promise<readonly UserRecord[]>;
	/** Forbids log-ins and revokes all tokens. */
	disable(user: string): Promise<UserRecord>;
	/** Allows log-ins again. A guest that has lost its name cannot be enabled: `no_such_user`. */
	enable(user: string): Promise<UserRecord>;
	/** Signs the user out everywhere: revokes all tokens. It may log in again. */
	end(user: string): Promise<UserRecord>;
	/** Sets the password of a registered user (others: `invalid`) and revokes all tokens. */
	setPassword(user: string, password: string): Promise<UserRecord>;
}

export interface UserParts {
	readonly store: UserStore;
	readonly passwords: Passwords;
	readonly clock: Pick<Clock, "now">;
	readonly random: Pick<Random, "bytes">;
	/** Told when the sessions of a user must end, with the user as changed, and whether it may come back. */
	readonly onRevoked?: (user: Pick<UserRecord, "id" | "generation">, why: "banned" | "expired") => void;
}

export function createUsers({ store, passwords, clock, random, onRevoked }: UserParts): Users {
	const find = async (nameOrId: string): Promise<UserRecord> => {
		const checked = checkName(nameOrId);
		const named = checked.ok ? await store.userBySkeleton(checked.skeleton) : undefined;
		const user = named !== undefined && sameName(named.name, nameOrId) ? named : await store.user(nameOrId);
		if (user === undefined) throw new Refusal("no_such_user", `there is no user ${JSON.stringify(nameOrId)}`);
		return user;
	};

	/** Returns the user as it is afterwards, with concurrent changes. */
	const change = async ({ id }: UserRecord, fields: UserChange): Promise<UserRecord> => {
		const outcome = await store.append({ kind: "userChange", id, nowMs: clock.now(), change: fields });
		if (!outcome.ok) throw new Refusal(outcome.code);
		return (await store.user(id)) ?? fail("no_such_user");
	};

	const voidTokens = async (user: UserRecord, fields: UserChange, why: "banned" | "expired"): Promise<UserRecord> => {
		const changed = await change(user, { ...fields, voidsTokens: true });
		onRevoked?.(changed, why);
		return changed;
	};

	return {
		async add(name, password) {
			const checked = checkName(name);
			if (!checked.ok) throw new Refusal("name_invalid", checked.why);
			const passwordHash = await passwords.hash(password);
			const user: UserRecord = {
				id: newId("u", clock, random),
				kind: "registered",
				name: checked.name,
				skeleton: checked.skeleton,
				passwordHash,
				createdMs: clock.now(),
				generation: 1,
				disabled: false,
			};
			const outcome = await store.append({ kind: "userCreate", user, nowMs: user.createdMs });
			if (!outcome.ok) throw new Refusal(outcome.code);
			return user;
		},
		list: (afterId, limit) => store.users(afterId, limit),
		async disable(nameOrId) {
			const user = await find(nameOrId);
			return voidTokens(user, { disabled: true }, "banned");
		},
		async enable(nameOrId) {
			return change(await find(nameOrId), { disabled: false });
		},
		async end(nameOrId) {
			return voidTokens(await find(nameOrId), {}, "expired");
		},
		async setPassword(nameOrId, password) {
			const user = await find(nameOrId);
			if (user.kind !== "registered") throw new Refusal("invalid", "only registered users have a password");
			const passwordHash = await passwords.hash(password);
			return voidTokens(user, { passwordHash }, "expired");
		},
	};
}

function fail(code: ErrorCode): never {
	throw new Refusal(code);
}
