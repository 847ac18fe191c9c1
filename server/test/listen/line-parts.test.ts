// The pure parts of line mode: bytes to lines, lines to commands, messages to lines.
import { expect, test } from "bun:test";
import { create, EntrySchema, MemberSchema, Room_Kind, Room_Standing, RoomSchema } from "@verbatim/protocol";
import fc from "fast-check";
import { escapeControls } from "../../src/base/escape-controls.ts";
import { KnownRooms } from "../../src/listen/line/known-rooms.ts";
import { parseLine } from "../../src/listen/line/parse.ts";
import { type LineEvent, LineReader } from "../../src/listen/line/reader.ts";
import { lineOf, renderEntry, renderFailure, renderMembers, renderRooms } from "../../src/listen/line/render.ts";

const utf8 = new TextEncoder();

function readAll(chunks: readonly Uint8Array[], bytesMax: number): LineEvent[] {
	const reader = new LineReader(bytesMax);
	const events: LineEvent[] = [];
	const drain = (): void => {
		for (let event = reader.next(); event !== undefined; event = reader.next()) events.push(event);
	};
	for (const chunk of chunks) {
		reader.push(chunk);
		drain();
	}
	reader.finish();
	drain();
	expect(reader.bytes).toBe(0);
	return events;
}

test("lines do not depend on how their bytes are chunked, and a line that is too long does not affect its neighbours", () => {
	const line = fc.oneof(
		fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replace(/[\n\r]/g, "")),
		fc.constant("x".repeat(40)),
	);
	const end = fc.constantFrom("\n", "\r\n", "\r\0");
	fc.assert(
		fc.property(fc.array(fc.tuple(line, end), { maxLength: 8 }), fc.array(fc.nat(12), { maxLength: 200 }), (lines, cuts) => {
			const bytes = utf8.encode(lines.map(([text, ending]) => text + ending).join(""));
			const chunks: Uint8Array[] = [];
			let at = 0;
			for (const cut of cuts) {
				chunks.push(bytes.subarray(at, at + cut));
				at += cut;
			}
			chunks.push(bytes.subarray(at));
			const expected = lines.map(([text]) => (utf8.encode(text).length > 30 ? "too_large" : text));
			expect(readAll(chunks, 30).map((event) => (event.kind === "line" ? event.text : event.code))).toEqual(expected);
		}),
	);
});

test.each([
	[29, "a \\r of its own"],
	[30, "too_large"],
])("a line of %d bytes and a \\r before telnet's end is %s, however the two are cut", (length, outcome) => {
	const text = `${"x".repeat(length)}\r`;
	const bytes = utf8.encode(`${text}\r\0`);
	const expected = [outcome === "too_large" ? outcome : text];
	for (const chunks of [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte))]) {
		expect(readAll(chunks, 30).map((event) => (event.kind === "line" ? event.text : event.code))).toEqual(expected);
	}
});

test("random bytes give lines or named errors, and a reader never buffers much more than a line", () => {
	fc.assert(
		fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 50 }), (chunks) => {
			const reader = new LineReader(30);
			for (const chunk of chunks) {
				reader.push(chunk);
				while (reader.next() !== undefined);
				expect(reader.bytes).toBeLessThanOrEqual(31);
			}
		}),
	);
});

/** Encodes `\xff` as that byte, anything else as UTF-8. */
function raw(text: string): Uint8Array {
	const parts = text.split(/(\\x..)/);
	return Uint8Array.from(
		parts.flatMap((part) => (part.startsWith("\\x") ? [Number.parseInt(part.slice(2), 16)] : [...utf8.encode(part)])),
	);
}

test.each([
	["a byte 0xff within", String.raw`a\xffb`, ["bad_utf8", "next"]],
	["a byte 0xff last", String.raw`a\xff`, ["bad_utf8", "next"]],
	["IAC IAC, the byte 0xff in telnet's writing", String.raw`\xff\xff x`, ["bad_utf8", "next"]],
	["a command without its option", String.raw`\xff\xfe`, ["bad_utf8", "next"]],
	["a sub-negotiation without end", String.raw`\xff\xfa\x18text never ended`, ["bad_utf8", "next"]],
	["one that is longer than any", String.raw`a\xff\xfa\x18${"x".repeat(80)}\xff\xf0`, ["bad_utf8", "next"]],
	["one that another command breaks off", String.raw`a\xff\xfa\x18\xff\xfdxx\xff\xf0`, ["bad_utf8", "next"]],
	["an end of none", String.raw`a\xff\xf0`, ["bad_utf8", "next"]],
	["an option", String.raw`a\xff\xfd\x01b\xff\xfc\xffc`, ["abc", "next"]],
	["a sub-negotiation", String.raw`a\xff\xfa\x1f\x00P\xff\xff\x00\x18\xff\xf0b`, ["ab", "next"]],
	["a command of two bytes", String.raw`a\xff\xf6b\xff\xf1`, ["ab", "next"]],
])("of telnet only whole commands are taken out, and nothing else is lost: %s", (_, line, expected) => {
	const bytes = raw(`${line}\nnext\n`);
	const said = (chunks: readonly Uint8Array[]) =>
		readAll(chunks, 200).map((event) => (event.kind === "line" ? event.text : event.code));
	expect(said([bytes])).toEqual(expected);
	expect(said(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
});

test("an incomplete telnet command at the end is no command", () => {
	for (const last of [String.raw`a\xff`, String.raw`a\xff\xfd`, String.raw`a\xff\xfa\x18x`]) {
		expect(readAll([raw(last)], 200)).toMatchObject([{ kind: "wrong", code: "bad_utf8" }]);
	}
});

test("the rest at the end of input is the last line", () => {
	expect(readAll([utf8.encode("one\ntwo")], 30)).toEqual([
		{ kind: "line", text: "one" },
		{ kind: "line", text: "two" },
	]);
	expect(readAll([utf8.encode("one\n")], 30)).toHaveLength(1);
});

test("every command is parsed", () => {
	for (const [line, command] of [
		["", { kind: "nothing" }],
		["hello there ", { kind: "say", text: "hello there " }],
		["//slash", { kind: "say", text: "/slash" }],
		[" /nick x", { kind: "say", text: " /nick x" }],
		["/nick ann", { kind: "nick", name: "ann" }],
		["/NICK ann ", { kind: "nick", name: "ann" }],
		["/register ann a b c", { kind: "register", name: "ann", password: "a b c" }],
		["/login ann secret ", { kind: "login", name: "ann", password: "secret " }],
		["/join tea", { kind: "join", room: "#tea" }],
		["/join #tea", { kind: "join", room: "#tea" }],
		["/join @bob", { kind: "join", room: "@bob" }],
		["/leave", { kind: "leave", room: undefined }],
		["/leave tea", { kind: "leave", room: "#tea" }],
		["/msg bob  two spaces", { kind: "msg", name: "bob", text: " two spaces" }],
		["/msg @bob hi", { kind: "msg", name: "bob", text: "hi" }],
		["/history", { kind: "history", count: 20 }],
		["/history 5", { kind: "history", count: 5 }],
		["/who", { kind: "who", room: undefined }],
		["/rooms", { kind: "rooms" }],
		["/help", { kind: "help" }],
		["/quit", { kind: "quit" }],
		["/", { kind: "wrong", code: "unknown_command" }],
		["/__proto__", { kind: "wrong", code: "unknown_command" }],
		["/msg bob", { kind: "wrong", code: "invalid" }],
		["/msg @ hello", { kind: "wrong", code: "invalid" }],
		["/login ann", { kind: "wrong", code: "invalid" }],
		["/history 999", { kind: "wrong", code: "invalid" }],
		["/history x", { kind: "wrong", code: "invalid" }],
	] as const) {
		expect([line, parseLine(line, 200)]).toMatchObject([line, command]);
	}
});

test("untrusted text becomes exactly one line, without control characters", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (text) => {
			const line = lineOf(text);
			expect(line.endsWith("\n")).toBe(true);
			expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
		}),
	);
	expect(escapeControls("plain, ünïcödé, 你好, 👩‍🚀")).toBe("plain, ünïcödé, 你好, 👩‍🚀");
	expect(escapeControls("\u001b\n\u0085\ud800")).toBe("\\u001b\\n\\u0085\\ud800");
});

const ann = { id: "u1", name: "ann" };
const bob = { id: "u2", name: "bob" };

test("entries are rendered as documented", () => {
	for (const [body, line] of [
		[{ case: "message", value: { text: "hello" } }, "#tea 12 <ann> hello"],
		[{ case: "created", value: { kind: Room_Kind.PUBLIC, name: "tea", members: [ann] } }, "* ann created #tea"],
		[{ case: "created", value: { kind: Room_Kind.DIRECT, members: [ann, bob] } }, "* ann began a conversation with bob"],
		[{ case: "joined", value: {} }, "* ann joined #tea"],
		[{ case: "left", value: {} }, "* ann left #tea"],
		[{ case: "renamed", value: { name: "coffee" } }, "* ann renamed #tea to #coffee"],
		[{ case: "invited", value: { user: bob } }, "* ann invited bob to #tea"],
		[undefined, "- #tea 12 is something that this version cannot show"],
	] as const) {
		const entry = create(EntrySchema, { seq: 12, sender: ann, ...(body === undefined ? {} : { body: body as never }) });
		expect(renderEntry(entry, "#tea")).toBe(line);
	}
});

test("errors say once when to retry", () => {
	expect(renderFailure({ code: "rate_limited", message: "slow down", retryAfterMs: 400 })).toBe(
		"! rate_limited slow down, try again in 0.4 s",
	);
	expect(
		renderFailure({ code: "busy", message: "the server has no room for more just now; try again", retryAfterMs: 2_000 }),
	).toBe("! busy the server has no room for more just now, try again in 2 s");
	expect(renderFailure({ code: "no_such_user", message: "there is no such user", retryAfterMs: 0 })).toBe(
		"! no_such_user there is no such user",
	);
});

test("rooms and members are listed", () => {
	const rooms = [
		create(RoomSchema, { kind: Room_Kind.PUBLIC, name: "tea", members: 1, standing: Room_Standing.OWNER }),
		create(RoomSchema, { kind: Room_Kind.PRIVATE, name: "den", members: 3, standing: Room_Standing.INVITED }),
		create(RoomSchema, { kind: Room_Kind.DIRECT, peer: bob, standing: Room_Standing.MEMBER }),
	];
	expect(renderRooms(rooms)).toEqual([
		"- #tea, 1 member, you are in it",
		"- #den, 3 members, private, you are invited: /join den",
		"- @bob",
	]);
	expect(renderRooms([])).toEqual(["- there are no rooms yet; /join ROOM makes one"]);
	const members = Array.from({ length: 11 }, (_, n) =>
		create(MemberSchema, { user: { id: `${n}`, name: `m${n}` }, online: n > 0 }),
	);
	const list = { members, total: 11, online: 10, presence: true };
	expect(renderMembers(list, "#tea")).toEqual(["- #tea: m0 (offline), m1, m2, m3, m4, m5, m6, m7, m8, m9", "- #tea: m10"]);
	// A large room has no presence: the counts are shown instead.
	expect(renderMembers({ members: members.slice(0, 2), total: 5_000, online: 7, presence: false }, "#tea")).toEqual([
		"- #tea: 5000 members, 7 online",
		"- #tea: m0, m1",
	]);
});

test("entries in overlapping pages are shown once, and a gap is announced", () => {
	const rooms = new KnownRooms();
	const room = create(RoomSchema, { id: "r", kind: Room_Kind.PUBLIC, name: "tea", epoch: 1, head: 5 });
	const entries = (from: number, to: number) =>
		Array.from({ length: to - from + 1 }, (_, n) =>
			create(EntrySchema, { seq: from + n, sender: ann, body: { case: "message", value: { text: "x" } } }),
		);
	rooms.learn(room);
	expect(rooms.show("r", entries(4, 7))).toHaveLength(2);
	expect(rooms.show("r", entries(6, 8))).toEqual(["#tea 8 <ann> x"]);
	const page = {
		room: "r",
		epoch: 1,
		from: 20,
		to: 21,
		head: 21,
		asOf: 21,
		entries: entries(20, 21),
		$typeName: "verbatim.v1.Page",
	} as const;
	expect(rooms.showNewest({ ...page })).toEqual(["- #tea: 9 to 19 are not shown here", "#tea 20 <ann> x", "#tea 21 <ann> x"]);
	expect(rooms.cursors()).toEqual([{ room: "r", epoch: 1, seq: 21 }]);
	const joined = { ...page, from: 30, to: 31, head: 31, entries: entries(30, 31) };
	const newest = ["#tea 30 <ann> x", "#tea 31 <ann> x"];
	expect(rooms.showJoined({ ...room, head: 31 }, joined)).toEqual(["- #tea: 22 to 29 are not shown here", ...newest]);
	expect(rooms.showJoined({ ...room, head: 31 }, joined)).toEqual(newest);
	expect(new KnownRooms().showJoined({ ...room, head: 31 }, joined)).toEqual(newest);
	const restored = { ...page, epoch: 2, from: 1, to: 2, head: 2, entries: entries(1, 2) };
	expect(rooms.showNewest(restored)).toEqual(["#tea 1 <ann> x", "#tea 2 <ann> x"]);
});

test("a rename is shown under the old name, and what follows under the new one", () => {
	const rooms = new KnownRooms();
	rooms.learn(create(RoomSchema, { id: "r", kind: Room_Kind.PUBLIC, name: "tea", epoch: 1, head: 1 }));
	const renamed = create(EntrySchema, { seq: 2, sender: ann, body: { case: "renamed", value: { name: "coffee" } } });
	const said = create(EntrySchema, { seq: 3, sender: ann, body: { case: "message", value: { text: "x" } } });
	expect(rooms.show("r", [renamed, said])).toEqual(["* ann renamed #tea to #coffee", "#coffee 3 <ann> x"]);
});
