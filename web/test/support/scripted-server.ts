// A scripted server: serves the page under the strict policy of the real one, and sends what no correct server would, such as
// names that are markup.
import {
	create,
	type DownBody,
	DownSchema,
	type Entry,
	protoCodec,
	Room_Kind,
	Room_Standing,
	RoomSchema,
	type Up,
	type User,
	type Room as WireRoom,
} from "@verbatim/protocol";
import { bundlePage } from "../../src/bundle.ts";

/** As strict as the page's promise. */
export const POLICY = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"connect-src 'self' ws: wss:",
	"img-src 'self' data:",
	"font-src 'self'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
	"require-trusted-types-for 'script'",
].join("; ");

export interface ScriptedRoom {
	readonly info: WireRoom;
	readonly log: Entry[];
}

export interface ScriptedServer {
	readonly url: string;
	/** Every command received, in order. */
	readonly heard: Up["command"][];
	/** Sends to all connections. */
	push(body: DownBody): void;
	/** Are connections accepted? Open ones are closed when it becomes false. */
	open(open: boolean): void;
	stop(): Promise<void>;
}

export interface Script {
	readonly user: User;
	readonly rooms: readonly ScriptedRoom[];
	/** The answer instead of the usual one: a body, or "silent" for none. */
	react?(command: Up["command"]): DownBody | "silent" | undefined;
}

export function scriptedRoom(name: string, log: Entry[], kind: Room_Kind = Room_Kind.PUBLIC): ScriptedRoom {
	const facts = { id: `r-${name}`, kind, name, epoch: 1, head: log.length, members: 2, standing: Room_Standing.OWNER };
	return { info: create(RoomSchema, facts), log };
}

export async function scriptedServer(script: Script): Promise<ScriptedServer> {
	const page = await bundlePage();
	const heard: Up["command"][] = [];
	const sockets = new Set<Bun.ServerWebSocket<undefined>>();
	let isOpen = true;

	const server = Bun.serve<undefined>({
		hostname: "127.0.0.1",
		port: 0,
		fetch(request, { upgrade }) {
			const { pathname } = new URL(request.url);
			if (pathname === "/ws") {
				const headers = { "sec-websocket-protocol": "verbatim.v1.proto" };
				if (isOpen && upgrade.call(server, request, { headers, data: undefined })) return undefined;
				return new Response("away", { status: 503 });
			}
			const file = page(pathname);
			if (file === undefined) return new Response("nothing", { status: 404 });
			return new Response(file.body, { headers: { "content-type": file.type, "content-security-policy": POLICY } });
		},
		websocket: {
			open: (socket) => void sockets.add(socket),
			close: (socket) => void sockets.delete(socket),
			message(socket, body) {
				const up = protoCodec.decodeUp(body);
				heard.push(up.command);
				const answer = script.react?.(up.command) ?? usual(script, up.command);
				if (answer !== "silent")
					socket.send(protoCodec.encodeDown(create(DownSchema, { id: up.id, body: answer })) as Uint8Array<ArrayBuffer>);
			},
		},
	});
	return {
		url: server.url.href,
		heard,
		push(body) {
			const bytes = protoCodec.encodeDown(create(DownSchema, { body })) as Uint8Array<ArrayBuffer>;
			for (const socket of sockets) socket.send(bytes);
		},
		open(open) {
			isOpen = open;
			if (!open) for (const socket of [...sockets]) socket.terminate();
		},
		stop: () => server.stop(true),
	};
}

function usual({ user, rooms }: Script, command: Up["command"]): DownBody | "silent" {
	switch (command.case) {
		case "hello": {
			const facts = {
				session: "s",
				user,
				rooms: rooms.map((room) => room.info),
				heartbeatMs: 30_000,
				server: "scripted",
				nowMs: Date.now(),
			};
			const laterMs = Date.now() + 3_600_000;
			const tokens = { access: "access", accessExpiresMs: laterMs, refresh: "refresh", refreshExpiresMs: laterMs };
			return { case: "welcome", value: { ...facts, tokens } };
		}
		case "history": {
			const room = rooms.find(({ info }) => info.id === command.value.room);
			if (room === undefined) return { case: "failure", value: { code: "no_such_room" } };
			const to = command.value.before === 0 ? room.log.length : command.value.before - 1;
			const from = Math.max(1, to - command.value.limit + 1);
			const { id, epoch } = room.info;
			const entries = room.log.slice(from - 1, to);
			return { case: "page", value: { room: id, epoch, from, to, head: room.log.length, asOf: room.log.length, entries } };
		}
		case "who":
			return memberList(rooms, command.value.room, [{ user, standing: Room_Standing.OWNER, online: true }]);
		case "rooms":
			return { case: "roomList", value: { rooms: rooms.map((room) => room.info) } };
		case "ping":
			return { case: "pong", value: { nonce: command.value.nonce } };
		default:
			return "silent";
	}
}

/** The whole list of a small room. */
export function memberList(
	rooms: readonly ScriptedRoom[],
	id: string,
	members: NonNullable<Extract<DownBody, { case: "memberList" }>["value"]["members"]>,
): DownBody {
	const room = rooms.find(({ info }) => info.id === id);
	const facts = { room: id, epoch: room?.info.epoch ?? 0, version: 1, asOf: room?.log.length ?? 0 };
	return { case: "memberList", value: { ...facts, total: members.length, online: members.length, presence: true, members } };
}
