import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { safeLines, safeText } from "../src/text/safe.ts";
import { clusters, cut, fit, width } from "../src/text/width.ts";
import { wrap } from "../src/text/wrap.ts";

/** What a terminal would obey, or an eye not see. Joiners and variation selectors are judged by the tests below. */
const HARM = /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0001}]/u;

const CORPUS: readonly [name: string, text: string, shown: string][] = [
	["clears the screen", "\x1b[2J\x1b[H", "␛[2J␛[H"],
	["moves up to write over others", "a\x1b[1A\rb", "a␛[1A␍b"],
	["writes the clipboard by OSC 52", "\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"],
	["hides a link by OSC 8", "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "␛]8;;http://evil.example␛\\click␛]8;;␛\\"],
	["sets the title", "\x1b]0;root\x07", "␛]0;root␇"],
	["device control", "\x1bP+q544e\x1b\\", "␛P+q544e␛\\"],
	["C1 control sequence introducer", "\x9b31mred", "<U+009B>31mred"],
	["C1 operating system command", "\x9d52;c;x\x9c", "<U+009D>52;c;x<U+009C>"],
	["bell and backspace", "\x07\b\b\bfake", "␇␈␈␈fake"],
	["null, delete, shift out", "\0\x7f\x0e", "␀␡␎"],
	["next line (C1)", "a\x85b", "a<U+0085>b"],
	["right-to-left override", "user\u202efdp.exe", "user<U+202E>fdp.exe"],
	["bidi isolates and marks", "\u2066a\u2069\u200f\u061c", "<U+2066>a<U+2069><U+200F><U+061C>"],
	["line and paragraph separators", "a\u2028b\u2029c", "a<U+2028>b<U+2029>c"],
	["zero-width space, word joiner, byte order mark", "a\u200bb\u2060c\ufeff", "a<U+200B>b<U+2060>c<U+FEFF>"],
	["a joiner between Latin letters", "pay\u200dpal", "pay<U+200D>pal"],
	["soft hyphen", "pay\u00adpal", "pay<U+00AD>pal"],
	["Hangul filler", "\u3164", "<U+3164>"],
	["invisible tag letters", "a\u{e0041}\u{e0042}", "a<U+E0041><U+E0042>"],
	["a variation selector with nothing to vary", "\ufe0f", "<U+FE0F>"],
	["lone surrogates", "a\ud800b\udc00", "a\ufffdb\ufffd"],
	["non-characters", "\uffff\u{1fffe}", "<U+FFFF><U+1FFFE>"],
	["a mark with nothing to stand on", "\u0301x", "◌\u0301x"],
	["a tower of marks", `a${"\u0301".repeat(100)}`, `a${"\u0301".repeat(8)}<+92 marks>`],
];

const HONEST: readonly [name: string, text: string][] = [
	["plain text", "hello, <b>world</b> & more"],
	["accents, composed and not", "éé naïve Straße"],
	["Chinese, Japanese, Korean", "日本語 中文 한국어 ｶﾞ"],
	["Arabic and Hebrew", "مرحبا שלום"],
	["a non-joiner in Persian", "می\u200cخواهم"],
	["a joiner in Hindi and Sinhala", "क्\u200dष ශ්\u200dරී"],
	["a family, a flag, a skin, a keycap", "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 1️⃣ 🇫🇷"],
	["a flag of tags", "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"],
	["text and emoji style of one sign", "❤︎ ❤️"],
	["Thai with stacked marks", "ที่นี่"],
	["private use", "\ue0b0"],
];

describe("nobody's text steers a terminal", () => {
	for (const [name, text, shown] of CORPUS) {
		test(`${name}: is shown, not obeyed`, () => {
			expect(safeText(text)).toBe(shown);
			expect(HARM.test(safeText(text))).toBe(false);
		});
	}

	test("whatever the text: no control, no bidi control, no separator is left, and once is enough", () => {
		const nasty = fc.constantFrom(..."\x1b\x07\x9b\u202e\u2028\u200b\u200d\ufe0f\u0301\ud800a 👩क".split(""), "👩", "\u{e0041}");
		const text = fc.oneof(
			fc.string({ unit: "binary" }),
			fc.array(nasty).map((parts) => parts.join("")),
		);
		fc.assert(
			fc.property(text, (raw) => {
				const safe = safeText(raw);
				expect(HARM.test(safe)).toBe(false);
				expect(/\p{Cs}/u.test(safe)).toBe(false);
				expect(safeText(safe)).toBe(safe);
			}),
			{ numRuns: 500 },
		);
	});

	test("a message keeps its own lines and tabs, and no others", () => {
		expect(safeLines("a\n\tb\r\nc\rd\u2028e")).toEqual(["a", "    b", "c␍d<U+2028>e"]);
	});
});

describe("honest writing stays word for word", () => {
	for (const [name, text] of HONEST) test(name, () => expect(safeText(text)).toBe(text));
});

describe("widths", () => {
	test("wide characters and emoji count for two cells", () => {
		expect([width("abc"), width("日本"), width("👩‍👩‍👧"), width("é")]).toEqual([3, 4, 2, 1]);
	});

	test("cutting never splits a cluster and never exceeds its cells", () => {
		expect(cut("日本語", 4)).toBe("日…");
		expect(cut("👩‍👩‍👧👩‍👩‍👧", 3)).toBe("👩‍👩‍👧…");
		expect(cut("abc", 3)).toBe("abc");
		expect(cut("abc", 0)).toBe("");
		expect(fit("日本語", 4)).toBe("日… ");
	});
});

describe("wrapping", () => {
	test("breaks between words and keeps inner spaces", () => {
		expect(wrap("the quick  brown fox", 10)).toEqual(["the quick", "brown fox"]);
		expect(wrap("a  b", 10)).toEqual(["a  b"]);
	});

	test("breaks a word that no line can hold, from where it stands", () => {
		expect(wrap("see https://example.org/x", 10)).toEqual(["see https:", "//example.", "org/x"]);
	});

	test("the first line may be shorter", () => {
		expect(wrap("hello big world", 10, 5)).toEqual(["hello", "big world"]);
		expect(wrap("hello", 10, 3)).toEqual(["", "hello"]);
	});

	test("whatever the text: no line is too wide, and nothing but spaces is lost", () => {
		const unit = fc.constantFrom("a", "b", " ", "日", "👩‍👩‍👧", "é", "e\u0301");
		fc.assert(
			fc.property(fc.array(unit), fc.integer({ min: 2, max: 12 }), fc.integer({ min: 2, max: 12 }), (units, cells, first) => {
				const text = units.join("");
				const lines = wrap(text, cells, Math.min(first, cells));
				expect(lines.length).toBeGreaterThan(0);
				for (const [at, line] of lines.entries()) {
					expect(width(line)).toBeLessThanOrEqual(at === 0 ? Math.min(first, cells) : cells);
				}
				expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
				expect(clusters(lines.join("")).filter((c) => c !== " ").length).toBe(clusters(text).filter((c) => c !== " ").length);
			}),
		);
	});
});
