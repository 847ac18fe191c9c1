import { expect, test } from "bun:test";
import { PLACES, parseLine } from "../../src/text/commands.ts";

test("a line that begins with // is sent with one /, any other as it is", () => {
	for (const [line, said] of [
		["hello /help", "hello /help"],
		[" /help", " /help"],
		["//help", "/help"],
		["///", "//"],
		["a\n/help", "a\n/help"],
	] as const) {
		expect(parseLine(line)).toEqual({ kind: "say", text: said });
	}
});

test("a line that begins with / is a command, known or not, in any case and over several lines", () => {
	for (const line of ["/HELP me", "/join #tea\nand more", "/usr/bin/env", "/", "/ help"]) {
		expect(parseLine(line).kind).not.toBe("say");
	}
	expect(parseLine("/help")).toEqual({ kind: "help" });
	expect(parseLine("/Join #tea")).toMatchObject({ known: true });
	expect(parseLine("/usr/bin/env")).toMatchObject({ known: false, words: "There is no command /usr/bin/env; /help lists them." });
});

test("the page has a place for every command of the terminal client", () => {
	const here = PLACES.flatMap(({ commands }) => commands);
	const there =
		"join leave msg rooms who more history create invite rename nick register login logout retry discard reconnect help quit";
	expect(["help", ...here].sort()).toEqual(there.split(" ").sort());
});
