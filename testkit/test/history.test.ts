// One history for each way in which a promise can be broken, and good ones that must pass. Each bad one is the good one with as
// little changed as breaks the promise.
import { describe, expect, test } from "bun:test";
import { check } from "../src/history/check.ts";
import type { EntryFacts, HistoryEvent } from "../src/history/events.ts";
import { excerpt } from "../src/history/verdict.ts";

type Bare<T> = T extends unknown ? Omit<T, "atMs"> : never;
type BareEvent = Bare<HistoryEvent>;

const ROOM = "tea";
const EPOCH = 7;
const IN = { room: ROOM, epoch: EPOCH };

function entry(seq: number, text: string, sender = "ann"): EntryFacts {
	return { seq, atMs: seq, sender, cid: `cid-${text}`, what: "message", text };
}
function change(seq: number, what: EntryFacts["what"], sender: string, text = ""): EntryFacts {
	return { seq, atMs: seq, sender, cid: "", what, text };
}

const E1 = change(1, "created", "ann", "tea");
const E2 = change(2, "joined", "ben");
const E3 = entry(3, "a");
const E4 = entry(4, "b");
const LOG = [E1, E2, E3, E4];

const invoke = (text: string, session = "ann/1", user = "ann"): BareEvent => ({
	kind: "invoke",
	session,
	user,
	room: ROOM,
	cid: `cid-${text}`,
	text,
});
const ok = (text: string, seq: number): BareEvent => ({ kind: "ok", session: "ann/1", cid: `cid-${text}`, seq, ...IN });
const commit = (from: number, to = from, handle = "h1"): BareEvent => ({ kind: "commit", from, to, handle, ...IN });
const recv = (given: EntryFacts, reading = "ben reads"): BareEvent => ({ kind: "recv", reading, entry: given, ...IN });
const skipped = (from: number, to: number, why: "far" | "epoch" = "far", epoch = EPOCH): BareEvent => ({
	kind: "skipped",
	reading: "ben reads",
	room: ROOM,
	epoch,
	from,
	to,
	why,
});
const resume = (after: number, user = "ben"): BareEvent => ({
	kind: "resume",
	reading: `${user} reads`,
	session: `${user}/1`,
	user,
	after,
	...IN,
});
const log = (entries: readonly EntryFacts[] = LOG, epoch = EPOCH): BareEvent => ({ kind: "log", room: ROOM, epoch, entries });
const ended: BareEvent = { kind: "ended", reading: "ben reads" };
const healed: BareEvent = { kind: "healed" };
const ask = (id = 1): BareEvent => ({ kind: "ask", session: "ben/1", ask: id, room: ROOM });
const page = (entries: readonly EntryFacts[], head: number, id = 1): BareEvent => ({
	kind: "page",
	session: "ben/1",
	user: "ben",
	ask: id,
	...IN,
	from: entries[0]?.seq ?? 1,
	to: entries.at(-1)?.seq ?? 0,
	head,
	entries,
});

/** Before anything is said: the room is there, ben reads it. */
const BEGIN = [commit(1), commit(2), resume(1), recv(E2)];
const SAID_A = [invoke("a"), commit(3), ok("a", 3), recv(E3)];
const SAID_B = [invoke("b"), commit(4), ok("b", 4), recv(E4)];
const GOOD = [...BEGIN, ...SAID_A, ...SAID_B, healed, log()];

function judge(events: readonly BareEvent[]) {
	const history = events.map((event, i) => ({ atMs: i, ...event }) as HistoryEvent);
	return { history, verdict: check(history) };
}

/** The clauses that a history breaks. */
function broken(events: readonly BareEvent[]): string[] {
	return Object.keys(judge(events).verdict.byClause).sort();
}

function counts(events: readonly BareEvent[]) {
	return judge(events).verdict.counts;
}

describe("the checker passes", () => {
	test("a history in which everything went well", () => {
		expect(broken(GOOD)).toEqual([]);
		expect(counts(GOOD)).toEqual({ attempted: 2, acknowledged: 2, unknown: 0, lost: 0, doubled: 0, reordered: 0, phantom: 0 });
	});

	test("an empty one", () => {
		expect(broken([])).toEqual([]);
	});

	test("a send of unknown fate, in the log or not", () => {
		const unknown: BareEvent = { kind: "unknown", session: "ann/1", cid: "cid-b" };
		expect(broken([...BEGIN, ...SAID_A, invoke("b"), unknown, healed, log([E1, E2, E3])])).toEqual([]);
		expect(broken([...BEGIN, ...SAID_A, invoke("b"), unknown, commit(4), recv(E4), healed, log()])).toEqual([]);
		expect(counts([...BEGIN, ...SAID_A, invoke("b"), unknown, healed, log([E1, E2, E3])]).unknown).toBe(1);
	});

	test("a send refused for good that is nowhere", () => {
		expect(broken([...GOOD, invoke("c"), { kind: "fail", session: "ann/1", cid: "cid-c", code: "not_member" }])).toEqual([]);
	});

	test("a skip that is told, and a reader that chooses its place", () => {
		const saidBoth = [...SAID_A.slice(0, -1), ...SAID_B.slice(0, -1)];
		expect(broken([...BEGIN, ...saidBoth, skipped(3, 3), recv(E4), healed, log()])).toEqual([]);
		expect(broken([...BEGIN, ...SAID_A, resume(1), recv(E2), recv(E3), ...SAID_B, healed, log()])).toEqual([]);
	});

	test("a restore that is told, and what it has undone", () => {
		const restored: BareEvent = { kind: "restored", room: ROOM, before: EPOCH, epoch: 8, head: 3 };
		const after = skipped(1, 3, "epoch", 8);
		expect(broken([...BEGIN, ...SAID_A, ...SAID_B, restored, after, healed, log([E1, E2, E3], 8)])).toEqual([]);
	});

	test("who leaves, comes again, and reads what was said meanwhile", () => {
		const left = change(4, "left", "ben");
		const joined = change(6, "joined", "ben");
		const b = entry(5, "b");
		expect(
			broken([
				...BEGIN,
				...SAID_A,
				commit(4),
				recv(left),
				ended,
				invoke("b"),
				commit(5),
				ok("b", 5),
				commit(6),
				resume(4),
				recv(b),
				recv(joined),
				healed,
				log([E1, E2, E3, left, b, joined]),
			]),
		).toEqual([]);
	});
});

describe("the checker finds", () => {
	test("S1: an acknowledged send that is not in the log, or not at its seq", () => {
		expect(broken([...BEGIN, ...SAID_A, invoke("b"), commit(4), ok("b", 4), healed, log([E1, E2, E3])])).toContain("S1");
		expect(broken([...BEGIN, invoke("a"), invoke("b"), commit(3, 4), ok("a", 4), ok("b", 4), log()])).toContain("S1");
		expect(counts([...BEGIN, ...SAID_A, invoke("b"), ok("b", 4), log([E1, E2, E3])]).lost).toBe(1);
	});

	test("S1: an acknowledgement before the commit", () => {
		expect(broken([...BEGIN, invoke("a"), ok("a", 3), commit(3), recv(E3), ...SAID_B, healed, log()])).toEqual(["S1"]);
	});

	test("S2: a log with a hole or a repeat, and commits that do not follow each other", () => {
		expect(broken([...GOOD.slice(0, -1), log([E1, E2, { ...E3, seq: 4 }])])).toContain("S2");
		expect(broken([commit(1), commit(3)])).toEqual(["S2"]);
		expect(broken([commit(1, 2), commit(2)])).toEqual(["S2"]);
	});

	test("S2: observers that do not agree", () => {
		expect(broken([...BEGIN, ...SAID_A.slice(0, -1), recv({ ...E3, atMs: 99 }), ...SAID_B, healed, log()])).toEqual(["S2"]);
	});

	test("S2: a page that is not dense, or does not hold what it says", () => {
		expect(broken([...GOOD, ask(), page([E1, E3], 4)])).toEqual(["S2"]);
		expect(broken([...GOOD, ask(), { ...page([E1, E2], 4), to: 4 } as BareEvent])).toEqual(["S2"]);
	});

	test("S3: a delivery before the commit", () => {
		expect(broken([...BEGIN, invoke("a"), recv(E3), commit(3), ok("a", 3), ...SAID_B, healed, log()])).toEqual(["S3"]);
	});

	test("S4: a gap, a repeat, and what comes late", () => {
		const gap = [...BEGIN, ...SAID_A.slice(0, -1), ...SAID_B, healed, log()];
		expect(broken(gap)).toEqual(["S4"]);
		expect(counts(gap).lost).toBe(1);
		const twice = [...BEGIN, ...SAID_A, recv(E3), ...SAID_B, healed, log()];
		expect(broken(twice)).toEqual(["S4"]);
		expect(counts(twice).doubled).toBe(1);
		const late = [...BEGIN, ...SAID_A.slice(0, -1), ...SAID_B, recv(E3), healed, log()];
		expect(counts(late).reordered).toBe(1);
	});

	test("S4: a skip that does not begin where the reader stands", () => {
		expect(broken([...BEGIN, ...SAID_A, ...SAID_B.slice(0, -1), skipped(3, 4), healed, log()])).toEqual(["S4"]);
		expect(broken([...BEGIN, ...SAID_A.slice(0, -1), ...SAID_B.slice(0, -1), skipped(4, 4), healed, log()])).toEqual(["S4"]);
	});

	test("S5: a send that stands in the log twice, and one acknowledged at two places", () => {
		const twice = { ...E3, seq: 5 };
		const doubled = [...BEGIN, ...SAID_A, ...SAID_B, commit(5), recv(twice), healed, log([...LOG, twice])];
		expect(broken(doubled)).toContain("S5");
		expect(counts(doubled).doubled).toBe(1);
		expect(broken([...GOOD, ok("a", 4)])).toContain("S5");
	});

	test("S6: what nobody said, what was said otherwise, and what was refused", () => {
		const c = entry(5, "c");
		expect(broken([...BEGIN, ...SAID_A, ...SAID_B, commit(5), recv(c), healed, log([...LOG, c])])).toEqual(["S6"]);
		expect(broken([...GOOD, commit(5), recv({ ...c, cid: "cid-a" })])).toContain("S6");
		const fail: BareEvent = { kind: "fail", session: "ann/1", cid: "cid-c", code: "forbidden" };
		expect(broken([...BEGIN, ...SAID_A, ...SAID_B, invoke("c"), fail, commit(5), recv(c), healed, log([...LOG, c])])).toEqual([
			"S6",
		]);
		expect(counts([...GOOD, commit(5), recv(c)]).phantom).toBe(1);
	});

	test("S7: a page that lacks what was acknowledged before it was asked for, and a head that goes back", () => {
		expect(broken([...GOOD, ask(), page([E1, E2, E3], 3)])).toEqual(["S7"]);
		expect(
			broken([
				...BEGIN,
				...SAID_A,
				...SAID_B.slice(0, 2),
				ask(1),
				page(LOG, 4, 1),
				ask(2),
				page([E1, E2, E3], 3, 2),
				ok("b", 4),
				recv(E4),
				log(),
			]),
		).toEqual(["S7"]);
		// What was acknowledged while the page was under way may be missing from it.
		expect(broken([...BEGIN, ...SAID_A, ask(), ...SAID_B, page([E1, E2, E3], 3), healed, log()])).toEqual([]);
	});

	test("S8: what one device said, in another order", () => {
		const swapped = [E1, E2, { ...E4, seq: 3, atMs: 3 }, { ...E3, seq: 4, atMs: 4 }];
		const events = [
			...BEGIN,
			invoke("a"),
			invoke("b"),
			commit(3, 4),
			ok("b", 3),
			ok("a", 4),
			...swapped.slice(2).map((e) => recv(e)),
			healed,
			log(swapped),
		];
		expect(broken(events)).toEqual(["S8"]);
		expect(counts(events).reordered).toBe(1);
	});

	test("S9: a delivery after one has left, or to a reader that has ended", () => {
		const left = change(4, "left", "ben");
		const b = entry(5, "b");
		const saidB = [invoke("b"), commit(5), ok("b", 5)];
		const leftLog = log([E1, E2, E3, left, b]);
		expect(broken([...BEGIN, ...SAID_A, commit(4), recv(left), ...saidB, recv(b), healed, leftLog])).toContain("S9");
		expect(
			broken([...BEGIN, ...SAID_A, commit(4), recv(left), ended, ...saidB, ask(), page([E1, E2, E3, left, b], 5), leftLog]),
		).toContain("S9");
		expect(broken([...BEGIN, ...SAID_A, ended, ...SAID_B, healed, log()])).toContain("S9");
	});

	test("S9: a message of somebody who is no member", () => {
		const left = change(4, "left", "ann");
		const b = entry(5, "b");
		const log5 = log([E1, E2, E3, left, b]);
		expect(
			broken([...BEGIN, ...SAID_A, commit(4), recv(left), invoke("b"), commit(5), ok("b", 5), recv(b), healed, log5]),
		).toEqual(["S9"]);
	});

	test("S10: a session that shows other members or another name", () => {
		const state = (members: readonly string[], name: string): BareEvent => ({
			kind: "state",
			session: "ben/1",
			...IN,
			asOf: 4,
			members,
			name,
		});
		expect(broken([...GOOD, state(["ann", "ben"], "tea")])).toEqual([]);
		expect(broken([...GOOD, state(["ann"], "tea")])).toEqual(["S10"]);
		expect(broken([...GOOD, state(["ann", "ben", "eve"], "tea")])).toEqual(["S10"]);
		expect(broken([...GOOD, state(["ann", "ben"], "den")])).toEqual(["S10"]);
	});

	test("S11: another incarnation of the log without a word", () => {
		const restored: BareEvent = { kind: "restored", room: ROOM, before: EPOCH, epoch: 8, head: 3 };
		const c = entry(4, "c");
		const saidC = [invoke("c"), { ...commit(4), epoch: 8 } as BareEvent, { ...ok("c", 4), epoch: 8 } as BareEvent];
		const silent = [
			...BEGIN,
			...SAID_A,
			restored,
			...saidC,
			{ ...recv(c), epoch: 8 } as BareEvent,
			healed,
			log([E1, E2, E3, c], 8),
		];
		expect(broken(silent)).toEqual(["S11"]);
		expect(broken([...BEGIN, ...SAID_A, restored, skipped(4, 3, "far", 8), healed, log([E1, E2, E3], 8)])).toEqual(["S11"]);
	});

	test("S12: a commit on a handle whose sync had failed", () => {
		const sync: BareEvent = { kind: "broken", handle: "h1" };
		expect(broken([...BEGIN, sync, ...SAID_A, ...SAID_B, healed, log()])).toEqual(["S12"]);
		expect(broken([...BEGIN, ...SAID_A, sync, invoke("b"), commit(4, 4, "h2"), ok("b", 4), recv(E4), healed, log()])).toEqual([]);
	});

	test("L1: a send that nobody ever answered", () => {
		expect(broken([...GOOD, invoke("c")])).toEqual(["L1"]);
	});

	test("L2: a reader that does not arrive at the head", () => {
		expect(broken([...BEGIN, ...SAID_A, ...SAID_B.slice(0, -1), healed, log()])).toEqual(["L2"]);
	});

	test("L3: a bound that does not hold", () => {
		expect(broken([{ kind: "bound", what: "outbox", value: 2, max: 1 }])).toEqual(["L3"]);
	});

	test("L4: presence that is not true in the end", () => {
		const online: BareEvent = { kind: "online", users: ["ann"] };
		const presence = (users: readonly string[]): BareEvent => ({ kind: "presence", session: "ben/1", room: ROOM, online: users });
		expect(broken([...GOOD, online, presence(["ann"])])).toEqual([]);
		expect(broken([...GOOD, online, presence(["ann", "ben"])])).toEqual(["L4"]);
		expect(broken([...GOOD, online, presence([])])).toEqual(["L4"]);
	});
});

test("the excerpt is the shortest that shows a violation", () => {
	const { history, verdict } = judge([...BEGIN, ...SAID_A, recv(E3), ...SAID_B, healed, log()]);
	const lines = excerpt(history, verdict).split("\n");
	expect(lines[0]).toBe("S4: ben reads stood at 3 and was given 3");
	expect(lines).toHaveLength(3);
});
