// The rules of the layout find what breaks them, however it is written. On made-up sources.
import { describe, expect, test } from "bun:test";
import { unusedExports } from "../src/layout/exports.ts";
import { type Exports, FOLDERS, type Sources } from "../src/layout/packages.ts";
import {
	arrowsBroken,
	cycles,
	escapesTypes,
	notFromOutside,
	notStandard,
	orderBroken,
	protocolImpure,
	skipsTests,
	tooLong,
} from "../src/layout/rules.ts";
import { readSource } from "../src/layout/source-file.ts";

const EXPORTS: Readonly<Record<string, Exports>> = {
	server: { ".": "./src/mod.ts", "./testing": "./src/testing.ts" },
	client: { ".": { bun: { browser: "./src/mod.ts", default: "./src/node.ts" } }, "./node": { bun: "./src/node.ts" } },
	protocol: { ".": { bun: "./src/mod.ts", default: "./dist/mod.js" } },
};

function sourcesOf(texts: Readonly<Record<string, string>>): Sources {
	const files = Object.entries(texts).map(([path, text]) => [path, readSource(path, text)] as const);
	return { files: new Map(files), exports: EXPORTS, published: new Set(["client", "protocol"]) };
}

/** `text` as a file at `path`, alone. */
function one(path: string, text: string): Sources {
	return sourcesOf({ [path]: text });
}

const importsOf = (text: string) => readSource("a/a.ts", text).imports;

describe("imports are read", () => {
	test.each([
		['import { a } from "./x.ts";', "value", ["a"]],
		['import q0, { a as b } from "./x.ts";', "value", ["a", "default"]],
		['import q0, * as q1 from "./x.ts";', "value", ["*", "default"]],
		['import type { A } from "./x.ts";', "type", ["A"]],
		['import { type A, type B as C } from "./x.ts";', "type", ["A", "B"]],
		['import { type A, b } from "./x.ts";', "value", ["A", "b"]],
		['import type from "./x.ts";', "value", ["default"]],
		['import type A from "./x.ts";', "type", ["default"]],
		['import "./x.ts";', "value", []],
		['import { a } from "./x.json" with { type: "json" };', "value", ["a"]],
		['export { a as b } from "./x.ts";', "value", ["a"]],
		['export type { A } from "./x.ts";', "type", ["A"]],
		['export * from "./x.ts";', "value", []],
		['export * as all from "./x.ts";', "value", ["*"]],
		['const a = await import("./x.ts");', "later", ["*"]],
		["const a = await import(`./x.ts`);", "later", ["*"]],
		["const a = `$" + '{await import("./x.ts")}`;', "later", ["*"]],
		['type A = typeof import("./x.ts");', "type", ["*"]],
		['const a = require("./x.ts");', "value", ["*"]],
		['new Worker(new URL("./x.ts", import.meta.url));', "later", []],
	])("%s", (text, when, names) => {
		expect(importsOf(text)).toMatchObject([{ when, names }]);
		expect(importsOf(text)[0]?.from).toStartWith("./x.");
	});

	test("not from comments, strings and regular expressions", () => {
		expect(importsOf('// import "./x.ts"\n/* import "./y.ts" */ const a = \'import "./z.ts"\'; /import "x"/.test("");')).toEqual(
			[],
		);
		expect(readSource("a/a.ts", 'const a = b / 2; // "\nconst c = /["`/]/; const d = e / f;').code).toBe(
			'const a=b/2;const c="";const d=e/f;',
		);
	});
});

describe("rules of imports", () => {
	test("a package's own name is resolved through its exports, for order and for cycles", () => {
		const text = 'export { Session as X } from "@verbatim/server/testing";';
		const base = Object.fromEntries((FOLDERS["server/src"] ?? []).map((folder) => [`server/src/${folder}/a.ts`, ""]));
		const sources = sourcesOf({
			...base,
			"server/src/base/ids.ts": text,
			"server/src/testing.ts": 'export { newId } from "./base/ids.ts";',
		});
		expect(orderBroken(sources, { "server/src": FOLDERS["server/src"] ?? [] })).toEqual([
			"server/src/base/ids.ts imports @verbatim/server/testing",
		]);
		expect(cycles(sources)).toEqual(["server/src/base/ids.ts → server/src/testing.ts → server/src/base/ids.ts"]);
	});

	test("a folder that is not in the list, and one in the list without files, are wrong", () => {
		const sources = sourcesOf({ "server/src/listen/zzz/a.ts": "", "server/src/listen/a.ts": 'import "../session/a.ts";' });
		expect(orderBroken(sources, { "server/src": ["listen", "session"] })).toEqual([
			"server/src/listen/zzz/a.ts is in no folder of the list",
			"server/src/listen/a.ts imports ../session/a.ts",
			"server/src has no file in session",
		]);
	});

	test("a cycle is found through default and named imports; types alone make none", () => {
		const back = (text: string) => sourcesOf({ "server/src/a.ts": text, "server/src/b.ts": 'import { a } from "./a.ts";' });
		expect(cycles(back('import q0, { b as q1 } from "./b.ts";'))).toEqual([
			"server/src/a.ts → server/src/b.ts → server/src/a.ts",
		]);
		expect(cycles(back('export * from "./b.ts";'))).toHaveLength(1);
		expect(cycles(back('import { type B } from "./b.ts";'))).toEqual([]);
	});

	test.each([
		["server/src/a.ts", 'import "@verbatim/client";'],
		["server/src/a.ts", 'import "../../protocol/src/check.ts";'],
		["server/src/a.ts", 'import "@verbatim/protocol/src/check.ts";'],
		["server/src/a.ts", "await import(name);"],
		["cli/src/a.ts", 'import "@verbatim/server/testing";'],
		["testkit/test/a.test.ts", 'import "../../server/src/session/session.ts";'],
		["server/test/a.test.ts", 'import "../../testkit/src/random.ts";'],
		["server/test/a.test.ts", 'import "@verbatim/client";'],
	])("%s: %s breaks an arrow", (path, text) => {
		expect(arrowsBroken(one(path, text))).toHaveLength(1);
	});

	test("what browsers run imports nothing that is for Node", () => {
		expect(notStandard(one("client/src/room/a.ts", 'import { f } from "../node/files.ts";'))).toHaveLength(1);
		expect(notStandard(one("client/src/room/a.ts", 'import { f } from "@verbatim/client/node";'))).toHaveLength(1);
		expect(notStandard(one("web/src/a.ts", 'import { f } from "@verbatim/client/node";'))).toHaveLength(1);
		expect(notStandard(one("web/src/a.ts", "const a = `$" + "{process.pid}`;"))).toHaveLength(1);
		expect(notStandard(one("web/src/a.ts", 'import { connect } from "@verbatim/client";'))).toEqual([]);
		expect(notStandard(one("client/src/node/a.ts", 'import { f } from "./files.ts";'))).toEqual([]);
	});
});

describe("rules of the code", () => {
	test.each([
		"const a = `$" + "{Date.now()}`;",
		"const { now } = Date;",
		"new Date();",
		"new Date;",
		"Bun.nanoseconds();",
		"await Bun.sleep(1);",
		"performance\n\t.now();",
		"globalThis.performance.now();",
		'Math["random"]();',
		"Math.random();",
		"setTimeout(run, 1);",
		"crypto.randomUUID();",
		'import { setTimeout as wait } from "node:timers/promises";',
		'import { randomBytes } from "node:crypto"; randomBytes(4);',
		"process.hrtime();",
		"AbortSignal.timeout(5);",
	])("a clock or chance of one's own: %s", (text) => {
		expect(notFromOutside(readSource("server/src/a.ts", text))).toBe(true);
	});

	test.each([
		"new Date(ms).toISOString();",
		"a instanceof Date;",
		"function f(): Date {}",
		"// Date.now()",
		'"Date.now()"',
		"clock.now();",
	])("neither: %s", (text) => {
		expect(notFromOutside(readSource("server/src/a.ts", text))).toBe(false);
	});

	test("protocol/ is held pure inside templates, too", () => {
		expect(protocolImpure(one("protocol/src/a.ts", "const a = `$" + "{Math.random()}`;"))).toHaveLength(1);
		expect(protocolImpure(one("protocol/src/a.ts", 'import "node:fs";'))).toHaveLength(1);
		expect(protocolImpure(one("protocol/src/a.ts", "// process\nMath.max(1);"))).toEqual([]);
	});

	test("a long file gives its reason, not any comment", () => {
		const lines = "\n".repeat(450);
		expect(tooLong(readSource("a/a.ts", `// A session.\n${lines}`))).toBe(true);
		expect(tooLong(readSource("a/a.ts", `// A session.\nimport "x"; // One file because.\n${lines}`))).toBe(true);
		expect(tooLong(readSource("a/a.ts", `// A list. Long\n// because each item stands alone.\n${lines}`))).toBe(false);
		expect(tooLong(readSource("a/a.ts", `// One file because it is one.\n${lines.repeat(2)}`))).toBe(true);
	});

	test.each([
		'test.only("a", f)',
		'describe.skip("a", f)',
		'test.skipIf(true)("a", f)',
		"test.if(!1)(f)",
		"test.todoIf(1 < 2)(f)",
		'test["skip"](f)',
		"test.each([1]).skip(f)",
	])("a test that never runs: %s", (text) => {
		expect(skipsTests(readSource("a/test/a.test.ts", text))).toBe(true);
	});

	test("a test under a condition of the machine is none", () => {
		expect(skipsTests(readSource("a/test/a.test.ts", 'test.skipIf(NC === null)("a", f); stream.skip(3);'))).toBe(false);
	});

	test("a type escaped by a comment or by any", () => {
		expect(escapesTypes(readSource("a/a.ts", "// @ts-ignore\nf(1);"))).toBe(true);
		expect(escapesTypes(readSource("a/a.ts", "const a: any = 1;"))).toBe(true);
		expect(escapesTypes(readSource("a/a.ts", "// any of them\nconst a = '@ts-ignore';"))).toBe(false);
	});
});

test("an export that nobody uses is found, through re-exports and whole imports", () => {
	const found = unusedExports(
		sourcesOf({
			"server/src/a.ts": "export const used = 1; export const dead = 2; export const own = 3; f(own); export const tested = 4;",
			"server/src/b.ts": 'export { used as again } from "./a.ts"; export type Gone = 1;',
			"server/src/c.ts": 'import { again } from "./b.ts";',
			"server/test/a.test.ts": 'import { tested } from "../src/a.ts"; import { probe } from "@verbatim/server/testing";',
			"server/src/testing.ts": "export const probe = 1; export const unprobed = 2;",
			"server/src/whole.ts": "export const inAll = 1;",
			"server/src/later.ts": 'await import("./whole.ts");',
			"protocol/src/mod.ts": 'export * from "./check.ts"; export const open = 1;',
			"protocol/src/check.ts": "export const checked = 1;",
			"protocol/src/inner.ts": "export const inner = 1;",
		}),
		["server", "protocol"],
	);
	expect(found).toEqual([
		"server/src/a.ts: dead",
		"server/src/a.ts: tested",
		"server/src/b.ts: Gone",
		"server/src/testing.ts: unprobed",
		"protocol/src/inner.ts: inner",
	]);
});
