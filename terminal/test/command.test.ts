import { describe, expect, test } from "bun:test";
import { nearest } from "../src/command/nearest.ts";
import { parseLine, secretFrom } from "../src/command/parse.ts";
import { COMMAND_NAMES, COMMANDS } from "../src/command/table.ts";

describe("what a line means", () => {
	test("no slash: it is said, word for word", () => {
		expect(parseLine("  hello /join ")).toEqual({ kind: "say", text: "  hello /join " });
	});

	test("two slashes: it is said with one", () => {
		expect(parseLine("//join tea")).toEqual({ kind: "say", text: "/join tea" });
	});

	test("a command with its words, in any case", () => {
		expect(parseLine("/Join  #tea ")).toEqual({ kind: "command", name: "join", words: ["#tea"], rest: "" });
	});

	test("a text after a name stays as it was written, lines and all", () => {
		expect(parseLine("/msg ann  a  b\nc")).toMatchObject({ name: "msg", words: ["ann", "a", "b", "c"], rest: " a  b\nc" });
	});

	test("an unknown command names the nearest", () => {
		expect(parseLine("/jion tea")).toEqual({ kind: "unknown", name: "jion", nearest: "join" });
		expect(parseLine("/hist")).toMatchObject({ nearest: "history" });
		expect(parseLine("/usr/bin/env is here")).toEqual({ kind: "unknown", name: "usr/bin/env", nearest: undefined });
		expect(parseLine("/")).toEqual({ kind: "unknown", name: "", nearest: undefined });
	});

	test("nobody is led astray by a prototype's names", () => {
		expect(parseLine("/constructor")).toMatchObject({ kind: "unknown" });
		expect(parseLine("/__proto__")).toMatchObject({ kind: "unknown" });
	});

	test("every command's usage begins with its name", () => {
		for (const name of COMMAND_NAMES) expect(COMMANDS[name].usage.split(" ")[0]).toBe(`/${name}`);
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
	expect(nearest("leaev", COMMAND_NAMES)).toBe("leave");
	expect(nearest("qit", COMMAND_NAMES)).toBe("quit");
	expect(nearest("mgs", COMMAND_NAMES)).toBe("msg");
	expect(nearest("xyzzy", COMMAND_NAMES)).toBeUndefined();
	expect(nearest("foo", COMMAND_NAMES)).toBeUndefined();
	expect(nearest("x".repeat(65_536), COMMAND_NAMES)).toBeUndefined();
	expect(nearest("", COMMAND_NAMES)).toBeUndefined();
});
