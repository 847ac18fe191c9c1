// Client of the administrators' API of a running server, by the socket in its data folder.
import { join, resolve } from "node:path";
import { isErrorCode, Refusal } from "@verbatim/protocol";
import { ADMIN_ROOT } from "./admin.ts";
import type { AdminUser, UserAdmin } from "./admin-user.ts";

/** The socket of the server that runs on the data folder `dir`. */
export function adminSocketPath(dir: string): string {
	return join(resolve(dir), "admin.sock");
}

/** User administration on the server that runs on `dir`; undefined where none runs, or access is denied. */
export async function connectAdmin(dir: string): Promise<UserAdmin | undefined> {
	const unix = adminSocketPath(dir);
	const ask = async (method: "GET" | "POST", path: string, body?: object): Promise<unknown> => {
		const response = await fetch(`http://localhost${ADMIN_ROOT}/${path}`, {
			unix,
			method,
			...(body && { body: JSON.stringify(body) }),
		});
		const answer = (await response.json()) as { readonly code?: unknown; readonly message?: unknown };
		if (response.ok) return answer;
		const code = String(answer.code);
		throw new Refusal(isErrorCode(code) ? code : "internal", String(answer.message));
	};
	try {
		await ask("GET", "users?limit=1");
	} catch (cause) {
		if (cause instanceof Refusal) throw cause;
		return undefined;
	}
	const change = async (user: string, action: string, body: object = {}): Promise<AdminUser> => {
		const { user: changed } = (await ask("POST", `users/${encodeURIComponent(user)}/${action}`, body)) as { user: AdminUser };
		return changed;
	};
	return {
		async add(name, password) {
			return ((await ask("POST", "users", { name, password })) as { user: AdminUser }).user;
		},
		async list(afterId, limit) {
			const query = new URLSearchParams({ after: afterId, limit: String(limit) });
			return ((await ask("GET", `users?${query}`)) as { users: AdminUser[] }).users;
		},
		disable: (user) => change(user, "disable"),
		enable: (user) => change(user, "enable"),
		end: (user) => change(user, "end"),
		setPassword: (user, password) => change(user, "passwd", { password }),
	};
}
