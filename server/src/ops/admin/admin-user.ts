// A user as administrators see it: no hash of a password, nothing that only the server needs.
import type { UserRecord } from "../../store/store.ts";

export type AdminUser = Pick<UserRecord, "id" | "name" | "kind" | "createdMs" | "disabled" | "external">;

export function adminUser({ id, name, kind, createdMs, disabled, external }: AdminUser): AdminUser {
	// A guest's is the hash of its key, and nobody's business.
	return { id, name, kind, createdMs, disabled, ...(kind === "external" && external !== undefined && { external }) };
}

/** What administrators do to users, on a server that runs or on a data folder. All reject with `Refusal`. */
export interface UserAdmin {
	add(name: string, password: string): Promise<AdminUser>;
	/** By id, after `afterId` ("" from the first), at most `limit`. */
	list(afterId: string, limit: number): Promise<readonly AdminUser[]>;
	disable(user: string): Promise<AdminUser>;
	enable(user: string): Promise<AdminUser>;
	end(user: string): Promise<AdminUser>;
	setPassword(user: string, password: string): Promise<AdminUser>;
}
