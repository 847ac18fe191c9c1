import { expect, test } from "bun:test";
import fc from "fast-check";
import { piecesOf } from "../../src/text/links.ts";

const linksIn = (text: string): readonly string[] =>
	piecesOf(text).flatMap((piece) => (piece.href === undefined ? [] : [piece.text]));

test("addresses become links, and the text around them stays", () => {
	expect(piecesOf("see https://example.org/tea?x=1#y now")).toEqual([
		{ text: "see " },
		{ text: "https://example.org/tea?x=1#y", href: "https://example.org/tea?x=1#y" },
		{ text: " now" },
	]);
	expect(linksIn("http://a.example and HTTPS://B.example")).toEqual(["http://a.example", "HTTPS://B.example"]);
});

test("punctuation after an address is not part of it, brackets in it are", () => {
	expect(linksIn("(see https://example.org/a).")).toEqual(["https://example.org/a"]);
	expect(linksIn("https://en.example.org/wiki/Tea_(plant)!")).toEqual(["https://en.example.org/wiki/Tea_(plant)"]);
	expect(linksIn("https://example.org/a, https://example.org/b…")).toEqual(["https://example.org/a", "https://example.org/b"]);
});

test("nothing but http and https becomes a link", () => {
	for (const text of [
		"javascript:alert(1)",
		"data:text/html,<script>alert(1)</script>",
		"file:///etc/passwd",
		"vbscript:x",
		"www.example.org",
		"https://",
		"https:///x",
		"xhttps://example.org",
	]) {
		expect(linksIn(text)).toEqual([]);
	}
});

test("an address that looks like another one is no link", () => {
	expect(linksIn("https://bank.example@evil.example/")).toEqual([]);
	expect(linksIn("https://bank.example:pw@evil.example/")).toEqual([]);
	// A direction mark ends the address.
	expect(linksIn("https://example.org/\u202egnp.exe")).toEqual(["https://example.org/"]);
});

test("the parts joined are the text, whatever it is, and every link is http or https", () => {
	const hostile = fc.string({
		unit: fc.constantFrom("http://", "https://", "a", ".", ")", "(", "@", "/", "\u202e", " ", "\n", "😀", "\ud800"),
	});
	fc.assert(
		fc.property(fc.oneof(hostile, fc.string({ unit: "binary" })), (text) => {
			const pieces = piecesOf(text);
			expect(pieces.map((piece) => piece.text).join("")).toBe(text);
			for (const { href } of pieces) if (href !== undefined) expect(href).toMatch(/^https?:\/\/[^/?#@]+([/?#]|$)/);
		}),
	);
});
