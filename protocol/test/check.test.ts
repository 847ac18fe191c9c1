import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	type Command,
	checkUp,
	create,
	ERRORS,
	type ErrorCode,
	LIMITS,
	Room_Kind,
	roomsInHelloMax,
	type Up,
	UpSchema,
} from "../src/mod.ts";
import { anyUp } from "./codec/arbitrary.ts";

const SEND = { room: "#tea", cid: "c1", text: "hello" };
const TEXT_BYTES_MAX = LIMITS.textBytesMax;

const GOOD: readonly Command[] = [
	{ case: "hello", value: { credential: { case: "token", value: "abc" } } },
	{ case: "hello", value: { credential: { case: "token", value: "a".repeat(LIMITS.tokenBytesMax) }, client: "nc/1" } },
	{ case: "hello", value: { credential: { case: "refresh", value: "abc" } } },
	{ case: "hello", value: { credential: { case: "guest", value: { name: "ann" } }, cursors: cursors(roomsInHelloMax(LIMITS)) } },
	hello({ case: "guest", value: { name: "ann", key: "-_Az09".padEnd(22, "k") } }),
	hello({ case: "guest", value: { name: "ann", key: "k".repeat(64) } }),
	{ case: "hello", value: { credential: { case: "login", value: { name: "ann", password: "" } } } },
	{ case: "hello", value: { credential: { case: "register", value: { name: "ann", password: "\u{1f375}".repeat(256) } } } },
	{ case: "refresh", value: { refreshToken: "abc" } },
	{ case: "send", value: SEND },
	{ case: "send", value: { ...SEND, room: "@ann", cid: "~".repeat(64), behind: "!".repeat(64) } },
	{ case: "send", value: { ...SEND, text: "a".repeat(TEXT_BYTES_MAX) } },
	{ case: "send", value: { ...SEND, text: "\u{1f375}".repeat(TEXT_BYTES_MAX / 4) } },
	{ case: "send", value: { ...SEND, text: `${"€".repeat((TEXT_BYTES_MAX - 2) / 3)}é` } },
	{ case: "send", value: { ...SEND, text: " \n\u001b[31m\ufeff" } },
	{ case: "who", value: { room: `#${"e\u0323\u0302".repeat(LIMITS.nameCharsMax)}` } },
	{ case: "join", value: { room: "#tea", create: true, history: LIMITS.historyEntriesMax + 1 } },
	{ case: "leave", value: { room: "r01" } },
	{ case: "create", value: { name: "tea", kind: Room_Kind.PRIVATE } },
	{ case: "create", value: { name: "tea" } },
	{ case: "rename", value: { room: "#tea", name: "coffee" } },
	{ case: "invite", value: { room: "#tea", user: "ann" } },
	{ case: "history", value: { room: "#tea", before: 5, limit: LIMITS.historyEntriesMax + 1 } },
	{ case: "history", value: { room: "#tea", after: 5 } },
	{ case: "rooms", value: {} },
	{ case: "rooms", value: { after: "tea", limit: 9_999 } },
	{ case: "who", value: { room: "r1", after: "u01", limit: 9_999, users: users(LIMITS.presenceUsersMax) } },
	{ case: "who", value: { room: "#tea" } },
	{ case: "typing", value: { room: "#tea" } },
	{ case: "ping", value: {} },
	{ case: "pong", value: {} },
];

test.each(GOOD.map((command) => [short(command), command] as const))("%s is taken", (_, command) => {
	expect(checkUp(create(UpSchema, { id: 1, command }), LIMITS)).toBeUndefined();
});

describe("what is beyond a limit is refused by name", () => {
	test.each<[ErrorCode, string, Command]>([
		["unauthenticated", "token, guest, login or register", { case: "hello", value: {} }],
		["invalid", "token is empty", hello({ case: "token", value: "" })],
		["too_large", "token is longer", hello({ case: "token", value: "a".repeat(LIMITS.tokenBytesMax + 1) })],
		["invalid", "token must be printable ASCII", hello({ case: "token", value: "ä" })],
		["invalid", "refresh is empty", hello({ case: "refresh", value: "" })],
		["name_invalid", "name is empty", hello({ case: "guest", value: { name: "" } })],
		["invalid", "key is 22 to 64", hello({ case: "guest", value: { name: "ann", key: "k".repeat(21) } })],
		["invalid", "key is 22 to 64", hello({ case: "guest", value: { name: "ann", key: "k".repeat(65) } })],
		["invalid", "key is 22 to 64", hello({ case: "guest", value: { name: "ann", key: `${"k".repeat(22)}\n` } })],
		["name_invalid", "name is longer", hello({ case: "guest", value: { name: "a".repeat(257) } })],
		["bad_utf8", "name", hello({ case: "login", value: { name: "\ud800", password: "x" } })],
		["password_weak", "at most 256", hello({ case: "register", value: { name: "ann", password: "x".repeat(257) } })],
		["credentials_wrong", "at most 256", hello({ case: "login", value: { name: "ann", password: "x".repeat(257) } })],
		["bad_utf8", "password", hello({ case: "login", value: { name: "ann", password: "\ud800" } })],
		["too_large", "101 users", { case: "who", value: { room: "r1", users: users(101) } }],
		["invalid", "users.id is empty", { case: "who", value: { room: "r1", users: [{ id: "" }] } }],
		["invalid", "after", { case: "who", value: { room: "r1", after: "u".repeat(65) } }],
		["name_invalid", "after is longer", { case: "rooms", value: { after: "a".repeat(257) } }],
		["too_large", "601 cursors", { case: "hello", value: { ...guest(), cursors: cursors(601) } }],
		["invalid", "two cursors", { case: "hello", value: { ...guest(), cursors: [{ room: "r1" }, { room: "r1" }] } }],
		["invalid", "by id", { case: "hello", value: { ...guest(), cursors: [{ room: "#tea" }] } }],
		["invalid", "by id", { case: "hello", value: { ...guest(), cursors: [{ room: "@ann" }] } }],
		["invalid", "cursors.room is empty", { case: "hello", value: { ...guest(), cursors: [{ seq: 1 }] } }],
		["invalid", "client", { case: "hello", value: { ...guest(), client: "x".repeat(65) } }],
		["invalid", "client must be printable", { case: "hello", value: { ...guest(), client: "a\nb" } }],
		["invalid", "room is empty", { case: "send", value: { ...SEND, room: "" } }],
		["name_invalid", "room is empty", { case: "send", value: { ...SEND, room: "#" } }],
		["name_invalid", "room is longer", { case: "send", value: { ...SEND, room: `@${"a".repeat(257)}` } }],
		["invalid", "room has 65", { case: "send", value: { ...SEND, room: "r".repeat(65) } }],
		["invalid", "room must be printable", { case: "send", value: { ...SEND, room: "r\n" } }],
		["invalid", "cid is empty", { case: "send", value: { ...SEND, cid: "" } }],
		["invalid", "cid has 65", { case: "send", value: { ...SEND, cid: "c".repeat(65) } }],
		["invalid", "cid must be printable", { case: "send", value: { ...SEND, cid: "c\u007f" } }],
		["invalid", "behind has 65", { case: "send", value: { ...SEND, behind: "c".repeat(65) } }],
		["invalid", "behind itself", { case: "send", value: { ...SEND, behind: SEND.cid } }],
		["invalid", "text is empty", { case: "send", value: { ...SEND, text: "" } }],
		["too_large", "longer than 8192 bytes", { case: "send", value: { ...SEND, text: "a".repeat(TEXT_BYTES_MAX + 1) } }],
		[
			"too_large",
			"longer than 8192 bytes",
			{ case: "send", value: { ...SEND, text: `${"\u{1f375}".repeat(TEXT_BYTES_MAX / 4)}a` } },
		],
		[
			"too_large",
			"longer than 8192 bytes",
			{ case: "send", value: { ...SEND, text: `${"€".repeat((TEXT_BYTES_MAX - 2) / 3)}€` } },
		],
		["bad_utf8", "text", { case: "send", value: { ...SEND, text: "a\ud800b" } }],
		["invalid", "U+0000", { case: "send", value: { ...SEND, text: "a\0b" } }],
		["name_invalid", "name is empty", { case: "create", value: {} }],
		["invalid", "PUBLIC or PRIVATE", { case: "create", value: { name: "tea", kind: Room_Kind.DIRECT } }],
		["invalid", "PUBLIC or PRIVATE", { case: "create", value: { name: "tea", kind: -1 as Room_Kind } }],
		["name_invalid", "name is empty", { case: "rename", value: { room: "#tea" } }],
		["name_invalid", "user is empty", { case: "invite", value: { room: "#tea" } }],
		["invalid", "give one of", { case: "history", value: { room: "#tea", before: 5, after: 1 } }],
		["invalid", "give one of", { case: "history", value: { room: "#tea", around: 5, atMs: 1 } }],
		["invalid", "atMs", { case: "history", value: { room: "#tea", atMs: Number.NaN } }],
		["invalid", "heads", { case: "ping", value: { nonce: 1, heads: [{ room: "r", epoch: 1, seq: 1 }] } }],
		["invalid", "refreshToken is empty", { case: "refresh", value: {} }],
		["invalid", "room is empty", { case: "leave", value: {} }],
		["invalid", "room is empty", { case: "who", value: {} }],
		["invalid", "room is empty", { case: "typing", value: {} }],
	])("%s: %s", (code, words, command) => {
		const problem = checkUp(create(UpSchema, { id: 1, command }), LIMITS);
		expect(problem?.code).toBe(code);
		expect(problem?.message).toContain(words);
	});

	test("a message without a command", () => {
		expect(checkUp(create(UpSchema, { id: 1 }), LIMITS)).toMatchObject({ code: "malformed" });
	});

	test("a trace that is too long, or would forge a line of the log", () => {
		const up = (trace: string): Up => create(UpSchema, { id: 1, trace, command: { case: "rooms", value: {} } });
		expect(checkUp(up("t".repeat(64)), LIMITS)).toBeUndefined();
		expect(checkUp(up("t".repeat(65)), LIMITS)).toMatchObject({ code: "invalid" });
		expect(checkUp(up("a\nb"), LIMITS)).toMatchObject({ code: "invalid" });
	});
});

test("what is answered needs an id; ping, pong and typing do not", () => {
	for (const command of GOOD) {
		const problem = checkUp(create(UpSchema, { command }), LIMITS);
		if (["ping", "pong", "typing"].includes(command.case ?? "")) expect(problem).toBeUndefined();
		else expect(problem).toMatchObject({ code: "invalid", message: expect.stringContaining("id above 0") });
	}
});

test("limits are those given, not those of the table", () => {
	const up = create(UpSchema, { id: 1, command: { case: "send", value: SEND } });
	expect(checkUp(up, { ...LIMITS, textBytesMax: 4 })).toMatchObject({
		code: "too_large",
		message: expect.stringContaining("4 bytes"),
	});
});

test("every message of the schema is taken, or refused by a code of the table; nothing throws", () => {
	fc.assert(
		fc.property(anyUp, (up) => {
			const problem = checkUp(up, LIMITS);
			if (problem !== undefined) expect(Object.keys(ERRORS)).toContain(problem.code);
		}),
		{ numRuns: 1000 },
	);
});

function hello(credential: NonNullable<Extract<Command, { case: "hello" }>["value"]["credential"]>): Command {
	return { case: "hello", value: { credential } };
}

function guest() {
	return { credential: { case: "guest", value: { name: "ann" } } } as const;
}

function users(count: number) {
	return Array.from({ length: count }, (_, n) => ({ id: `u${n}` }));
}

function cursors(count: number) {
	return Array.from({ length: count }, (_, i) => ({ room: `r${i}`, epoch: 1, seq: i }));
}

function short(command: Command): string {
	return JSON.stringify(command).slice(0, 80);
}
