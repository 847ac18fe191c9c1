// The layout of the repository: imports point one way, `protocol/` is pure, the server's core has no clock of its own, and files
// stay small or say why they are not. The rules themselves are tried in layout-rules.test.ts.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { unusedExports } from "../src/layout/exports.ts";
import { readSources } from "../src/layout/packages.ts";
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
import type { SourceFile } from "../src/layout/source-file.ts";

const repository = readSources(join(import.meta.dir, "../.."));
const files = [...repository.files.values()];
const sources = files.filter((file) => !file.isTest);

/** The files of which `broken` is true, by path. */
function breaking(among: readonly SourceFile[], broken: (file: SourceFile) => boolean): string[] {
	return among.filter(broken).map((file) => file.path);
}

describe("the layout", () => {
	test("is looked at whole", () => {
		expect(files.length).toBeGreaterThan(100);
		expect(sources.filter((file) => file.package === "protocol").length).toBeGreaterThan(10);
	});

	test("imports between packages follow the arrows, through the exports of the other", () => {
		expect(arrowsBroken(repository)).toEqual([]);
	});

	test("folders import from those before them, in the server and in the SDK", () => {
		expect(orderBroken(repository)).toEqual([]);
	});

	test("no file needs itself: imports of values have no cycle", () => {
		expect(cycles(repository)).toEqual([]);
	});

	test("protocol/ is pure: no I/O, clock, randomness or logger, and no dependency", () => {
		expect(protocolImpure(repository)).toEqual([]);
	});

	test("the Protobuf library judges and generates in testkit/, and the product runs without it", () => {
		const users = breaking(files, (file) => file.imports.some(({ from }) => from.startsWith("@bufbuild/")));
		expect(users.filter((path) => !/^testkit\/(src\/schema\/|src\/run\/gen\.ts|test\/gen\.test\.ts)/.test(path))).toEqual([]);
		const judged = breaking(sources, (file) =>
			file.imports.some(({ from }) => /^@verbatim\/testkit\/library$|schema\/library\.ts$/.test(from)),
		);
		expect(judged.filter((path) => !/^(testkit\/src\/fuzz|bench)\//.test(path))).toEqual([]);
	});

	test("PostgreSQL's client is loaded only where messages are kept in a PostgreSQL", () => {
		const light = /store\/postgres\/(address|open-error)\.ts$/;
		const loadsAtOnce = ({ from, when }: SourceFile["imports"][number]): boolean =>
			when === "value" && (from === "pg" || (from.includes("store/postgres/") && !light.test(from)));
		const others = sources.filter(({ path }) => !path.startsWith("server/src/store/postgres/"));
		expect(breaking(others, ({ imports }) => imports.some(loadsAtOnce))).toEqual([]);
		const lights = sources.filter(({ path }) => light.test(path));
		expect(breaking(lights, ({ imports }) => imports.length > 0)).toEqual([]);
	});

	test("the client's first export and the web page use web standards only", () => {
		expect(notStandard(repository)).toEqual([]);
	});

	test("the server takes time and chance from outside", () => {
		// The clock itself; the one place that chooses parts; what reads other programs' files and reports of an operator's machine;
		// and threads of their own, which have no simulation to run in.
		const exempt = /^server\/(src\/(base\/clock|main)\.ts|src\/ops\/|src\/store\/sqlite\/|tools\/|build)/;
		const core = sources.filter((file) => file.package === "server" && !exempt.test(file.path));
		expect(breaking(core, notFromOutside)).toEqual([]);
	});

	test("a file of more than 400 lines opens with its reason", () => {
		// Tests are lists of cases; they may be long.
		expect(
			breaking(
				sources.filter((file) => !/\.data\.ts$/.test(file.path)),
				tooLong,
			),
		).toEqual([]);
	});

	test("every test runs, and no type is escaped", () => {
		expect(breaking(files, skipsTests)).toEqual([]);
		expect(breaking(sources, escapesTypes)).toEqual([]);
	});

	test("every export is used, by more than tests", () => {
		expect(unusedExports(repository, ["server", "client", "protocol", "cli", "web"])).toEqual([]);
	});
});
