import { describe, expect, test } from "bun:test";
import { nearest } from "../src/command/nearest.ts";
import { parseInput, secretFrom } from "../src/command/parse-input.ts";
import { SLASH_COMMAND_NAMES, SLASH_COMMANDS } from "../src/command/slash-commands.ts";

describe("what a line means", () => {
	test("no slash: it is said, word for word", () => {
		expect(parseInput("  hello /join ")).toEqual({ kind: "say", text: "  hello /join " });
	});

	test("two slashes: it is said with one", () => {
		expect(parseInput("//join tea")).toEqual({ kind: "say", text: "/join tea" });
	});

	test("a command with its words, in any case", () => {
		expect(parseInput("/Join  #tea ")).toEqual({ kind: "command", name: "join", words: ["#tea"], rest: "" });
	});

	test("a text after a name stays as it was written, lines and all", () => {
		expect(parseInput("/msg ann  a  b\nc")).toMatchObject({ name: "msg", words: ["ann", "a", "b", "c"], rest: " a  b\nc" });
	});

	test("an unknown command names the nearest", () => {
		expect(parseInput("/jion tea")).toEqual({ kind: "unknown", name: "jion", nearest: "join" });
		expect(parseInput("/hist")).toMatchObject({ nearest: "history" });
		expect(parseInput("/usr/bin/env is here")).toEqual({ kind: "unknown", name: "usr/bin/env", nearest: undefined });
		expect(parseInput("/")).toEqual({ kind: "unknown", name: "", nearest: undefined });
	});

	test("nobody is led astray by a prototype's names", () => {
		expect(parseInput("/constructor")).toMatchObject({ kind: "unknown" });
		expect(parseInput("/__proto__")).toMatchObject({ kind: "unknown" });
	});

	test("every command's usage begins with its name", () => {
		for (const name of SLASH_COMMAND_NAMES) expect(SLASH_COMMANDS[name].usage.split(" ")[0]).toBe(`/${name}`);
	});
});

describe("a password that is being written", () => {
	test("is known from where it begins", () => {
		expect(secretFrom("/login ann hunter2")).toBe(11);
		expect(secretFrom("/REGISTER ann x y")).toBe(14);
		expect(secretFrom("/login ann ")).toBe(11);
	});

	test("nothing else is taken for one", () => {
		expect(secretFrom("/login ann")).toBeUndefined();
		expect(secretFrom("/msg ann hello")).toBeUndefined();
		expect(secretFrom("hello there you")).toBeUndefined();
	});
});

test("nearest: slips, swaps, beginnings; nothing far-fetched", () => {
	expect(nearest("leaev", SLASH_COMMAND_NAMES)).toBe("leave");
	expect(nearest("qit", SLASH_COMMAND_NAMES)).toBe("quit");
	expect(nearest("mgs", SLASH_COMMAND_NAMES)).toBe("msg");
	expect(nearest("xyzzy", SLASH_COMMAND_NAMES)).toBeUndefined();
	expect(nearest("foo", SLASH_COMMAND_NAMES)).toBeUndefined();
	expect(nearest("x".repeat(65_536), SLASH_COMMAND_NAMES)).toBeUndefined();
	expect(nearest("", SLASH_COMMAND_NAMES)).toBeUndefined();
});
