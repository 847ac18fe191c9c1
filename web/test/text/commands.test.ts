import { expect, test } from "bun:test";
import { parseLine } from "../../src/text/commands.ts";

test("what begins with // is said with one /, everything else as it is", () => {
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

test("what begins with / is a command, known or not, in any case and over several lines", () => {
	for (const line of ["/help", "/HELP me", "/join #tea\nand more", "/usr/bin/env", "/", "/ help"]) {
		expect(parseLine(line).kind).toBe("command");
	}
});
