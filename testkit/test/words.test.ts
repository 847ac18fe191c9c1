// Exported names use the field's words (docs/glossary.md). A name is split at its capitals; none of its words may be one that was given up.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** All sources of all packages; what stands in `src` itself, and generated code, too, but for the names of the wire. */
const FOLDERS: readonly string[] = ["bench", "cli", "client", "protocol", "server", "terminal", "testkit", "web"].map(
	(name) => `${name}/src`,
);

/** Words that were given up, as they stand in names. */
const GIVEN_UP: ReadonlySet<string> = new Set(
	`befall claims crew day desk device door doors draw drawn entrant entrants fate fates fleeting gate hall healer held house
	houses hunt hunter hush keeper liner obey overheard parting passage person post purse purses rally recogniser roster said shelf
	stage stirred strangers stranger strike swarm town typist typists vigil visitor visitors vitals voice whoever wish`.split(
		/\s+/,
	),
);

const EXPORT =
	/^export (?:declare )?(?:default )?(?:abstract )?(?:async )?(?:const|let|class|interface|type|enum|function\*?) +([A-Za-z_$][\w$]*)/gm;
const EXPORT_LIST = /^export (?:type )?\{([^}]*)\}/gm;

function exportedNames(text: string): string[] {
	const lists = [...text.matchAll(EXPORT_LIST)].flatMap(([, list = ""]) => list.split(","));
	const listed = lists.map(
		(item) =>
			item
				.trim()
				.replace(/^type /, "")
				.split(/\s+as\s+/)
				.at(-1) ?? "",
	);
	return [...[...text.matchAll(EXPORT)].map(([, name = ""]) => name), ...listed].filter((name) => name !== "");
}

/** The words of a name or a file's name, in small letters: `ServerFixture`, `SEND_WAIT_MS`, `server-fixture.ts`. */
function wordsOf(name: string): string[] {
	return name
		.replace(/([a-z0-9])([A-Z])/g, "$1 $2")
		.replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
		.split(/[^A-Za-z0-9]+/)
		.map((word) => word.toLowerCase());
}

function givenUpIn(name: string): boolean {
	return wordsOf(name).some((word) => GIVEN_UP.has(word));
}

describe("the words of the code", () => {
	test("a name is split into its words", () => {
		expect(wordsOf("CrewMember")).toEqual(["crew", "member"]);
		expect(wordsOf("HTTPStage")).toEqual(["http", "stage"]);
		expect(wordsOf("DRAW_MAX")).toEqual(["draw", "max"]);
		expect(exportedNames("export async function* x() {}\nexport { a as hunt, type B };\nexport type C = 1;")).toEqual([
			"x",
			"C",
			"hunt",
			"B",
		]);
	});

	for (const folder of FOLDERS) {
		test(`${folder}: exported names and file names use none that were given up`, () => {
			// Generated code has the names of the wire, which stay.
			const files = [...new Bun.Glob("**/*.{ts,tsx}").scanSync(join(ROOT, folder))].filter((file) => !/(^|\/)gen\//.test(file));
			expect(files.length).toBeGreaterThan(0);
			const wrong = files.flatMap((file) => [
				...(givenUpIn(file) ? [file] : []),
				...exportedNames(readFileSync(join(ROOT, folder, file), "utf8"))
					.filter(givenUpIn)
					.map((name) => `${file}: ${name}`),
			]);
			expect(wrong).toEqual([]);
		});
	}
});
