import { describe, expect, test } from "bun:test";
import { isIdentifierChar, nameProblem } from "@verbatim/protocol";
import fc from "fast-check";
import { checkName, sameName } from "../../src/name/names.ts";
import { skeletonOf } from "../../src/name/skeleton.ts";

function must(input: string): { name: string; skeleton: string } {
	const checked = checkName(input);
	if (!checked.ok) throw new Error(`${JSON.stringify(input)} is refused: ${checked.why}`);
	return checked;
}

/** Every character that is valid in a name. */
const letters: string[] = [];
for (let code = 0x21; code <= 0x10ffff; code++) {
	const point = String.fromCodePoint(code);
	if (isIdentifierChar(point)) letters.push(point);
}

describe("a name", () => {
	test.each([
		["ann", "ann"],
		["Ann.Lee_2-b", "Ann.Lee_2-b"],
		["7", "7"],
		["Łukasz", "Łukasz"],
		["田中・太郎", "田中・太郎"],
		["col·lega", "col·lega"],
		["שלום", "שלום"],
		["محمد۲", "محمد۲"],
		["Nguyễn", "Nguyễn"],
		["สมชาย", "สมชาย"],
	])("may be %p", (input, kept) => {
		expect(must(input).name).toBe(kept);
	});

	test("is kept in NFC and ordinary width, in the case as written", () => {
		expect(must("ａｎｎ").name).toBe("ann");
		expect(must("ｶﾞ").name).toBe("ガ");
		expect(must("Ren\u0065\u0301e").name).toBe("Ren\u00e9e");
	});

	test.each([
		["empty", ""],
		["too long", "a".repeat(33)],
		["endless", "a\u0301".repeat(100_000)],
		["with a space", "ann lee"],
		["with a dot between two l of which one gets an accent", "l·l\u0301"],
		["with an ideographic space", "ann\u3000lee"],
		["beginning like a room", "#tea"],
		["beginning like a mention", "@ann"],
		["beginning like a command", "/quit"],
		["beginning like an error", "!ann"],
		["beginning like an event", "*ann"],
		["beginning like a remark", "-ann"],
		["in angle brackets", "<ann>"],
		["ending in a mark", "ann."],
		["with two marks in a row", "ann..lee"],
		["with a zero-width joiner", "an\u200dn"],
		["with a zero-width non-joiner", "an\u200cn"],
		["with a zero-width space", "an\u200bn"],
		["with a soft hyphen", "an\u00adn"],
		["with a byte order mark", "\ufeffann"],
		["with a variation selector", "ann\ufe0f"],
		["with a Hangul filler", "ann\u3164"],
		["with a right-to-left override", "\u202enna"],
		["with an isolate", "\u2067ann\u2069"],
		["with an Arabic letter mark", "ann\u061c"],
		["with a tag character", "ann\u{e0061}"],
		["with a control character", "ann\u0007"],
		["with an escape", "ann\u001b[31m"],
		["with a line end", "ann\n"],
		["with a line separator", "ann\u2028"],
		["with an unpaired surrogate", "ann\ud800"],
		["with a private use character", "ann\ue000"],
		["with an unassigned character", "ann\u{fff80}"],
		["of emoji", "😀"],
		["with a symbol", "ann★"],
		["with a compatibility character", "ﬁnn"],
		["with mathematical letters", "𝐚𝐧𝐧"],
		["with a circled letter", "ⓐnn"],
		["with a Roman numeral", "annⅣ"],
		["with tatweel", "محـمد"],
		["beginning with a combining mark", "\u0301ann"],
		["with a mark on a separator", "a.\u0301b"],
		["with a stack of marks", `a${"\u0316\u0317\u0318\u0319"}nn`],
		["written in both directions", "annשלום"],
		["from right to left behind a digit", "1שלום"],
		["with Arabic digits of two rows", "محمد٢۲"],
		["with a middle dot elsewhere than between l and l", "a·b"],
		["with a Greek numeral sign before no Greek letter", "a\u0375b"],
		["with a geresh behind no Hebrew letter", "a\u05f3"],
		["with a Katakana dot in a Latin word", "a\u30fbb"],
	])("is refused %s, with the reason", (_, input) => {
		const checked = checkName(input);
		expect(checked.ok).toBe(false);
		if (!checked.ok) expect(checked.why).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}]{10,120}$/u);
	});

	test("has at most 32 characters, counted in NFC", () => {
		expect(must("e\u0301".repeat(32)).name).toBe("é".repeat(32));
		expect(must("𠀋".repeat(32)).name).toHaveLength(64);
		expect(checkName("𠀋".repeat(33)).ok).toBe(false);
	});

	test("that is valid is unchanged by a second check", () => {
		const names = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 8 });
		fc.assert(
			fc.property(names, (input) => {
				const once = checkName(input);
				if (once.ok) expect(checkName(once.name)).toEqual(once);
			}),
			{ numRuns: 2_000 },
		);
	});

	test("checking any string returns a result", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 40 }), (input) => {
				expect(typeof checkName(input).ok).toBe("boolean");
			}),
		);
	});
});

describe("two names are one", () => {
	test.each([
		["that differ in case", "Ann", "aNN"],
		["that differ in width", "ａｎｎ", "ann"],
		["that differ in composition", "Ren\u00e9e", "Rene\u0301e"],
		["of Latin and Cyrillic letters", "ann", "аnn"],
		["of Latin and Cyrillic letters alone", "cape", "саре"],
		["of Latin and Greek letters", "oliver", "οliver"],
		["of Latin and Armenian letters", "so", "ѕօ"],
		["with I for l", "Ian", "lan"],
		["with 1 for l", "1an", "lan"],
		["with 1 for I", "1an", "Ian"],
		["with 0 for O", "b0b", "BOB"],
		["with rn for m", "rnary", "mary"],
		["with a dotless i", "lıly", "lily"],
		["with a second dot on the i", "i\u0307da", "ida"],
		["with ß for ss", "weiß", "weiss"],
		["with a final sigma", "μᾶς", "μᾶσ"],
	])("%s", (_, a, b) => {
		expect(must(a).skeleton).toBe(must(b).skeleton);
	});

	test.each([
		["ann", "anna"],
		["ann", "änn"],
		["nan", "van"],
		["a-b", "a.b"],
		["a.b", "ab"],
		["日本", "日木"],
	])("but not %s and %s", (a, b) => {
		expect(must(a).skeleton).not.toBe(must(b).skeleton);
	});

	test("for every letter in both cases; skeletons are idempotent", () => {
		const strays = letters.filter((point) => {
			const skeleton = skeletonOf(point);
			return [point.toLowerCase(), point.toUpperCase(), skeleton].some((each) => skeletonOf(each) !== skeleton);
		});
		expect(strays).toEqual([]);
	});

	test("a look-up ignores case and form, but does not find confusable names", () => {
		expect(sameName("Ann", "aNN")).toBe(true);
		expect(sameName("ann", "аnn")).toBe(false);
		expect(sameName("Ian", "lan")).toBe(false);
	});
});

describe("the rules that clients know", () => {
	const points = fc
		.array(fc.constantFrom(...letters, ".", "_", "-", " ", "#", "😀"), { maxLength: 40 })
		.map((all) => all.join(""));

	test("refuse no name that the server accepts", () => {
		fc.assert(fc.property(points, (input) => !checkName(input).ok || nameProblem(input) === undefined));
	});

	test("are the same as the server's for ASCII names", () => {
		const ascii = fc.string({ unit: "binary-ascii", maxLength: 40 });
		const near = fc.array(fc.constantFrom("a", "B", "7", ".", "_", "-", " "), { maxLength: 34 }).map((all) => all.join(""));
		fc.assert(
			fc.property(fc.oneof(ascii, near), (input) => {
				const checked = checkName(input);
				expect(nameProblem(input)).toBe(checked.ok ? undefined : checked.why);
			}),
		);
	});
});

describe("what is shown", () => {
	test.each([
		["Ann", "Ann"],
		["McIan.LEE", "McIan.LEE"],
		["Łukasz-Ñandú", "Łukasz-Ñandú"],
		["Анна", "Анна"],
		["Вob", "вob"],
		["Νick", "νick"],
		["БОРИС", "борис"],
		["Ꭰan", "ꭰan"],
	])("of %s is %s: a name keeps its capitals unless one looks like another letter than it is", (input, shown) => {
		expect(must(input).name).toBe(shown);
	});

	test("is never confusable with another user's name: every letter that is kept has the skeleton of its look", async () => {
		const { CONFUSABLES } = await import("../../src/name/confusables.data.ts");
		const string = (hex: string) => String.fromCodePoint(...hex.split(" ").map((each) => Number.parseInt(each, 16)));
		let shown = 0;
		for (const line of CONFUSABLES.trim().split("\n")) {
			const [prototype = "", sources = ""] = line.split("=");
			for (const source of sources.split(",").map(string)) {
				const checked = checkName(source);
				if (!checked.ok || checked.name !== source) continue;
				shown++;
				expect(checked.skeleton).toBe(skeletonOf(string(prototype)));
			}
		}
		expect(shown).toBeGreaterThan(1_000);
	});
});
