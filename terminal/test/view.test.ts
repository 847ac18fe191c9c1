import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { editorOf } from "../src/input/editor.ts";
import { clipped, lineText, lineWidth, span } from "../src/text/spans.ts";
import { width } from "../src/text/width.ts";
import { composed, firstRow } from "../src/view/composed.ts";
import { layoutOf } from "../src/view/layout.ts";
import { sideLines } from "../src/view/side.ts";
import { themeFor } from "../src/view/theme.ts";
import { FakeClient, message, user } from "./support/fake-client.ts";
import { startChat } from "./support/harness.ts";

describe("the layout", () => {
	test("80x24 has everything", () => {
		expect(layoutOf(80, 24, 1)).toEqual({ side: 17, main: 62, title: 1, timeline: 20, ruler: 1, composer: 1, status: 1 });
	});

	test("a narrow screen has no room list, a low one neither title nor ruler", () => {
		expect(layoutOf(50, 24, 1)).toMatchObject({ side: 0, main: 50 });
		expect(layoutOf(80, 5, 1)).toMatchObject({ title: 0, ruler: 0, composer: 1, status: 1, timeline: 3 });
		expect(layoutOf(80, 2, 1)).toMatchObject({ status: 0, composer: 1, timeline: 1 });
	});

	test("the composer grows with what is written, up to a third of the screen", () => {
		expect(layoutOf(80, 24, 3).composer).toBe(3);
		expect(layoutOf(80, 24, 100).composer).toBe(8);
	});

	test("whatever the size: the rows add up, nothing is below zero", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 300 }),
				fc.integer({ min: 1, max: 100 }),
				fc.integer({ min: 1, max: 50 }),
				(c, r, wanted) => {
					const { title, timeline, ruler, composer, status, side, main } = layoutOf(c, r, wanted);
					expect(title + timeline + ruler + composer + status).toBe(r);
					for (const rows of [title, timeline, ruler, status, side]) expect(rows).toBeGreaterThanOrEqual(0);
					expect(composer).toBeGreaterThanOrEqual(1);
					expect(main).toBeGreaterThanOrEqual(1);
				},
			),
		);
	});
});

describe("what is being written", () => {
	test("wraps by cells, wide characters too, the cursor where the next character goes", () => {
		expect(composed(editorOf("abcdef"), 4)).toEqual({ rows: ["abcd", "ef"], x: 2, y: 1 });
		expect(composed(editorOf("日本語"), 5)).toEqual({ rows: ["日本", "語"], x: 2, y: 1 });
		expect(composed(editorOf("abcd"), 4)).toEqual({ rows: ["abcd", ""], x: 0, y: 1 });
		expect(composed({ text: "a\nb", cursor: 1 }, 4)).toEqual({ rows: ["a", "b"], x: 1, y: 0 });
	});

	test("a secret is dots, what is written cannot steer one's own terminal either", () => {
		expect(composed(editorOf("/login ann pw"), 40, 11).rows).toEqual(["/login ann ••"]);
		expect(composed(editorOf("a\u202eb"), 40).rows).toEqual(["a<U+202E>b"]);
	});

	test("of more rows than fit, the cursor's is shown", () => {
		const long = composed({ text: "abcdefgh", cursor: 0 }, 2);
		expect(firstRow(long, 2)).toBe(0);
		expect(firstRow(composed(editorOf("abcdefgh"), 2), 2)).toBe(3);
	});

	test("whatever the text: rows hold in their cells, the cursor stands inside", () => {
		const unit = fc.constantFrom("a", "日", "👩‍👩‍👧", "\n", " ", "e\u0301", "\x1b");
		fc.assert(
			fc.property(fc.array(unit), fc.integer({ min: 4, max: 20 }), fc.nat(), (units, cells, at) => {
				const text = units.join("");
				const cursor = units.slice(0, at % (units.length + 1)).join("").length;
				const { rows, x, y } = composed({ text, cursor }, cells);
				for (const row of rows) expect(width(row)).toBeLessThanOrEqual(cells);
				expect(rows[y]).toBeDefined();
				expect(x).toBeLessThan(cells);
			}),
		);
	});
});

describe("looks", () => {
	const line = [span("ann", "me"), span("!", "error"), { text: "bob", tone: "name" as const, hue: 3 }];

	test("colours where the terminal has them", () => {
		expect(themeFor({ TERM: "xterm-256color" }).paint(line)).toBe("\x1b[1mann\x1b[22m\x1b[31m!\x1b[39m\x1b[35mbob\x1b[39m");
	});

	test("none with NO_COLOR or on a terminal without; weight remains", () => {
		for (const env of [{ TERM: "xterm", NO_COLOR: "1" }, { TERM: "vt100" }, {}]) {
			expect(themeFor(env).paint(line)).toBe("\x1b[1mann\x1b[22m!bob");
		}
		expect(themeFor({ TERM: "xterm", NO_COLOR: "" }).paint(line)).toContain("[31m");
	});

	test("without colours everything is still said in words and signs", async () => {
		const h = await startChat({ name: "ann", room: "tea", env: { TERM: "xterm", NO_COLOR: "1" } });
		h.client.add("work").arrive(message(1, "bob", "x"));
		await h.settle();
		expect(h.painted().join("\n")).not.toMatch(/\[[0-9;]*(?:3[0-7]|9[0-7])m/);
		expect(h.rows()[1]).toContain("› #tea");
		expect(h.rows()[2]).toContain("#work        1");
		expect(h.rows().at(-1)).toContain("● live");
		h.unmount();
	});

	test("a line is cut to its cells, across its pieces", () => {
		expect(lineText(clipped([span("abc"), span("def")], 5))).toBe("abcd…");
		expect(lineWidth(clipped([span("日本"), span("語")], 5))).toBeLessThanOrEqual(5);
		expect(clipped(line, 80)).toBe(line);
	});
});

describe("the list of rooms", () => {
	test("of more rooms than rows, the one shown is among them", () => {
		const client = new FakeClient();
		client.user = user("ann");
		for (let i = 10; i < 60; i++) client.add(`room${i}`);
		const lines = sideLines(client, "r-room40", 16, 10).map(lineText);
		expect(lines).toHaveLength(10);
		expect(lines.some((line) => line.startsWith("› #room40"))).toBe(true);
		for (const line of lines) expect(width(line)).toBe(17);
	});
});

describe("frames", () => {
	test("whatever the size, whatever is written: as many rows as the screen has, none wider", async () => {
		const h = await startChat({ name: "ann", room: "tea" });
		const tea = h.client.rooms.get("r-tea");
		tea?.arrive(message(1, "日本語日本語日本語", "日本語 👩‍👩‍👧 ".repeat(20)), message(2, "bob", "x".repeat(500)));
		h.client.invited("a-room-with-a-very-long-name-indeed", "bob");
		await h.type("half a thought 日本語 ".repeat(12));
		for (const [columns, rows] of [
			[80, 24],
			[200, 50],
			[59, 24],
			[40, 10],
			[20, 5],
			[10, 3],
			[3, 2],
			[1, 1],
		] as const) {
			h.chat.resize(columns, rows);
			await h.settle();
			expect(h.painted().length).toBeLessThanOrEqual(rows);
			for (const row of h.rows()) expect(width(row)).toBeLessThanOrEqual(Math.max(2, columns));
		}
		h.unmount();
	});

	test("the cursor stands where the next character goes", async () => {
		const h = await startChat({ name: "ann", room: "tea" });
		await h.type("日本x");
		expect(h.cursor()).toEqual({ x: 18 + 2 + 5, y: 22 });
		await h.type("\x1b[D\x1b[D");
		expect(h.cursor()).toEqual({ x: 18 + 2 + 2, y: 22 });
		h.unmount();
	});
});
