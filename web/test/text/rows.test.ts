import { expect, test } from "bun:test";
import type { Delivery } from "@verbatim/client";
import type { Entry } from "@verbatim/protocol";
import { GROUP_MS, type Row, type RowsInput, rowsOf } from "../../src/text/rows.ts";
import { timesFor } from "../../src/text/times.ts";
import { ann, bob, joined, message, NOON_MS } from "../support/entries.ts";

const { dayKey } = timesFor("en-GB", "UTC");
const DAY_MS = 24 * 60 * 60 * 1_000;

function rows(timeline: readonly Entry[], more: Partial<RowsInput> = {}): readonly Row[] {
	return rowsOf({ timeline, from: timeline[0]?.seq ?? 1, epoch: 7, pending: [], me: ann, dayKey, ...more });
}

function pending(cid: string, text: string, atMs = NOON_MS): Delivery {
	return {
		cid,
		room: "r",
		text,
		atMs,
		status: { state: "waiting" },
		kept: true,
		done: new Promise(() => {}),
		retry() {},
		discard() {},
	};
}

const shape = (all: readonly Row[]): readonly string[] =>
	all.map((row) => (row.kind === "message" ? `${row.leads ? "+" : "-"}${row.sender.name}: ${row.text}` : row.kind));

test("messages of one sender form a group until another user's message, a pause, or another entry", () => {
	const log = [
		message(1, bob, "a"),
		message(2, bob, "b"),
		message(3, ann, "c"),
		message(4, bob, "d", NOON_MS + 4_000),
		message(5, bob, "e", NOON_MS + 4_001 + GROUP_MS),
		joined(6, ann),
		message(7, bob, "f", NOON_MS + 4_002 + GROUP_MS),
	];
	expect(shape(rows(log))).toEqual([
		"beginning",
		"day",
		"+bob: a",
		"-bob: b",
		"+ann: c",
		"+bob: d",
		"+bob: e",
		"notice",
		"+bob: f",
	]);
});

test("each day has its line, and ends the group before it", () => {
	const log = [message(1, bob, "a"), message(2, bob, "b", NOON_MS + DAY_MS)];
	expect(shape(rows(log))).toEqual(["beginning", "day", "+bob: a", "day", "+bob: b"]);
});

test("no row changes or vanishes when older entries are loaded before it", () => {
	const log = Array.from({ length: 30 }, (_, i) =>
		i % 7 === 3 ? joined(i + 1, bob) : message(i + 1, i % 5 < 3 ? bob : ann, `text ${i + 1}`, NOON_MS + i * 9_000_000),
	);
	const all = rows(log);
	for (let from = 2; from < log.length - 1; from++) {
		const part = rows(log.slice(from - 1));
		expect(all.slice(-part.length)).toEqual([...part]);
	}
});

test("a range of the log that does not begin at 1 has no beginning, and its oldest entry is only context", () => {
	expect(shape(rows([message(5, bob, "a"), message(6, bob, "b")]))).toEqual(["-bob: b"]);
	// Unless there is nothing else to show.
	expect(shape(rows([message(5, bob, "a")]))).toEqual(["day", "+bob: a"]);
});

test("a pending send is at the end until it is in the log, and then keeps its key", () => {
	const waiting = rows([message(1, bob, "a")], { pending: [pending("cid-2", "mine")] });
	expect(shape(waiting)).toEqual(["beginning", "day", "+bob: a", "+ann: mine"]);
	const done = rows([message(1, bob, "a"), message(2, ann, "mine")]);
	expect(done.map((row) => row.key)).toEqual(waiting.map((row) => row.key));
});

test("a send that is in the log is not shown as pending as well", () => {
	const log = [message(1, bob, "a"), message(2, ann, "mine")];
	expect(rows(log, { pending: [pending("cid-2", "mine"), pending("cid-3", "more")] }).map((row) => row.key)).toEqual([
		"beginning",
		"day:7:1",
		"7:1",
		"cid:cid-2",
		"cid:cid-3",
	]);
});

test("another user's cid never replaces the user's own", () => {
	const all = rows([message(1, bob, "a")], { pending: [pending("cid-1", "mine")] });
	expect(new Set(all.map((row) => row.key)).size).toBe(all.length);
});

test("the divider is before the first new entry of another user, once", () => {
	const log = [message(1, bob, "a"), message(2, ann, "b"), message(3, bob, "c"), message(4, bob, "d")];
	expect(shape(rows(log, { newFrom: 2 }))).toEqual(["beginning", "day", "+bob: a", "+ann: b", "new", "+bob: c", "-bob: d"]);
	expect(shape(rows(log, { newFrom: 4 }))).toContain("+bob: d");
	expect(shape(rows(log))).not.toContain("new");
});

test("an entry of a later version has its row", () => {
	const unknown = message(2, bob);
	unknown.body = { case: undefined };
	expect(shape(rows([message(1, bob, "a"), unknown]))).toEqual(["beginning", "day", "+bob: a", "notice"]);
});
