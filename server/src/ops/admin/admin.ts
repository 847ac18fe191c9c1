// The administrators' API: what `verbatim user` does on a server that runs. JSON over HTTP, on a Unix socket that only the server's own
// user may open; on the operations port with a token only.
//
//   GET  /admin/v1/users?after=ID&limit=N     {"users":[…]}: by id
//   POST /admin/v1/users                      {"name","password"}: registers, also where registration is switched off
//   POST /admin/v1/users/NAME/disable         sessions end as `banned`, tokens are void
//   POST /admin/v1/users/NAME/enable
//   POST /admin/v1/users/NAME/end             sessions end as `expired`, tokens are void
//   POST /admin/v1/users/NAME/passwd          {"password"}: as `end`, with another password
//
// NAME is a name or an id. The answer is {"user":{…}}, or {"code","message"} with the status of the error's code.
import { ERRORS, type ErrorCode, Refusal } from "@verbatim/protocol";
import type { Users } from "../../account/users.ts";
import type { Clock, Random } from "../../base/clock.ts";
import { newId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import { readJson, takeFields } from "../../listen/api/request.ts";
import { type AdminUser, adminUser } from "./admin-user.ts";

export const ADMIN_ROOT = "/admin/v1";

const BODY_BYTES_MAX = 16 * 1024;
const PAGE_MAX = 1_000;

export interface AdminParts {
	readonly users: Users;
	readonly log: Pick<Log, "info" | "error">;
	readonly metrics: Pick<Metrics, "admin">;
	readonly clock: Pick<Clock, "now">;
	readonly random: Pick<Random, "bytes">;
}

/** The caller: by the socket of the server's own user, or from an address by the token. */
export type AdminFrom = { readonly by: "socket" } | { readonly by: "token"; readonly address: string };

/** Answers one request below `ADMIN_ROOT`. Never rejects. */
export type Admin = (request: Request, url: URL, from: AdminFrom) => Promise<Response>;

export function createAdmin(parts: AdminParts): Admin {
	const { users, log, metrics, clock, random } = parts;

	const act = async (action: string, name: string, body: () => Promise<unknown>): Promise<AdminUser> => {
		switch (action) {
			case "disable":
			case "enable":
			case "end":
				takeFields(await body(), {});
				return adminUser(await users[action](name));
			case "passwd": {
				const { password } = takeFields(await body(), { password: "string" });
				return adminUser(await users.setPassword(name, password));
			}
			default:
				throw new Refusal("unknown_command", `there is no action ${JSON.stringify(action.slice(0, 64))}`);
		}
	};

	const route = async (request: Request, url: URL, from: AdminFrom): Promise<unknown> => {
		const [first, name, action, ...more] = url.pathname.slice(ADMIN_ROOT.length + 1).split("/");
		const known = first === "users" && more.length === 0 && (name === undefined || action !== undefined);
		if (!known) throw new Refusal("unknown_command", "there is no such path");
		const body = (): Promise<unknown> => readJson(request, BODY_BYTES_MAX);
		if (request.method === "GET" && name === undefined) {
			const limit = Math.min(PAGE_MAX, Math.max(1, Number(url.searchParams.get("limit")) || PAGE_MAX));
			return { users: (await users.list(url.searchParams.get("after") ?? "", limit)).map(adminUser) };
		}
		if (request.method !== "POST") throw new Refusal("unknown_command", "this path takes POST");
		if (name === undefined || action === undefined) {
			const { name: wanted, password } = takeFields(await body(), { name: "string", password: "string" });
			const user = adminUser(await users.add(wanted, password));
			log.info({ user: user.id, name: user.name, action: "add", ...from }, "an administrator has added a user");
			return { user };
		}
		const user = await act(action, decodeURIComponent(name), body);
		log.info({ user: user.id, name: user.name, action, ...from }, "an administrator has changed a user");
		return { user };
	};

	const refuse = (status: number, code: ErrorCode, message: string): Response => {
		metrics.admin.add(code);
		return json(status, { code, message });
	};

	return async (request, url, from) => {
		try {
			const answer = await route(request, url, from);
			metrics.admin.add("ok");
			return json(200, answer);
		} catch (err) {
			if (err instanceof Refusal) return refuse(ERRORS[err.code].status, err.code, err.message);
			if (err instanceof URIError) return refuse(400, "malformed", "the path is not well encoded");
			const trace = newId("t", clock, random);
			log.error({ err, trace }, "a request of an administrator met an unexpected error");
			return refuse(500, "internal", `it was logged under trace id ${trace}`);
		}
	};
}

function json(status: number, body: unknown): Response {
	return Response.json(body, { status, headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" } });
}
