import { describe, expect, test } from "bun:test";
import { create, type Entry, EntrySchema, Room_Kind } from "@verbatim/protocol";
import fc from "fast-check";
import { lineText, lineWidth } from "../src/text/spans.ts";
import { createItemLines, linesOf, timeOf } from "../src/timeline/item-lines.ts";
import { itemsOf, type TimelineInput, type TimelineItem } from "../src/timeline/items.ts";
import { type Anchor, type ItemLines, scrolled, visibleLines } from "../src/timeline/viewport.ts";
import { FakeClient, message, NOON, refusal, sentAt, user } from "./support/fake-client.ts";

const NOTHING: TimelineInput = {
	timeline: [],
	from: 1,
	pending: [],
	notices: [],
	newFrom: undefined,
	skipped: [],
	loading: false,
};
const keys = (parts: Partial<TimelineInput>) => itemsOf({ ...NOTHING, ...parts }).map(({ key }) => key);
const viewer = { me: "u-ann", name: "ann", nowMs: NOON };
const shown = (item: TimelineItem | undefined, cells = 60) => (item ? linesOf(item, cells, viewer).map(lineText) : []);
const entryItem = (entry: Entry): TimelineItem => ({ key: `e${entry.seq}`, kind: "entry", entry });
const event = (body: Entry["body"], sender = "ann") =>
	entryItem(create(EntrySchema, { seq: 1, atMs: NOON, sender: user(sender), body }));

describe("what stands in the timeline", () => {
	const timeline = [message(5, "ann", "a"), message(6, "bob", "b"), message(7, "ann", "c")];

	test("entries in order, a day before the first, notices where they were told", () => {
		const notices = [
			{ id: 0, after: 5, tone: "info", text: "x" } as const,
			{ id: 1, after: 7, tone: "info", text: "y" } as const,
		];
		expect(keys({ timeline, from: 5, notices })).toEqual(["older", "d5", "e5", "n0", "e6", "e7", "n1"]);
	});

	test("notices of a part that is not loaded are not shown", () => {
		expect(keys({ timeline, from: 5, notices: [{ id: 0, after: 2, tone: "info", text: "x" }] })).toEqual([
			"older",
			"d5",
			"e5",
			"e6",
			"e7",
		]);
	});

	test("a new day is marked, and where the new begins", () => {
		const tomorrow = message(8, "bob", "d", "x", NOON + 86_400_000);
		expect(keys({ timeline: [...timeline, tomorrow], from: 5, newFrom: 7 })).toEqual([
			"older",
			"d5",
			"e5",
			"e6",
			"new",
			"e7",
			"d8",
			"e8",
		]);
	});

	test("what is said and not in the log stands last", () => {
		const room = new FakeClient().add("tea");
		room.send("x");
		expect(keys({ timeline, from: 1, pending: room.pending })).toEqual(["d5", "e5", "e6", "e7", "pcid-0"]);
	});

	test("a range that was not sent is named until it is loaded", () => {
		const skipped = [{ from: 2, to: 4, reason: "far" as const }];
		const first = (loaded: Entry[], from: number) =>
			shown(itemsOf({ ...NOTHING, timeline: loaded, from, skipped })[0], 78).join();
		expect(first(timeline, 5)).toContain("entries 2 to 4 were not sent (too many at once); PageUp loads them");
		expect(first([message(4, "ann", "z"), ...timeline], 4)).toContain("entries 2 to 3 were not sent");
		expect(first(timeline, 2)).toContain("PageUp: what came before");
	});
});

describe("lines", () => {
	test("a message: time, name, words; set in where it is wrapped", () => {
		expect(timeOf(NOON)).toBe("12:00");
		expect(shown(entryItem(message(1, "bob", "the quick brown fox jumps over the lazy dog")), 40)).toEqual([
			"12:00 <bob> the quick brown fox jumps",
			"      over the lazy dog",
		]);
	});

	test("no text can pass for another's line: its own lines are set in", () => {
		const lines = shown(entryItem(message(1, "eve", "hi\n12:00 <bob> I agree")));
		expect(lines).toEqual(["12:00 <eve> hi", "      12:00 <bob> I agree"]);
	});

	test("names and texts of others are made safe", () => {
		const line = shown(entryItem(message(1, "e\x1b[2Jve", "a\x1b[1Ab\u202e")))[0];
		expect(line).toBe("12:00 <e␛[2Jve> a␛[1Ab<U+202E>");
	});

	test("other entries are told as events", () => {
		expect(shown(event({ case: "joined", value: {} } as Entry["body"]))).toEqual(["12:00 * ann joined"]);
		expect(shown(event({ case: "left", value: { reason: "expired" } } as Entry["body"]))).toEqual(["12:00 * ann left (expired)"]);
		expect(shown(event({ case: "renamed", value: { name: "\x07x" } } as Entry["body"]))).toEqual([
			"12:00 * ann renamed the room to #␇x",
		]);
		expect(shown(event({ case: "invited", value: { user: user("bob") } } as Entry["body"]))).toEqual(["12:00 * ann invited bob"]);
		expect(
			shown(event({ case: "created", value: { kind: Room_Kind.PUBLIC, name: "tea", members: [] } } as unknown as Entry["body"])),
		).toEqual(["12:00 * ann made the room #tea"]);
		expect(shown(event({ case: undefined } as Entry["body"]))).toEqual([
			"12:00 * ann did something that this version cannot show",
		]);
	});

	test("one's own sends: waiting once they are kept, again in a while, failed with what to do, done", () => {
		const room = new FakeClient().add("tea");
		room.send("hello");
		const [delivery] = room.pending;
		if (!delivery) throw new Error("nothing pending");
		const lines = () => shown({ key: "p", kind: "pending", delivery });
		delivery.kept = false;
		expect(lines()).toEqual(["12:00 <ann> hello"]);
		delivery.kept = true;
		expect(lines()).toEqual(["12:00 <ann> hello …"]);
		room.set(delivery, { state: "waiting", retryAtMs: NOON + 2_500 });
		expect(lines()).toEqual(["12:00 <ann> hello … again in 3 s"]);
		room.set(delivery, { state: "waiting", retryAtMs: NOON + 2_500, refusal: refusal("unavailable") });
		expect(lines()).toEqual(["12:00 <ann> hello … again in 3 s"]);
		const later = { ...viewer, nowMs: NOON + 4_000 };
		room.set(delivery, { state: "waiting", retryAtMs: NOON + 6_500, refusal: refusal("unavailable") });
		const [text = "", ...why] = linesOf({ key: "p", kind: "pending", delivery }, 60, later).map(lineText);
		expect(text).toBe("12:00 <ann> hello");
		expect(why.join(" ").replaceAll(/ +/g, " ")).toBe(
			" ! not sent yet: the server cannot store anything just now; nothing was lost … again in 3 s",
		);
		room.set(delivery, { state: "failed", error: refusal("not_member") });
		expect(lines()).toEqual([
			"12:00 <ann> hello",
			"      ! not sent: join the room first. /retry sends it",
			"        again, /discard takes it back",
		]);
		room.set(delivery, { state: "done", sent: sentAt(1) });
		expect(lines()).toEqual(["12:00 <ann> hello"]);
	});

	test("an entry is lines out once for a width: it never changes", () => {
		const item = entryItem(message(1, "bob", "hello"));
		const itemLines = createItemLines(40, () => viewer);
		expect(itemLines(item)).toBe(itemLines({ ...item }));
	});

	test("whatever the text and the width: no line is wider", () => {
		const text = fc
			.array(fc.constantFrom("a", "word ", "日", "👩‍👩‍👧", "\n", "\x1b", "\u202e", " "))
			.map((parts) => parts.join(""));
		fc.assert(
			fc.property(text, fc.integer({ min: 16, max: 90 }), (words, cells) => {
				const lines = linesOf(entryItem(message(1, "bob", words)), cells, viewer);
				for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(cells);
			}),
		);
	});
});

describe("the window onto the timeline", () => {
	/** Items of one to three rows. */
	const itemLines: ItemLines = (item) => {
		const seq = item.kind === "entry" ? item.entry.seq : 1;
		return Array.from({ length: (seq % 3) + 1 }, (_, row) => [{ text: `${item.key}.${row}`, tone: "plain" as const }]);
	};
	const log = (from: number, to: number): TimelineItem[] =>
		Array.from({ length: to - from + 1 }, (_, at) => entryItem(message(from + at, "ann", "")));
	const window = (items: readonly TimelineItem[], height: number, anchor?: Anchor) =>
		visibleLines(items, itemLines, height, anchor).lines.map(lineText);

	test("follows the end while one has not scrolled", () => {
		expect(window(log(1, 3), 3)).toEqual(["e2.1", "e2.2", "e3.0"]);
		expect(window(log(1, 4), 3)).toEqual(["e3.0", "e4.0", "e4.1"]);
	});

	test("shows all there is when that is less than the window, and says that it is the top", () => {
		expect(window(log(1, 1), 5)).toEqual(["e1.0", "e1.1"]);
		expect(visibleLines(log(1, 1), itemLines, 5, undefined).atTop).toBe(true);
		expect(visibleLines(log(1, 9), itemLines, 5, undefined).atTop).toBe(false);
		expect(visibleLines([], itemLines, 5, undefined)).toEqual({ lines: [], atTop: true });
	});

	test("keeps its place while lines come below and older ones above", () => {
		const items = log(10, 20);
		const { anchor } = scrolled(items, itemLines, 4, undefined, -5, 20);
		const before = window(items, 4, anchor);
		expect(window(log(10, 30), 4, anchor)).toEqual(before);
		expect(window(log(1, 30), 4, anchor)).toEqual(before);
	});

	test("stops at the top, and at the end it follows again", () => {
		const items = log(1, 9);
		const { anchor: top, short } = scrolled(items, itemLines, 4, undefined, -1_000, 9);
		expect(short).toBe(1_000 - (18 - 4));
		expect(window(items, 4, top)).toEqual(["e1.0", "e1.1", "e2.0", "e2.1"]);
		expect(visibleLines(items, itemLines, 4, top).atTop).toBe(true);
		expect(scrolled(items, itemLines, 4, top, 1_000, 9).anchor).toBeUndefined();
		expect(scrolled(log(1, 1), itemLines, 4, undefined, -1, 1)).toEqual({ anchor: undefined, short: 1 });
	});

	test("remembers the newest seq from when one left the end", () => {
		const { anchor: first } = scrolled(log(1, 9), itemLines, 4, undefined, -2, 9);
		expect(scrolled(log(1, 12), itemLines, 4, first, -2, 12).anchor?.leftAt).toBe(9);
	});

	test("a pending line that becomes an entry keeps the place", () => {
		const entry = message(9, "ann", "", "cid-9");
		const items: TimelineItem[] = [...log(1, 8), entryItem(entry), ...log(10, 14)];
		const anchor: Anchor = { key: "pcid-9", row: 0, leftAt: 8 };
		expect(window(items, 1, anchor)).toEqual(["e9.0"]);
	});

	test("whatever the log, the height and the steps: never more rows than the window, rows in order, up undone by down", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 0, max: 12 }),
				fc.integer({ min: 1, max: 8 }),
				fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 12 }),
				(count, height, steps) => {
					const items = log(1, count);
					const all = items.flatMap((item) => itemLines(item).map(lineText));
					let anchor: Anchor | undefined;
					let end = all.length;
					for (const by of steps) {
						const next = scrolled(items, itemLines, height, anchor, by, count);
						const least = Math.min(height, all.length);
						expect(next.short).toBe(Math.max(0, least - (end + by)));
						anchor = next.anchor;
						end = Math.min(all.length, Math.max(least, end + by));
						expect(window(items, height, anchor)).toEqual(all.slice(Math.max(0, end - height), end));
						expect(anchor === undefined).toBe(end === all.length);
					}
				},
			),
		);
	});
});
