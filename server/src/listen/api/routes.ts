// The routes of the HTTP API, which is for scripts and curl.
import type { Accounts } from "../../account/accounts.ts";
import type { Commands } from "../../command/run.ts";
import type { Shedding } from "../../overload/shedding.ts";
import type { ListenerParts } from "../connection/parts.ts";
import { logIn, logInGuest, refresh } from "./credentials.ts";
import {
	createRoom,
	inviteUser,
	joinRoom,
	leaveRoom,
	listMembers,
	listRooms,
	readEntries,
	renameRoom,
	sendMessage,
} from "./rooms.ts";

export interface ApiParts extends Pick<ListenerParts, "limits" | "clock" | "random" | "log" | "lines" | "metrics"> {
	readonly accounts: Pick<Accounts, "authenticate" | "refresh">;
	readonly commands: Commands;
	readonly shedding: Shedding;
}

/** One request under way. */
export interface ApiCall {
	readonly request: Request;
	/** The peer's address. */
	readonly peer: string;
	readonly trace: string;
	readonly query: URLSearchParams;
	/** The room in the path, decoded; empty if the route has none. */
	readonly room: string;
	/** The body as JSON, read within its limit. Rejects with `Refusal`. */
	body(): Promise<unknown>;
}

export interface Route {
	readonly method: "GET" | "POST";
	/** Segments after /api/v1; `{room}` matches any. */
	readonly path: readonly string[];
	/** The `data` of the answer. Rejects with `Refusal`. */
	readonly run: (parts: ApiParts, call: ApiCall) => Promise<unknown>;
}

export const API_ROOT = "/api/v1";

export const ROUTES: readonly Route[] = [
	{ method: "POST", path: ["register"], run: (parts, call) => logIn(parts, call, "register") },
	{ method: "POST", path: ["login"], run: (parts, call) => logIn(parts, call, "login") },
	{ method: "POST", path: ["guest"], run: logInGuest },
	{ method: "POST", path: ["refresh"], run: refresh },
	{ method: "GET", path: ["rooms"], run: listRooms },
	{ method: "POST", path: ["rooms"], run: createRoom },
	{ method: "POST", path: ["rooms", "{room}", "join"], run: joinRoom },
	{ method: "POST", path: ["rooms", "{room}", "leave"], run: leaveRoom },
	{ method: "POST", path: ["rooms", "{room}", "rename"], run: renameRoom },
	{ method: "POST", path: ["rooms", "{room}", "invite"], run: inviteUser },
	{ method: "GET", path: ["rooms", "{room}", "entries"], run: readEntries },
	{ method: "GET", path: ["rooms", "{room}", "members"], run: listMembers },
	{ method: "POST", path: ["rooms", "{room}", "messages"], run: sendMessage },
];

export type RouteMatch =
	| { readonly kind: "found"; readonly route: Route; readonly room: string }
	/** The path exists with other methods. */
	| { readonly kind: "method"; readonly allowed: readonly string[] }
	| { readonly kind: "none" }
	| { readonly kind: "malformed" };

/** `path` as in the URL, still encoded. */
export function findRoute(method: string, path: string): RouteMatch {
	const segments = path.slice(API_ROOT.length + 1).split("/");
	const fitting = ROUTES.filter((route) => fits(route.path, segments));
	if (fitting.length === 0) return { kind: "none" };
	const route = fitting.find((candidate) => candidate.method === method);
	if (route === undefined) return { kind: "method", allowed: fitting.map((candidate) => candidate.method) };
	const at = route.path.indexOf("{room}");
	if (at < 0) return { kind: "found", route, room: "" };
	try {
		return { kind: "found", route, room: decodeURIComponent(segments[at] ?? "") };
	} catch {
		return { kind: "malformed" };
	}
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
	return (
		pattern.length === segments.length &&
		pattern.every((part, at) => (part === "{room}" ? segments[at] !== "" : part === segments[at]))
	);
}
