import { expect, test } from "bun:test";
import { hashOfTitle, refOfHash } from "../../src/state/place.ts";

test("a room's address leads to the room", () => {
	for (const title of ["#tea", "@ann", "#käse-brot", "@Ђорђе", "#a.b_c-d"]) {
		expect(refOfHash(hashOfTitle(title))).toBe(title);
	}
	expect(hashOfTitle("#tea")).toBe("#tea");
	expect(hashOfTitle("@ann")).toBe("#@ann");
});

test("an address of no room leads nowhere", () => {
	for (const hash of ["", "#", "#@", "#%E0%A4%A", `#${"x".repeat(1_000)}`]) expect(refOfHash(hash)).toBe("");
});
