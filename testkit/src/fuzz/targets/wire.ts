// Conversations over framed TCP and WebSocket with a whole server. An input is a script of one to three clients, each with its own
// transport: valid commands in any state, any message of the schema, mutated messages, arbitrary and damaged frames, unframed bytes,
// waiting, reconnecting with cursors.

import { type Command, create, EncodeError, type Room_Kind, UpSchema } from "@verbatim/protocol";
import { LEVEL_MAX } from "@verbatim/server/testing";
import { Choices } from "../choices.ts";
import { FuzzClient, WAYS } from "../fuzz-client.ts";
import { generateUp, jsonNames } from "../generate-message.ts";
import { type ServerFixture, ServerFixtures, type Size, WITNESS_ROOM } from "../server-fixture.ts";
import type { Target } from "../target.ts";

const STEPS_MAX = 60;

export const wire: Target = {
	name: "wire",
	feeds: "a whole server by its framed TCP listener and its WebSocket: scripts of up to three visitors, in every state",
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
		// A guest connects, joins, sends, reads and leaves.
		Uint8Array.from([0, 0, 0, 0, 0, 0, 1, 0, 0, 7, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 7, 0, 0, 3]),
		Uint8Array.from([1, 1, 6, 5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 7, 1, 0, 2, 0]),
		Uint8Array.from([1, 2, 1, 2, 3, 0, 0, 0, 0, 0, 0, 2, 0, 7, 9, 0, 1, 2, 8, 1, 2, 3, 4, 5, 6]),
	],
	open: () => {
		const servers = new ServerFixtures();
		return {
			feed(input) {
				const choices = new Choices(input);
				return servers.with(choices.pick<Size>(["roomy", "tight"]), (server) => conversation(server, choices));
			},
			close: () => servers.close(),
		};
	},
};

async function conversation(server: ServerFixture, choices: Choices): Promise<string> {
	const clients: FuzzClient[] = [];
	const gone: FuzzClient[] = [];
	for (let count = 1 + choices.below(3); count > 0; count--) clients.push(await FuzzClient.open(server, choices.pick(WAYS)));
	try {
		for (let step = 0; step < STEPS_MAX && !choices.over; step++) {
			const at = choices.below(clients.length);
			const client = clients[at];
			if (client === undefined) continue;
			if (choices.onceIn(24) || client.over) {
				// Reconnects by any transport, with its rooms, tokens and cursors.
				const next = await FuzzClient.open(server, choices.pick(WAYS));
				for (const [room, cursor] of client.cursors) next.cursors.set(room, cursor);
				next.rooms.push(...client.rooms);
				next.tokens.push(...client.tokens);
				clients[at] = next;
				gone.push(client);
				if (choices.byte() % 2 === 0) client.leave();
				else await client.finish();
				continue;
			}
			await act(server, client, choices);
		}
		for (const client of clients) await client.settle();
		for (const client of clients) await client.finish();
		return clients.flatMap(({ way, receivedCodes }) => receivedCodes.map((code) => `${way} ${code}`)).join(",");
	} finally {
		for (const client of [...clients, ...gone]) client.leave();
	}
}

async function act(server: ServerFixture, client: FuzzClient, choices: Choices): Promise<void> {
	switch (choices.below(16)) {
		case 7:
		case 8:
			return client.settle();
		case 9:
			return client.sendUp(generateUp(choices));
		case 10:
		case 11:
			return client.sendBody(changed(client, choices));
		case 12:
			return client.sendBody(client.codec.name === "json" ? Buffer.from(choices.some(64)).toString() : choices.some(64).slice());
		case 13:
			return client.sendDamaged(good(client, choices), choices.u32());
		case 14:
			return oddity(server, client, choices);
		case 15:
			// The same id twice, or none.
			return client.sendUp(
				create(UpSchema, {
					id: choices.byte() % 4,
					trace: choices.pick(["", "trace", choices.text()]),
					command: command(client, choices),
				}),
			);
		default:
			client.say(command(client, choices));
	}
}

function oddity(server: ServerFixture, client: FuzzClient, choices: Choices): void {
	const kind = choices.below(5);
	if (kind === 0) return client.stopReading();
	if (kind === 4) return server.overload(choices.below(LEVEL_MAX + 1));
	const bytes = choices.some(48).slice();
	if (kind === 1) return client.sendBytes(bytes);
	// Continuations, pings, closes and reserved opcodes; wrong lengths.
	const opcode = choices.pick([9, 10, 8, 0, 1, 2, 3, 15]);
	client.sendFrame(opcode, bytes, choices.onceIn(3) ? choices.number() : bytes.length);
}

/** A command as the body of a frame; if it cannot be encoded, another one. */
function good(client: FuzzClient, choices: Choices): Uint8Array | string {
	const id = 1 + choices.byte();
	try {
		return client.codec.encodeUp(create(UpSchema, { id, command: command(client, choices) }));
	} catch (error) {
		if (!(error instanceof EncodeError)) throw error;
		return client.codec.encodeUp(create(UpSchema, { id, command: { case: "rooms", value: {} } }));
	}
}

/** A valid body with a few bytes changed, added or removed. */
function changed(client: FuzzClient, choices: Choices): Uint8Array | string {
	const body = good(client, choices);
	let bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
	for (let times = 1 + choices.below(3); times > 0; times--) {
		const at = choices.below(bytes.length + 1);
		const cut = choices.below(4);
		bytes = Uint8Array.from([...bytes.subarray(0, at), ...choices.some(4), ...bytes.subarray(at + cut)]);
	}
	return typeof body === "string" ? new TextDecoder().decode(bytes) : bytes;
}

/** A command whose fields are valid one by one: legal names, existing rooms. */
function command(client: FuzzClient, choices: Choices): Command {
	switch (choices.below(16)) {
		case 0:
		case 1:
			return hello(client, choices);
		case 2:
		case 3:
			return { case: "join", value: { room: room(client, choices), create: choices.byte() % 2 === 0, history: choices.byte() } };
		case 4:
			return { case: "leave", value: { room: room(client, choices) } };
		case 5:
			return {
				case: "create",
				value: { name: choices.pick(["den", "tea", "nook", choices.text()]), kind: choices.below(4) as Room_Kind, history: 1 },
			};
		case 6:
			return { case: "rename", value: { room: room(client, choices), name: choices.pick(["den", "nook", choices.text()]) } };
		case 7:
			return { case: "invite", value: { room: room(client, choices), user: name(choices) } };
		case 8:
			return {
				case: "history",
				value: {
					room: room(client, choices),
					before: choices.pick([0, choices.number()]),
					after: choices.pick([0, choices.number()]),
					limit: choices.number(),
					first: choices.onceIn(4),
				},
			};
		case 9:
			return { case: "rooms", value: {} };
		case 10:
			return { case: "who", value: { room: room(client, choices) } };
		case 11:
			return { case: "typing", value: { room: room(client, choices) } };
		case 12:
			return { case: "ping", value: { nonce: choices.u32(), intervalMs: choices.number() } };
		case 13:
			return { case: "pong", value: { nonce: client.nonces.at(-1) ?? choices.byte() } };
		case 14:
			return { case: "refresh", value: { refreshToken: token(client, choices) } };
		default:
			return {
				case: "send",
				value: {
					room: room(client, choices),
					cid: choices.pick(["c1", "c2", `c${choices.byte()}`]),
					behind: choices.pick(["", "", "c1", "c2"]),
					text: choices.text(),
				},
			};
	}
}

function hello(client: FuzzClient, choices: Choices): Command {
	const cursors = [...client.cursors.values()].map((cursor) =>
		choices.byte() % 4 === 3
			? { ...cursor, epoch: choices.u32() }
			: { ...cursor, seq: choices.pick([cursor.seq, 0, choices.number()]) },
	);
	const password = choices.pick(["correct horse battery", "wrong horse battery", choices.text()]);
	const value = { client: "fuzz", cursors };
	switch (choices.below(6)) {
		case 0:
		case 1:
			return { case: "hello", value: { ...value, credential: { case: "guest", value: { name: name(choices) } } } };
		case 2:
			return { case: "hello", value: { ...value, credential: { case: "register", value: { name: name(choices), password } } } };
		case 3:
			return { case: "hello", value: { ...value, credential: { case: "login", value: { name: name(choices), password } } } };
		case 4:
			return { case: "hello", value: { ...value, credential: { case: "token", value: token(client, choices) } } };
		default:
			return { case: "hello", value: { ...value, credential: { case: "refresh", value: token(client, choices) } } };
	}
}

function name(choices: Choices): string {
	// Few names, so that they collide.
	return choices.pick([`g${choices.u32()}`, "ann", "bob", "witness", "Ann", "аnn", choices.text()]);
}

function room(client: FuzzClient, choices: Choices): string {
	const learnt = client.rooms[choices.byte() % Math.max(1, client.rooms.length)];
	return choices.pick([
		WITNESS_ROOM,
		learnt ?? "#den",
		"#den",
		"#nook",
		"@ann",
		"@bob",
		"r00000000000000000000000000",
		choices.text(),
	]);
}

function token(client: FuzzClient, choices: Choices): string {
	const learnt = client.tokens[choices.byte() % Math.max(1, client.tokens.length)] ?? "a.b.c";
	const parts = learnt.split(".");
	return choices.pick([learnt, parts.toReversed().join("."), `${parts[0]}.${parts[1]}.`, `${learnt}A`, choices.text()]);
}
