import { expect, test } from "bun:test";
import { type Entry, LIMITS } from "@verbatim/protocol";
import { newestAsOf, pageAsOf } from "../../src/room/as-of.ts";
import type { LogPage } from "../../src/store/store.ts";
import { range } from "./helpers.ts";

/** The entries `from` to `to` of a log that ends at `head`. */
function page(from: number, to: number, head: number): LogPage {
	return { room: "r", epoch: 1, head, asOf: head, from, to, entries: range(from, to).map((seq) => ({ seq }) as Entry) };
}

test("a page ahead of the head as of which the user is a member is cut there, and stays dense", () => {
	for (const asOf of [pageAsOf, newestAsOf]) {
		expect(asOf(page(3, 7, 9), 9)).toEqual(page(3, 7, 9));
		expect(asOf(page(3, 7, 9), 12)).toEqual(page(3, 7, 9));
		expect(asOf(page(3, 7, 9), 8)).toEqual(page(3, 7, 8));
		expect(asOf(page(3, 7, 9), 5)).toEqual(page(3, 5, 5));
		expect(asOf(page(3, 7, 9), 2)).toEqual(page(3, 2, 2));
	}
});

test("where all entries are newer, a page after a cursor keeps its start, and a page of the newest is empty at the head", () => {
	expect(pageAsOf(page(6, 9, 9), 3)).toEqual(page(6, 5, 3));
	expect(pageAsOf(page(6, 5, 4), 3)).toEqual(page(6, 5, 3));
	expect(newestAsOf(page(6, 9, 9), 3)).toEqual(page(4, 3, 3));
});

test("beyond the greatest seq an empty page begins at it, since the wire has no greater number", () => {
	const { seqMax } = LIMITS;
	const beyond = page(seqMax + 1, seqMax, seqMax);
	for (const asOf of [pageAsOf, newestAsOf]) expect(asOf(beyond, seqMax)).toEqual(page(seqMax, seqMax - 1, seqMax));
});
