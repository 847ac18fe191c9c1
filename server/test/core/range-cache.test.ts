import { expect, test } from "bun:test";
import { create, EntrySchema } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import { EntriesPush } from "../../src/room/push.ts";
import { RangeCache } from "../../src/room/range-cache.ts";

const piece = () => new EntriesPush("r1", 1, [create(EntrySchema, { seq: 1 })]);
const MEBIBYTE = 1024 * 1024;

test("a range is cached for some seconds, then evicted, and no timer is left", async () => {
	const clock = new VirtualClock();
	const pieces = new RangeCache(clock);
	const [early, late] = [piece(), piece()];
	pieces.add("early", early, 100);
	await clock.advance(3_000);
	pieces.add("late", late, 100);
	expect(pieces.get("early")).toBe(early);
	await clock.advance(3_000);
	expect(pieces.get("early")).toBeUndefined();
	expect(pieces.get("late")).toBe(late);
	await clock.advance(3_000);
	expect(pieces.get("late")).toBeUndefined();
	expect(clock.pending).toBe(0);
});

test("all ranges together are bounded: the oldest are evicted", () => {
	const pieces = new RangeCache(new VirtualClock());
	for (let i = 0; i < 20; i++) pieces.add(String(i), piece(), MEBIBYTE);
	const kept = Array.from({ length: 20 }, (_, i) => i).filter((i) => pieces.get(String(i)) !== undefined);
	expect(kept).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
});
