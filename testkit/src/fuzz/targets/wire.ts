// Conversations over framed TCP and WebSocket with a whole server. An input is a script: one to three visitors, each by a door of its
// own, and what they do in turn: good commands in any state, any message of the schema, good messages with bytes changed, frames of
// anything, damaged frames, bytes past every framer, waiting, coming back with their cursors.
import { type Command, create, EncodeError, type Room_Kind, UpSchema } from "@verbatim/protocol";
import { LEVEL_MAX } from "../../../../server/src/overload/levels.ts";
import type { Draw } from "../draw.ts";
import { Draw as Choices } from "../draw.ts";
import { type House, Houses, type Size, WITNESSED_ROOM } from "../house.ts";
import { drawUp, jsonNames } from "../message.ts";
import type { Target } from "../target.ts";
import { Visitor, WAYS } from "../visitor.ts";

const STEPS_MAX = 60;

export const wire: Target = {
	name: "wire",
	feeds: "a whole server by its framed TCP door and its WebSocket door: scripts of up to three visitors, in every state",
	holds: [
		"each frame that is sound in itself is answered exactly once, or the connection is closed with a reason",
		"what comes down is of the schema, with codes of the tables, never `internal`, and nothing behind the last word",
		"the server logs no error; on the server's end every stream is dense (the simulation's tap)",
		"a witness in the same room can go on speaking; connections that are gone are held by nobody",
	],
	bytesMax: 700,
	words: [],
	pieces: jsonNames(),
	seeds: () => [
		// A guest comes in, joins, says something, asks, and leaves.
		Uint8Array.from([0, 0, 0, 0, 0, 0, 1, 0, 0, 7, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 7, 0, 0, 3]),
		Uint8Array.from([1, 1, 6, 5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 7, 1, 0, 2, 0]),
		Uint8Array.from([1, 2, 1, 2, 3, 0, 0, 0, 0, 0, 0, 2, 0, 7, 9, 0, 1, 2, 8, 1, 2, 3, 4, 5, 6]),
	],
	open: () => {
		const houses = new Houses();
		return {
			feed(input) {
				const draw = new Choices(input);
				return houses.with(draw.pick<Size>(["roomy", "tight"]), (house) => conversation(house, draw));
			},
			close: () => houses.close(),
		};
	},
};

async function conversation(house: House, draw: Draw): Promise<string> {
	const visitors: Visitor[] = [];
	const gone: Visitor[] = [];
	for (let count = 1 + draw.below(3); count > 0; count--) visitors.push(await Visitor.open(house, draw.pick(WAYS)));
	try {
		for (let step = 0; step < STEPS_MAX && !draw.over; step++) {
			const at = draw.below(visitors.length);
			const visitor = visitors[at];
			if (visitor === undefined) continue;
			if (draw.onceIn(24) || visitor.over) {
				// Comes back by any door, knowing what it knew.
				const next = await Visitor.open(house, draw.pick(WAYS));
				for (const [room, cursor] of visitor.cursors) next.cursors.set(room, cursor);
				next.rooms.push(...visitor.rooms);
				next.tokens.push(...visitor.tokens);
				visitors[at] = next;
				gone.push(visitor);
				if (draw.byte() % 2 === 0) visitor.leave();
				else await visitor.finish();
				continue;
			}
			await act(house, visitor, draw);
		}
		for (const visitor of visitors) await visitor.settle();
		for (const visitor of visitors) await visitor.finish();
		return visitors.flatMap(({ way, heard }) => heard.map((code) => `${way} ${code}`)).join(",");
	} finally {
		for (const visitor of [...visitors, ...gone]) visitor.leave();
	}
}

async function act(house: House, visitor: Visitor, draw: Draw): Promise<void> {
	switch (draw.below(16)) {
		case 7:
		case 8:
			return visitor.settle();
		case 9:
			return visitor.sendUp(drawUp(draw));
		case 10:
		case 11:
			return visitor.sendBody(changed(visitor, draw));
		case 12:
			return visitor.sendBody(visitor.codec.name === "json" ? Buffer.from(draw.some(64)).toString() : draw.some(64).slice());
		case 13:
			return visitor.sendDamaged(good(visitor, draw), draw.u32());
		case 14:
			return oddity(house, visitor, draw);
		case 15:
			// The same id twice, or none.
			return visitor.sendUp(
				create(UpSchema, { id: draw.byte() % 4, trace: draw.pick(["", "trace", draw.text()]), command: command(visitor, draw) }),
			);
		default:
			visitor.say(command(visitor, draw));
	}
}

function oddity(house: House, visitor: Visitor, draw: Draw): void {
	const kind = draw.below(5);
	if (kind === 0) return visitor.stopReading();
	if (kind === 4) return house.overload(draw.below(LEVEL_MAX + 1));
	const bytes = draw.some(48).slice();
	if (kind === 1) return visitor.sendBytes(bytes);
	// Continuations, pings, closes and reserved opcodes; lengths that lie.
	const opcode = draw.pick([9, 10, 8, 0, 1, 2, 3, 15]);
	visitor.sendFrame(opcode, bytes, draw.onceIn(3) ? draw.number() : bytes.length);
}

/** A command as the body of a frame; of one that cannot be written, another. */
function good(visitor: Visitor, draw: Draw): Uint8Array | string {
	const id = 1 + draw.byte();
	try {
		return visitor.codec.encodeUp(create(UpSchema, { id, command: command(visitor, draw) }));
	} catch (error) {
		if (!(error instanceof EncodeError)) throw error;
		return visitor.codec.encodeUp(create(UpSchema, { id, command: { case: "rooms", value: {} } }));
	}
}

/** A good body with a few bytes of it changed, added or taken away. */
function changed(visitor: Visitor, draw: Draw): Uint8Array | string {
	const body = good(visitor, draw);
	let bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
	for (let times = 1 + draw.below(3); times > 0; times--) {
		const at = draw.below(bytes.length + 1);
		const cut = draw.below(4);
		bytes = Uint8Array.from([...bytes.subarray(0, at), ...draw.some(4), ...bytes.subarray(at + cut)]);
	}
	return typeof body === "string" ? new TextDecoder().decode(bytes) : bytes;
}

/** A command whose fields are good one by one: names that somebody may have, rooms that are there. */
function command(visitor: Visitor, draw: Draw): Command {
	switch (draw.below(16)) {
		case 0:
		case 1:
			return hello(visitor, draw);
		case 2:
		case 3:
			return { case: "join", value: { room: room(visitor, draw), create: draw.byte() % 2 === 0, history: draw.byte() } };
		case 4:
			return { case: "leave", value: { room: room(visitor, draw) } };
		case 5:
			return {
				case: "create",
				value: { name: draw.pick(["den", "tea", "nook", draw.text()]), kind: draw.below(4) as Room_Kind, history: 1 },
			};
		case 6:
			return { case: "rename", value: { room: room(visitor, draw), name: draw.pick(["den", "nook", draw.text()]) } };
		case 7:
			return { case: "invite", value: { room: room(visitor, draw), user: name(draw) } };
		case 8:
			return {
				case: "history",
				value: {
					room: room(visitor, draw),
					before: draw.pick([0, draw.number()]),
					after: draw.pick([0, draw.number()]),
					limit: draw.number(),
					first: draw.onceIn(4),
				},
			};
		case 9:
			return { case: "rooms", value: {} };
		case 10:
			return { case: "who", value: { room: room(visitor, draw) } };
		case 11:
			return { case: "typing", value: { room: room(visitor, draw) } };
		case 12:
			return { case: "ping", value: { nonce: draw.u32(), intervalMs: draw.number() } };
		case 13:
			return { case: "pong", value: { nonce: visitor.nonces.at(-1) ?? draw.byte() } };
		case 14:
			return { case: "refresh", value: { refreshToken: token(visitor, draw) } };
		default:
			return {
				case: "send",
				value: {
					room: room(visitor, draw),
					cid: draw.pick(["c1", "c2", `c${draw.byte()}`]),
					behind: draw.pick(["", "", "c1", "c2"]),
					text: draw.text(),
				},
			};
	}
}

function hello(visitor: Visitor, draw: Draw): Command {
	const cursors = [...visitor.cursors.values()].map((cursor) =>
		draw.byte() % 4 === 3 ? { ...cursor, epoch: draw.u32() } : { ...cursor, seq: draw.pick([cursor.seq, 0, draw.number()]) },
	);
	const password = draw.pick(["correct horse battery", "wrong horse battery", draw.text()]);
	const value = { client: "fuzz", cursors };
	switch (draw.below(6)) {
		case 0:
		case 1:
			return { case: "hello", value: { ...value, credential: { case: "guest", value: { name: name(draw) } } } };
		case 2:
			return { case: "hello", value: { ...value, credential: { case: "register", value: { name: name(draw), password } } } };
		case 3:
			return { case: "hello", value: { ...value, credential: { case: "login", value: { name: name(draw), password } } } };
		case 4:
			return { case: "hello", value: { ...value, credential: { case: "token", value: token(visitor, draw) } } };
		default:
			return { case: "hello", value: { ...value, credential: { case: "refresh", value: token(visitor, draw) } } };
	}
}

function name(draw: Draw): string {
	// Sooner or later each is taken by somebody.
	return draw.pick([`g${draw.u32()}`, "ann", "bob", "witness", "Ann", "аnn", draw.text()]);
}

function room(visitor: Visitor, draw: Draw): string {
	const learnt = visitor.rooms[draw.byte() % Math.max(1, visitor.rooms.length)];
	return draw.pick([
		WITNESSED_ROOM,
		learnt ?? "#den",
		"#den",
		"#nook",
		"@ann",
		"@bob",
		"r00000000000000000000000000",
		draw.text(),
	]);
}

function token(visitor: Visitor, draw: Draw): string {
	const learnt = visitor.tokens[draw.byte() % Math.max(1, visitor.tokens.length)] ?? "a.b.c";
	const parts = learnt.split(".");
	return draw.pick([learnt, parts.toReversed().join("."), `${parts[0]}.${parts[1]}.`, `${learnt}A`, draw.text()]);
}
