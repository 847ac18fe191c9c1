import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { completionOf, nextCandidate, withCandidate } from "../src/input/complete.ts";
import { type Editor, EMPTY, edit, editorOf } from "../src/input/editor.ts";
import { EMPTY_HISTORY, remember, stepHistory } from "../src/input/input-history.ts";
import { createKeyDecoder, type Key, pastedText } from "../src/input/keys.ts";

const key = (name: string, held: Partial<Record<"ctrl" | "alt" | "shift", boolean>> = {}): Key => ({
	kind: "key",
	name,
	ctrl: false,
	alt: false,
	shift: false,
	...held,
});

describe("keys from bytes", () => {
	const cases: readonly [what: string, bytes: string, keys: Key[]][] = [
		["text and Enter in one piece", "hi\r", [{ kind: "text", text: "hi" }, key("enter")]],
		[
			"two lines typed fast are two lines",
			"a\rb\r",
			[{ kind: "text", text: "a" }, key("enter"), { kind: "text", text: "b" }, key("enter")],
		],
		["arrows of both modes", "\x1b[A\x1bOB", [key("up"), key("down")]],
		[
			"Ctrl and Alt with arrows",
			"\x1b[1;5A\x1b[1;3D\x1b[1;2B",
			[key("up", { ctrl: true }), key("left", { alt: true }), key("down", { shift: true })],
		],
		[
			"paging, home, end",
			"\x1b[5~\x1b[6~\x1b[H\x1b[F\x1b[1~\x1b[4~",
			[key("pageup"), key("pagedown"), key("home"), key("end"), key("home"), key("end")],
		],
		["Ctrl with letters", "\x0e\x10\x03", [key("n", { ctrl: true }), key("p", { ctrl: true }), key("c", { ctrl: true })]],
		["Alt with letters", "\x1bn\x1bN", [key("n", { alt: true }), key("n", { alt: true, shift: true })]],
		["a new line in the message", "\n\x1b\r\x1b[13;2u\x1b[27;5;13~", [1, 2, 3, 4].map(() => key("enter", { alt: true }))],
		["Tab and back", "\t\x1b[Z", [key("tab"), key("tab", { shift: true })]],
		["Backspace, with Alt too", "\x7f\x1b\x7f", [key("backspace"), key("backspace", { alt: true })]],
		["Alt as a second ESC", "\x1b\x1b[A", [key("up", { alt: true })]],
		["a paste of several lines", "\x1b[200~a\rb\x1b[201~", [{ kind: "paste", text: "a\rb" }]],
		["keys around a paste", "x\x1b[200~y\x1b[201~\r", [{ kind: "text", text: "x" }, { kind: "paste", text: "y" }, key("enter")]],
		["sequences that nobody knows give nothing", "\x1b[?1;2c\x1b[I\x1b[24~a", [{ kind: "text", text: "a" }]],
		["wide characters and emoji", "日👩‍👩‍👧", [{ kind: "text", text: "日👩‍👩‍👧" }]],
	];
	for (const [what, bytes, keys] of cases) {
		test(what, () => {
			expect(createKeyDecoder().push(bytes)).toEqual(keys);
		});
		test(`${what}, byte by byte`, () => {
			const decoder = createKeyDecoder();
			const got: Key[] = [];
			for (const unit of bytes.split("")) got.push(...decoder.push(unit));
			expect(joined(got)).toEqual(joined(keys));
		});
	}

	test("a lone ESC is the Escape key after a moment, and then what follows it", () => {
		const decoder = createKeyDecoder();
		expect(decoder.push("\x1b")).toEqual([]);
		expect(decoder.waiting).toBe(true);
		expect(decoder.flush()).toEqual([key("escape")]);
		expect(decoder.waiting).toBe(false);
		expect(decoder.push("[A")).toEqual([{ kind: "text", text: "[A" }]);
	});

	test("escape sequences inside a paste are text, and steer nothing", () => {
		const [paste] = createKeyDecoder().push("\x1b[200~a\x1b[A\x03b\r\x1b[201~");
		expect(paste).toEqual({ kind: "paste", text: "a\x1b[A\x03b\r" });
		expect(pastedText("a\x1b[A\x03b\r\nc\td\r")).toBe("a[Ab\nc\td");
	});

	test("an endless paste holds bounded memory", () => {
		const decoder = createKeyDecoder();
		decoder.push("\x1b[200~");
		for (let i = 0; i < 40; i++) decoder.push("x".repeat(10_000));
		const [paste] = decoder.push("\x1b[201~");
		expect(paste?.kind === "paste" && paste.text.length).toBe(64 * 1024);
	});

	test("whatever comes, in whatever pieces: no crash, nothing left behind after a flush", () => {
		const unit = fc.oneof(
			fc.constantFrom("\x1b", "[", "O", "~", ";", "200~", "201~", "\x1b[200~", "\r", "a", "日", "\x9b"),
			fc.string(),
		);
		fc.assert(
			fc.property(fc.array(unit), (chunks) => {
				const decoder = createKeyDecoder();
				for (const chunk of chunks) decoder.push(chunk);
				decoder.push("\x1b[201~");
				for (let i = 0; decoder.waiting; i++) {
					decoder.flush();
					expect(i).toBeLessThan(1_000);
				}
			}),
		);
	});
});

describe("the editor", () => {
	const typed = (text: string, ...keys: Key[]): Editor => keys.reduce((editor, k) => edit(editor, k) ?? editor, editorOf(text));

	test("moves and deletes by what a reader takes for one character", () => {
		expect(typed("a👩‍👩‍👧", key("left"))).toEqual({ text: "a👩‍👩‍👧", cursor: 1 });
		expect(typed("a👩‍👩‍👧", key("backspace"))).toEqual(editorOf("a"));
		expect(typed("e\u0301", key("left"), key("delete"))).toEqual(EMPTY);
		expect(typed("", key("backspace"), key("left"))).toEqual(EMPTY);
	});

	test("words: back, forth, and away", () => {
		expect(typed("one two  ", key("left", { ctrl: true }))).toEqual({ text: "one two  ", cursor: 4 });
		expect(typed("one two", key("w", { ctrl: true }))).toEqual(editorOf("one "));
		expect(typed("one two", key("home"), key("d", { alt: true }))).toEqual({ text: " two", cursor: 0 });
	});

	test("lines of one message: Up and Down go from line to line, and are nobody's beyond", () => {
		const two = typed("ab", key("enter", { alt: true }), { kind: "text", text: "cdef" });
		expect(two.text).toBe("ab\ncdef");
		expect(edit(two, key("up"))).toEqual({ text: "ab\ncdef", cursor: 2 });
		expect(edit(two, key("down"))).toBeUndefined();
		expect(edit(editorOf("ab"), key("up"))).toBeUndefined();
		expect(typed("ab\ncd", key("u", { ctrl: true }))).toEqual(editorOf("ab\n"));
	});

	test("a paste of several lines stays one text", () => {
		expect(edit(editorOf("> "), { kind: "paste", text: "a\r\nb\r\n" })).toEqual(editorOf("> a\nb"));
	});

	test("whatever the keys: the cursor stays inside, and never splits a surrogate pair", () => {
		const anyKey = fc.oneof(
			fc.constantFrom("👩‍👩‍👧", "é", "\u0301", "🇫🇷", "a ", "日").map((text): Key => ({ kind: "text", text })),
			fc
				.tuple(
					fc.constantFrom(
						"left",
						"right",
						"up",
						"down",
						"home",
						"end",
						"backspace",
						"delete",
						"enter",
						"w",
						"u",
						"k",
						"d",
						"b",
						"f",
					),
					fc.constantFrom({}, { ctrl: true }, { alt: true }),
				)
				.map(([name, held]) => key(name, held)),
		);
		fc.assert(
			fc.property(fc.array(anyKey), (keys) => {
				let editor = EMPTY;
				for (const k of keys) editor = edit(editor, k) ?? editor;
				expect(editor.cursor).toBeGreaterThanOrEqual(0);
				expect(editor.cursor).toBeLessThanOrEqual(editor.text.length);
				expect(/\p{Cs}/u.test(editor.text.slice(0, editor.cursor))).toBe(false);
			}),
		);
	});
});

describe("one's own lines", () => {
	test("come back by Up, and the draft at the end", () => {
		const recall = remember(remember(EMPTY_HISTORY, "one"), "two");
		const first = stepHistory(recall, editorOf("draft"), "up");
		expect(first?.editor.text).toBe("two");
		const second = first && stepHistory(first.recall, first.editor, "up");
		expect(second?.editor.text).toBe("one");
		expect(second && stepHistory(second.recall, second.editor, "up")).toBeUndefined();
		const down = second && stepHistory(second.recall, second.editor, "down");
		const end = down && stepHistory(down.recall, down.editor, "down");
		expect(end?.editor.text).toBe("draft");
		expect(end && stepHistory(end.recall, end.editor, "down")).toBeUndefined();
	});

	test("the same line twice is kept once", () => {
		expect(remember(remember(EMPTY_HISTORY, "x"), "x").lines).toEqual(["x"]);
	});
});

describe("completion", () => {
	const words = { commands: ["join", "leave", "history", "help"], rooms: ["#tea", "#team"], users: ["ann", "Anton", "bob"] };
	const all = (text: string) => {
		const first = completionOf(editorOf(text), words);
		return first ? first.candidates.map((_, at) => withCandidate({ ...first, at }).text) : [];
	};

	test("commands, rooms and people, each in its place", () => {
		expect(all("/j")).toEqual(["/join "]);
		expect(all("/h")).toEqual(["/history ", "/help "]);
		expect(all("/join te")).toEqual(["/join #tea ", "/join #team "]);
		expect(all("/msg a")).toEqual(["/msg ann ", "/msg Anton "]);
		expect(all("/help l")).toEqual(["/help leave "]);
		expect(all("bo")).toEqual(["bob: "]);
		expect(all("hello bo")).toEqual(["hello bob "]);
		expect(all("see #team")).toEqual(["see #team "]);
		expect(all("hello ")).toEqual([]);
		expect(all("/login ann secret")).toEqual([]);
	});

	test("Tab again turns, both ways, and the rest of the line stays", () => {
		const first = completionOf({ text: "an, hello", cursor: 2 }, words);
		expect(first && withCandidate(first)).toEqual({ text: "ann: , hello", cursor: 5 });
		expect(first && withCandidate(nextCandidate(first, false)).text).toBe("Anton: , hello");
		expect(first && withCandidate(nextCandidate(nextCandidate(first, false), true)).text).toBe("ann: , hello");
	});
});

function joined(keys: Key[]): Key[] {
	const out: Key[] = [];
	for (const k of keys) {
		const last = out.at(-1);
		if (k.kind === "text" && last?.kind === "text") out[out.length - 1] = { kind: "text", text: last.text + k.text };
		else out.push(k);
	}
	return out;
}
