// Bad input by every transport of a real server. Each mistake is answered with the documented code, in words that say what to do; the
// connection goes on where the protocol says so; and two ordinary people in the same room notice nothing and lose nothing.
// Long, because it is one table: a mistake a row.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CLOSES, type CloseName, type Command, ERRORS, type ErrorCode, type Failure, Room_Kind } from "@verbatim/protocol";
import { Canary } from "../../src/e2e/canary.ts";
import { ROOMY } from "../../src/e2e/flags.ts";
import { OPCODE, webSocketFrame } from "../../src/e2e/framing.ts";
import { RawPeer } from "../../src/e2e/raw-peer.ts";
import { metric } from "../../src/e2e/server-usage.ts";
import { PROVIDER_FLAG, signedToken } from "../../src/e2e/tokens.ts";
import { WAYS, type Way, WirePeer } from "../../src/e2e/wire-peer.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const FRAME_MS = 2_000;
/** Above the patience of every single step. */
const TEST_MS = 60_000;
const PASSWORD = "correct horse battery";

let server: ServerProcess;
let canary: Canary;
/** Whose name is taken, and who owns a private room. */
let owner: WirePeer;
let hiddenRoom = "";
let guests = 0;

beforeAll(async () => {
	server = await ServerProcess.prepare({ flags: [...ROOMY, PROVIDER_FLAG, `--timing.frameMs=${FRAME_MS}`] });
	await server.start();
	canary = await Canary.begin(server);
	owner = await WirePeer.open(server, "tcp/proto");
	await welcomed(owner, { case: "register", value: { name: "owner", password: PASSWORD } });
	const made = await owner.ask({ case: "create", value: { name: "hidden", kind: Room_Kind.PRIVATE, history: 0 } });
	if (made.case === "joined") hiddenRoom = made.value.room?.id ?? "";
	await owner.ask({ case: "send", value: { room: hiddenRoom, cid: "secret-1", text: "for nobody else" } });
	const open = await owner.ask({ case: "create", value: { name: "open", kind: Room_Kind.PUBLIC, history: 0 } });
	expect(open.case).toBe("joined");
}, TEST_MS);

afterAll(async () => {
	const verdict = await canary.verdict();
	const { anomalies } = canary;
	const faults = await metric(server, "verbatim_faults_total");
	const { printed } = server;
	owner.close();
	await canary.end();
	await server.remove();
	expect(verdict).toMatchObject({ ok: true, violations: [] });
	expect(anomalies).toEqual([]);
	expect(faults).toBe(0);
	expect(printed).not.toContain("unexpected");
}, TEST_MS);

type Credential = NonNullable<Extract<Command, { case: "hello" }>["value"]["credential"]>;

/** `id`: the command's id, above those that a peer counts. */
interface Mistake {
	readonly what: string;
	readonly ways: readonly Way[];
	/** As whom; default: a guest who is in the room. "nobody": before any hello. */
	readonly as?: "nobody";
	readonly does: (peer: WirePeer) => void;
	readonly code: ErrorCode;
	readonly words: RegExp;
	/** Default: `ID`, that of the command; 0 where not even that could be read. */
	readonly id?: number;
}

const ID = 7_000_001;

const command = (value: Command) => (peer: WirePeer) => peer.say(value, ID);
const hello = (credential: Credential) => command({ case: "hello", value: { credential, client: "test" } });
const body = (bytes: number[] | string) => (peer: WirePeer) =>
	peer.sendBody(typeof bytes !== "string" ? Uint8Array.from(bytes) : bytes);
const send = (room: string, text: string): Command => ({ case: "send", value: { room, cid: `bad-${++guests}`, text } });
/** `id: ID` in Protobuf. */
const ID_FIELD = [0x08, ...varint(ID)];
const TCP: readonly Way[] = ["tcp/proto", "tcp/json"];
const PROTO: readonly Way[] = ["tcp/proto", "ws/proto"];
const JSON_WAYS: readonly Way[] = ["tcp/json", "ws/json"];
const JWT = { case: "token" } as const;

/** After each of these the connection goes on. */
const MISTAKES: readonly Mistake[] = [
	{
		what: "an unknown command",
		ways: PROTO,
		does: body([...ID_FIELD, 0x8a, 0x03, 0]),
		code: "unknown_command",
		words: /no command/,
	},
	{
		what: "an unknown command",
		ways: JSON_WAYS,
		does: body(`{"id":${ID},"dance":{}}`),
		code: "unknown_command",
		words: /no command "dance"/,
	},
	{ what: "bytes that are no message", ways: PROTO, does: body([...ID_FIELD, 0xff, 0xff]), code: "malformed", words: /./ },
	{ what: "what is no JSON", ways: JSON_WAYS, does: body(`{"id":${ID},`), code: "malformed", words: /not JSON/, id: 0 },
	{
		what: "a field of the wrong kind",
		ways: JSON_WAYS,
		does: body(`{"id":${ID},"send":{"room":5}}`),
		code: "malformed",
		words: /room/,
	},
	{
		what: "an unknown field",
		ways: JSON_WAYS,
		does: body(`{"id":${ID},"send":{"room":"#tea","__proto__":1}}`),
		code: "malformed",
		words: /__proto__/,
	},
	{ what: "a message without a command", ways: JSON_WAYS, does: body(`{"id":${ID}}`), code: "malformed", words: /no command/ },
	{ what: "text where bytes are spoken", ways: ["ws/proto"], does: body("hello"), code: "malformed", words: /binary/, id: 0 },
	{
		what: "a text that is no UTF-8",
		ways: PROTO,
		// send (20) with text (3) of one byte.
		does: body([...ID_FIELD, 0xa2, 0x01, 3, 0x1a, 1, 0xff]),
		code: "bad_utf8",
		words: /UTF-8/,
	},
	{
		what: "a text with half a character",
		ways: JSON_WAYS,
		does: body(`{"id":${ID},"send":{"room":"#tea","cid":"half","text":"\\ud800"}}`),
		code: "bad_utf8",
		words: /surrogate/,
	},
	{
		what: "bytes that are no UTF-8",
		ways: ["tcp/json"],
		does: body([0x22, 0xff, 0x22]),
		code: "bad_utf8",
		words: /UTF-8/,
		id: 0,
	},
	{
		what: "a text that is too long",
		ways: WAYS,
		does: command(send("#tea", "x".repeat(8_193))),
		code: "too_large",
		words: /8192 bytes/,
	},
	{ what: "an empty text", ways: WAYS, does: command(send("#tea", "")), code: "invalid", words: /empty/ },
	{
		what: "a second hello",
		ways: WAYS,
		does: hello({ case: "guest", value: { name: "other" } }),
		code: "out_of_place",
		words: /hello/,
	},
	{
		what: "a room that is not there",
		ways: WAYS,
		does: command(send("#nowhere", "hi")),
		code: "no_such_room",
		words: /no such room/,
	},
	{
		what: "a room of a name that is taken",
		ways: WAYS,
		does: command({ case: "create", value: { name: "Tea", kind: Room_Kind.PUBLIC, history: 0 } }),
		code: "room_taken",
		words: /choose another/,
	},
	{
		what: "speaking in a room that one is not in",
		ways: WAYS,
		does: command(send("#open", "hi")),
		code: "not_member",
		words: /join/,
	},
	{
		what: "a command before hello",
		ways: WAYS,
		as: "nobody",
		does: command({ case: "rooms", value: {} }),
		code: "out_of_place",
		words: /say hello first/,
	},
	{
		what: "a name that is taken",
		ways: WAYS,
		as: "nobody",
		does: hello({ case: "guest", value: { name: "owner" } }),
		code: "name_taken",
		words: /choose another/,
	},
	{
		what: "a name that looks like one that is taken",
		ways: ["tcp/proto"],
		as: "nobody",
		does: hello({ case: "guest", value: { name: "0wner" } }),
		code: "name_taken",
		words: /looks like/,
	},
	{
		what: "a name that is none",
		ways: WAYS,
		as: "nobody",
		does: hello({ case: "guest", value: { name: "a\u202eb" } }),
		code: "name_invalid",
		words: /name/,
	},
	{
		what: "a wrong password",
		ways: WAYS,
		as: "nobody",
		does: hello({ case: "login", value: { name: "owner", password: "guessed, and wrong" } }),
		code: "credentials_wrong",
		words: /name or password/,
	},
	{
		what: "a password that is too short",
		ways: ["ws/json"],
		as: "nobody",
		does: hello({ case: "register", value: { name: "newcomer", password: "short" } }),
		code: "password_weak",
		words: /8 to 256/,
	},
	{
		what: "a token that has expired",
		ways: WAYS,
		as: "nobody",
		does: (peer) => hello({ ...JWT, value: signedToken("late", { livesMs: -60_000 }) })(peer),
		code: "token_expired",
		words: /log in again/,
	},
	{
		what: "a token that somebody else has signed",
		ways: WAYS,
		as: "nobody",
		does: (peer) => hello({ ...JWT, value: signedToken("mallory", { secret: "not the secret that was agreed upon" }) })(peer),
		code: "token_invalid",
		words: /log in again/,
	},
	{
		what: "a token that nobody has signed",
		ways: ["tcp/proto", "ws/json"],
		as: "nobody",
		does: (peer) => hello({ ...JWT, value: signedToken("mallory", { algorithm: "none" }) })(peer),
		code: "token_invalid",
		words: /log in again/,
	},
	{
		what: "a token that is none",
		ways: ["tcp/json", "ws/proto"],
		as: "nobody",
		does: hello({ ...JWT, value: "let.me.in" }),
		code: "token_invalid",
		words: /log in again/,
	},
];

describe("a mistake is named, the connection goes on, and the others notice nothing:", () => {
	for (const { what, ways, as, does, code, words, id = ID } of MISTAKES) {
		for (const way of ways) {
			test(
				`${what}, ${way}: ${code}`,
				async () => {
					const peer = as === "nobody" ? await WirePeer.open(server, way) : await guestInTea(way);
					try {
						does(peer);
						const failure = await failureOf(peer, id);
						expect(failure.code).toBe(code);
						expect(failure.message).toMatch(words);
						expect(failure.retry).toBe(ERRORS[code].retry);
						if (as === "nobody") await becomeGuest(peer);
						expect(await peer.ask(send("#tea", `after ${what}, ${way}`))).toMatchObject({ case: "sent" });
						await canary.play(1);
					} finally {
						peer.close();
					}
				},
				TEST_MS,
			);
		}
	}

	test(
		"a room that one may not see is the same as none, whatever is asked of it",
		async () => {
			const peer = await guestInTea("ws/proto");
			try {
				const asks = (room: string): Command[] => [
					{ case: "join", value: { room, create: false, history: 0 } },
					{ case: "history", value: { room, before: 0, after: 0, limit: 10 } },
					{ case: "who", value: { room } },
					send(room, "let me in"),
					{ case: "leave", value: { room } },
					{ case: "rename", value: { room, name: "mine" } },
					{ case: "invite", value: { room, user: "owner" } },
				];
				for (const [room, none] of [
					["#hidden", "#nowhere"],
					[hiddenRoom, `r${"0".repeat(26)}`],
				] as const) {
					const hidden = await Promise.all(asks(room).map((one) => peer.ask(one)));
					const absent = await Promise.all(asks(none).map((one) => peer.ask(one)));
					for (const [i, answer] of hidden.entries()) {
						expect(answer).toMatchObject({ case: "failure", value: { code: "no_such_room" } });
						expect(answer).toEqual(absent[i] as typeof answer);
					}
				}
				const rooms = await peer.ask({ case: "rooms", value: {} });
				expect(JSON.stringify(rooms)).not.toContain("hidden");
				await canary.play(1);
			} finally {
				peer.close();
			}
		},
		TEST_MS,
	);

	test(
		"a frame whose check fails is dropped and counted; sent again, it is written once",
		async () => {
			for (const way of TCP) {
				const peer = await guestInTea(way);
				try {
					const before = await metric(server, "verbatim_frames_damaged_total");
					const up = peer.bodyOf(send("#tea", `damaged on its way, ${way}`), ID);
					const damaged = peer.frameOf(up);
					const last = damaged.length - 5;
					damaged[last] = (damaged[last] ?? 0) ^ 0x01;
					peer.sendBytes(damaged);
					peer.sendBody(up);
					const sent = await peer.until((down) => down.id === ID, "the answer to what was sent again");
					expect(sent.body).toMatchObject({ case: "sent", value: { repeated: false } });
					peer.sendBody(up);
					const again = await peer.until((down) => down.id === ID && down !== sent, "the answer to the repetition");
					expect(again.body).toMatchObject({ case: "sent", value: { ...sent.body.value, repeated: true } });
					expect(await metric(server, "verbatim_frames_damaged_total")).toBe(before + 1);
					await canary.play(1);
				} finally {
					peer.close();
				}
			}
		},
		TEST_MS,
	);
});

interface Break {
	readonly what: string;
	readonly ways: readonly Way[];
	readonly check?: "none" | "crc32c";
	readonly does: (peer: WirePeer) => void;
	/** The close of the table, or the code of RFC 6455 where the WebSocket itself could not be read. */
	readonly close: CloseName | 1002 | 1007 | 1009;
	readonly words?: RegExp;
}

/** These end the connection: nobody could tell where the next message begins. */
const BREAKS: readonly Break[] = [
	{
		what: "a frame longer than the limit",
		ways: TCP,
		check: "none",
		does: head(65_537),
		close: "too_large",
		words: /limit is 65536/,
	},
	{
		what: "a length that cannot be",
		ways: TCP,
		check: "none",
		does: head(0xffff_ffff),
		close: "too_large",
		words: /limit is 65536/,
	},
	{ what: "a length that was damaged", ways: TCP, does: (peer) => flip(peer, 1), close: "damaged", words: /length of a frame/ },
	{
		what: "a length that lies: more is announced than comes",
		ways: TCP,
		check: "none",
		does: (peer) => peer.sendBytes(Uint8Array.from([0, 0, 0, 100, 1, 2, 3])),
		close: "late",
		words: /not whole after 2 s/,
	},
	{
		what: "a message longer than the limit",
		ways: ["ws/proto"],
		does: (peer) => peer.sendBytes(webSocketFrame(OPCODE.binary, new Uint8Array(65_537))),
		close: 1009,
	},
	{
		what: "a length that lies",
		ways: ["ws/json"],
		does: (peer) => peer.sendBytes(webSocketFrame(OPCODE.text, new Uint8Array(3), 2 ** 40)),
		close: 1009,
	},
	{
		what: "text that is no UTF-8",
		ways: ["ws/json"],
		does: (peer) => peer.sendBytes(webSocketFrame(OPCODE.text, Uint8Array.from([0x22, 0xff, 0x22]))),
		close: 1007,
	},
];

describe("what cannot be read any further ends its connection only, with the reason:", () => {
	for (const { what, ways, check, does, close, words } of BREAKS) {
		for (const way of ways) {
			test(
				`${what}, ${way}: ${close}`,
				async () => {
					const peer = await guestInTea(way, check);
					try {
						does(peer);
						await canary.play(1);
						const end = await peer.end();
						if (typeof close === "number") {
							expect(end.webSocketCode).toBe(close);
						} else {
							expect(end.close).toMatchObject({ code: CLOSES[close].code, reconnect: CLOSES[close].reconnect });
							expect(end.close?.reason).toMatch(words ?? /./);
						}
					} finally {
						peer.close();
					}
				},
				TEST_MS,
			);
		}
	}

	for (const [preface, code, words] of [
		["VERBATIM/2\n", "unsupported", /no version "2".*spoken here: VERBATIM\/1/],
		["VERBATIM/1 codec=xml\n", "unsupported", /no codec "xml".*codec=proto\|json/],
		["VERBATIM/1 nonsense\n", "protocol", /not key=value/],
		[`VERBATIM/1 ${"x".repeat(400)}\n`, "too_large", /longer than 256 bytes/],
	] as const) {
		test(
			`the preface ${JSON.stringify(preface.slice(0, 24))}: ${code}`,
			async () => {
				const peer = await RawPeer.open(server.tcpPort);
				try {
					peer.write(preface);
					const answer = await peer.toEnd();
					expect(answer).toStartWith(`VERBATIM/1 error ${code} `);
					expect(answer).toMatch(words);
					await canary.play(1);
				} finally {
					peer.close();
				}
			},
			TEST_MS,
		);
	}

	test(
		"a token that expires while its session lives: expired, and worth coming back with a fresh one",
		async () => {
			const peer = await WirePeer.open(server, "ws/json");
			try {
				await welcomed(peer, { case: "token", value: signedToken("brief", { livesMs: 1_500 }) });
				expect((await peer.end()).close).toMatchObject({ code: CLOSES.expired.code, reconnect: true });
				const again = await WirePeer.open(server, "ws/json");
				await welcomed(again, { case: "token", value: signedToken("brief") });
				again.close();
				await canary.play(1);
			} finally {
				peer.close();
			}
		},
		TEST_MS,
	);
});

describe("line mode names a mistake and goes on:", () => {
	for (const [what, said, answer] of [
		["an unknown command", "/dance", /^! unknown_command there is no \/dance; \/help lists all/],
		["a command without what it needs", "/msg", /^! invalid write \/msg NAME TEXT/],
		["a line that is too long", "x".repeat(9_217), /^! too_large a line has at most 9216 bytes/],
		["a text that is too long", "x".repeat(8_193), /^! too_large text is longer than 8192 bytes/],
		["a line that is no UTF-8", Uint8Array.from([0x68, 0xc3, 0x28]), /^! bad_utf8 a line must be UTF-8/],
		["a name that is taken", "/nick owner", /^! name_taken .*choose another/],
		["a wrong password", "/login owner guessed-and-wrong", /^! credentials_wrong name or password is wrong/],
		["a password that is too short", "/register newcomer short", /^! password_weak a password has 8 to 256/],
		[
			"a name that a private channel has",
			"/join hidden",
			/^! room_taken a room with this name, or one that looks like it, exists; choose another/,
		],
		["a name that is none", "/nick a..b", /^! name_invalid /],
		["somebody who is not there", "/msg nobody hi", /^! no_such_user there is no such user/],
	] as const) {
		test(
			what,
			async () => {
				const peer = await RawPeer.open(server.tcpPort);
				try {
					const name = `liner-${++guests}`;
					peer.write(`/nick ${name}\n/join tea\n`);
					await peer.line(/^- you are in #tea/);
					peer.write(said);
					peer.write("\n");
					expect(await peer.line(/^! /)).toMatch(answer);
					peer.write(`after ${what}\n`);
					await peer.line(new RegExp(`^#tea \\d+ <${name}> after ${what}$`));
					await canary.play(1);
				} finally {
					peer.close();
				}
			},
			TEST_MS,
		);
	}

	test(
		"nothing but a name is for the nameless",
		async () => {
			const peer = await RawPeer.open(server.tcpPort);
			try {
				peer.write("hello?\n");
				expect(await peer.line(/^! /)).toMatch(/^! unauthenticated choose a name first: \/nick NAME/);
				await canary.play(1);
			} finally {
				peer.close();
			}
		},
		TEST_MS,
	);
});

interface BadRequest {
	readonly what: string;
	readonly path: string;
	readonly init: RequestInit & { readonly token?: "mine" | string };
	readonly status: number;
	readonly code: ErrorCode;
	readonly words: RegExp;
}

const post = (body: BodyInit, token?: "mine" | string) => ({ method: "POST", body, ...(token === undefined ? {} : { token }) });

const REQUESTS: readonly BadRequest[] = [
	{
		what: "an unknown path",
		path: "/api/v1/dance",
		init: post("{}"),
		status: 404,
		code: "unknown_command",
		words: /no such path/,
	},
	{
		what: "another method",
		path: "/api/v1/rooms",
		init: { method: "DELETE" },
		status: 405,
		code: "unknown_command",
		words: /GET, POST/,
	},
	{ what: "a body that is no JSON", path: "/api/v1/guest", init: post("{"), status: 400, code: "malformed", words: /JSON/ },
	{
		what: "a body that is no UTF-8",
		path: "/api/v1/guest",
		init: post(Uint8Array.from([0x22, 0xff, 0x22])),
		status: 400,
		code: "bad_utf8",
		words: /UTF-8/,
	},
	{
		what: "a body that is too long",
		path: "/api/v1/guest",
		init: post(JSON.stringify({ name: "x".repeat(70_000) })),
		status: 413,
		code: "too_large",
		words: /65536 bytes/,
	},
	{
		what: "a field too many",
		path: "/api/v1/guest",
		init: post('{"name":"a","b":1}'),
		status: 400,
		code: "malformed",
		words: /no field "b"/,
	},
	{ what: "no token", path: "/api/v1/rooms", init: {}, status: 401, code: "unauthenticated", words: /Authorization: Bearer/ },
	{
		what: "a token that has expired",
		path: "/api/v1/rooms",
		init: { token: signedToken("late", { livesMs: -60_000 }) },
		status: 401,
		code: "token_expired",
		words: /log in again/,
	},
	{
		what: "a token that somebody else has signed",
		path: "/api/v1/rooms",
		init: { token: signedToken("mallory", { secret: "not the secret that was agreed upon" }) },
		status: 401,
		code: "token_invalid",
		words: /log in again/,
	},
	{
		what: "a name that is taken",
		path: "/api/v1/guest",
		init: post('{"name":"owner"}'),
		status: 409,
		code: "name_taken",
		words: /choose another/,
	},
	{
		what: "a wrong password",
		path: "/api/v1/login",
		init: post('{"name":"owner","password":"guessed, and wrong"}'),
		status: 401,
		code: "credentials_wrong",
		words: /name or password/,
	},
	{
		what: "a room that one may not see",
		path: "/api/v1/rooms/%23hidden/entries",
		init: { token: "mine" },
		status: 404,
		code: "no_such_room",
		words: /no such room/,
	},
	{
		what: "speaking in a room that one may not see",
		path: "/api/v1/rooms/%23hidden/messages",
		init: post('{"text":"hi"}', "mine"),
		status: 404,
		code: "no_such_room",
		words: /no such room/,
	},
	{
		what: "a text that is too long",
		path: "/api/v1/rooms/%23tea/messages",
		init: post(JSON.stringify({ text: "x".repeat(8_193) }), "mine"),
		status: 413,
		code: "too_large",
		words: /8192 bytes/,
	},
	{
		what: "a number that is none",
		path: "/api/v1/rooms/%23tea/entries?limit=all",
		init: { token: "mine" },
		status: 400,
		code: "malformed",
		words: /limit must be a whole number/,
	},
];

describe("the HTTP API names a mistake in the common shape:", () => {
	for (const { what, path, init, status, code, words } of REQUESTS) {
		test(
			`${what}: ${status} ${code}`,
			async () => {
				const { token, ...request } = init;
				const bearer = token === "mine" ? await accessToken() : token;
				const answer = await fetch(`${server.http}${path}`, {
					...request,
					...(bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } }),
				});
				expect(answer.status).toBe(status);
				const json = (await answer.json()) as { code: string; message: string; data: { retry: boolean } };
				expect(json).toMatchObject({ code, data: { retry: ERRORS[code].retry } });
				expect(json.message).toMatch(words);
				await canary.play(1);
			},
			TEST_MS,
		);
	}
});

// ------------------------------------------------------------ helpers

async function guestInTea(way: Way, check?: "none" | "crc32c"): Promise<WirePeer> {
	const peer = await WirePeer.open(server, way, check);
	await becomeGuest(peer);
	return peer;
}

async function becomeGuest(peer: WirePeer): Promise<void> {
	await welcomed(peer, { case: "guest", value: { name: `guest-${++guests}` } });
	expect(await peer.ask({ case: "join", value: { room: "#tea", create: false, history: 1 } })).toMatchObject({ case: "joined" });
}

async function welcomed(peer: WirePeer, credential: Credential): Promise<void> {
	expect(await peer.ask({ case: "hello", value: { credential, client: "test" } })).toMatchObject({ case: "welcome" });
}

async function failureOf(peer: WirePeer, id: number): Promise<Failure> {
	const { body } = await peer.until((down) => down.id === id && down.body.case === "failure", "a failure");
	if (body.case !== "failure") throw new Error("not a failure");
	return body.value;
}

let access: Promise<string> | undefined;

/** Of a guest of the API who is in the room. */
function accessToken(): Promise<string> {
	access ??= (async () => {
		const asked = await fetch(`${server.http}/api/v1/guest`, { method: "POST", body: '{"name":"scripted"}' });
		const { data } = (await asked.json()) as { data: { tokens: { access: string } } };
		const headers = { authorization: `Bearer ${data.tokens.access}` };
		const joined = await fetch(`${server.http}/api/v1/rooms/%23tea/join`, { method: "POST", body: "{}", headers });
		expect(joined.status).toBe(200);
		return data.tokens.access;
	})();
	return access;
}

/** The head of a frame without a check, and some of its body. */
function head(length: number): (peer: WirePeer) => void {
	return (peer) => {
		const bytes = Buffer.alloc(64);
		bytes.writeUInt32BE(length);
		peer.sendBytes(bytes);
	};
}

/** A sound frame, but for one bit of the byte at `at`. */
function flip(peer: WirePeer, at: number): void {
	const frame = peer.frameOf(peer.bodyOf(send("#tea", "never arrives"), ID));
	frame[at] = (frame[at] ?? 0) ^ 0x40;
	peer.sendBytes(frame);
}

function varint(value: number): number[] {
	return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
