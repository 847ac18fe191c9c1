// Rooms over the HTTP API: the wire's commands, through the same command table.
import { type Command, create, type DownBody, DownSchema, jsonCodec, Room_Kind, type Up, UpSchema } from "@verbatim/protocol";
import { serverCid } from "../../base/ids.ts";
import { identityOf } from "./credentials.ts";
import { bearer, takeFields, takeNumbers, takePage } from "./request.ts";
import type { ApiCall, ApiParts } from "./routes.ts";

export function listRooms(parts: ApiParts, call: ApiCall): Promise<unknown> {
	return run(parts, call, { case: "rooms", value: takePage(call.query) });
}

export async function createRoom(parts: ApiParts, call: ApiCall): Promise<unknown> {
	const { name, private: hidden } = takeFields(await call.body(), { name: "string", private: "boolean?" });
	return run(parts, call, { case: "create", value: { name, kind: hidden === true ? Room_Kind.PRIVATE : Room_Kind.PUBLIC } });
}

export async function joinRoom(parts: ApiParts, call: ApiCall): Promise<unknown> {
	const { create: mayCreate, history } = takeFields(await call.body(), { create: "boolean?", history: "number?" });
	return run(parts, call, { case: "join", value: { room: call.room, create: mayCreate ?? false, history: history ?? 0 } });
}

export async function leaveRoom(parts: ApiParts, call: ApiCall): Promise<unknown> {
	takeFields(await call.body(), {});
	return run(parts, call, { case: "leave", value: { room: call.room } });
}

export async function renameRoom(parts: ApiParts, call: ApiCall): Promise<unknown> {
	const { name } = takeFields(await call.body(), { name: "string" });
	return run(parts, call, { case: "rename", value: { room: call.room, name } });
}

export async function inviteUser(parts: ApiParts, call: ApiCall): Promise<unknown> {
	const { user } = takeFields(await call.body(), { user: "string" });
	return run(parts, call, { case: "invite", value: { room: call.room, user } });
}

export function readEntries(parts: ApiParts, call: ApiCall): Promise<unknown> {
	const { before, after, around, atMs, limit } = takeNumbers(call.query, ["before", "after", "around", "limit"], ["atMs"]);
	// On the wire 0 means no bound; after=0 in a query means the log from its first entry on.
	const first = after === 0 && call.query.has("after");
	return run(parts, call, { case: "history", value: { room: call.room, before, after, first, around, atMs, limit } });
}

export function listMembers(parts: ApiParts, call: ApiCall): Promise<unknown> {
	return run(parts, call, { case: "who", value: { room: call.room, ...takePage(call.query) } });
}

/**
 * The `Idempotency-Key` is the cid of the send: the same key again gives the first result. Without one a cid is generated, and a retry after a lost
 * answer sends a duplicate.
 */
export async function sendMessage(parts: ApiParts, call: ApiCall): Promise<unknown> {
	const { text, behind } = takeFields(await call.body(), { text: "string", behind: "string?" });
	const cid = idempotencyKey(call.request) ?? serverCid(parts.random.bytes(16));
	const sent = await run(parts, call, { case: "send", value: { room: call.room, cid, text, behind: behind ?? "" } });
	return { ...sent, cid };
}

/** The header, without its quotes: the draft standard requires them, most clients omit them. */
function idempotencyKey(request: Request): string | undefined {
	const key = request.headers.get("idempotency-key");
	return key === null ? undefined : key.replace(/^"(.*)"$/, "$1");
}

/** Runs one command for the request's user; returns its answer in the wire's JSON form. */
async function run(parts: ApiParts, call: ApiCall, command: Command): Promise<Readonly<Record<string, unknown>>> {
	const identity = await identityOf(parts, call, bearer(call.request));
	const up: Up = create(UpSchema, { command });
	return jsonOf(await parts.commands.run(identity, up.command, call.trace));
}

function jsonOf(answer: DownBody): Readonly<Record<string, unknown>> {
	const down: unknown = JSON.parse(String(jsonCodec.encodeDown(create(DownSchema, { body: answer }))));
	return Object.values(down as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[0] ?? {};
}
