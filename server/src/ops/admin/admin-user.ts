// A user as administrators see it: no password hash, nothing internal.
import type { Users } from "../../account/users.ts";
import { isEnded } from "../../log/users.ts";
import type { UserRecord } from "../../store/store.ts";

export interface AdminUser extends Pick<UserRecord, "id" | "name" | "kind" | "createdMs" | "external"> {
	/** Disabled by an operator. */
	readonly disabled: boolean;
	/** A guest whose account has ended. */
	readonly ended: boolean;
}

export function adminUser(user: UserRecord): AdminUser {
	const { id, name, kind, createdMs, disabled, external } = user;
	const ended = isEnded(user);
	const facts = { id, name, kind, createdMs, disabled: disabled && !ended, ended };
	return kind === "external" && external !== undefined ? { ...facts, external } : facts;
}

/** Administration of users, on a running server or on a data folder. All methods reject with `Refusal`. */
export interface UserAdmin {
	add(name: string, password: string): Promise<AdminUser>;
	/** By id, after `afterId` ("" from the first), at most `limit`. */
	list(afterId: string, limit: number): Promise<readonly AdminUser[]>;
	disable(user: string): Promise<AdminUser>;
	enable(user: string): Promise<AdminUser>;
	end(user: string): Promise<AdminUser>;
	setPassword(user: string, password: string): Promise<AdminUser>;
}

export function userAdmin(users: Users): UserAdmin {
	return {
		add: async (name, password) => adminUser(await users.add(name, password)),
		list: async (afterId, limit) => (await users.list(afterId, limit)).map(adminUser),
		disable: async (user) => adminUser(await users.disable(user)),
		enable: async (user) => adminUser(await users.enable(user)),
		end: async (user) => adminUser(await users.end(user)),
		setPassword: async (user, password) => adminUser(await users.setPassword(user, password)),
	};
}
