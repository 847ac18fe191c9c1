import { expect, test } from "bun:test";
import { hueOf, initialOf } from "../../src/text/faces.ts";

test("an initial is a whole letter, however it is written", () => {
	expect(initialOf("ann")).toBe("A");
	expect(initialOf("élise")).toBe("É");
	expect(initialOf("𐐨x")).toBe("𐐀");
	expect(initialOf("")).toBe("?");
});

test("an avatar has the same hue everywhere, and users mostly have different ones", () => {
	expect(hueOf("u-ann")).toBe(hueOf("u-ann"));
	const hues = new Set(Array.from({ length: 100 }, (_, i) => hueOf(`user-${i}`)));
	expect(hues.size).toBeGreaterThan(60);
	for (const hue of hues) expect(hue).toBeWithin(0, 360);
});
