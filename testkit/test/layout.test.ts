// The house, held by a test: imports point one way, `protocol/` is pure, the server's core has no clock of its own, and files
// stay small or say why they are not.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** Which packages a package may import. `testkit` in `test/` folders is everybody's. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
	protocol: [],
	client: ["protocol"],
	server: ["protocol"],
	terminal: ["protocol", "client"],
	web: ["protocol", "client"],
	cli: ["protocol", "client", "server", "terminal", "web", "testkit"],
	testkit: ["protocol", "client", "server", "terminal", "web", "cli"],
	bench: ["protocol", "client", "server", "terminal", "web", "cli", "testkit"],
};

/**
 * The folders of a package, each with those of its parts that stand apart (`listen/api`) in their own order: a file imports from its own folder and from
 * folders before it. What stands beside the folders, in `src/` itself, joins them and may import all.
 */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
	"server/src": [
		"base",
		"thread",
		"limit",
		"name",
		"link",
		"overload",
		"admit",
		"log",
		"store",
		"store/memory",
		"store/sqlite",
		"store/postgres",
		"store/remote",
		"bus",
		"bus/redis",
		"bus/workers",
		"room",
		"people",
		"account",
		"node",
		"command",
		"session",
		"listen/socket",
		"listen/connection",
		"listen/line",
		"listen/web",
		"listen/api",
		"listen",
		"ops/log",
		"ops/metrics",
		"ops/config",
		"ops/admin",
		"ops/data",
		"ops/http",
		"ops",
	],
	"client/src": ["base", "api", "transport", "tokens", "session", "outbox", "room", "marks", "node"],
};

interface SourceFile {
	readonly path: string;
	readonly package: string;
	readonly isTest: boolean;
	readonly text: string;
	/** What is imported as values, not as types alone. */
	readonly values: readonly string[];
	/** The text without comments and strings. */
	readonly code: string;
	readonly imports: readonly string[];
}

const files = [...new Bun.Glob(`{${Object.keys(ARROWS).join(",")}}/**/*.{ts,tsx}`).scanSync(ROOT)]
	.filter((path) => !/node_modules|\/gen\/|\/dist\//.test(path))
	.map(read)
	.sort((a, b) => a.path.localeCompare(b.path));

const sources = files.filter((file) => !file.isTest);

function read(path: string): SourceFile {
	const text = readFileSync(join(ROOT, path), "utf8");
	return {
		path,
		package: path.split("/")[0] ?? "",
		isTest: path.includes("/test/"),
		text,
		code: text
			.replace(/\/\*[\s\S]*?\*\//g, "")
			.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\/.*$/gm, '""'),
		values: [...text.matchAll(/^(?:import|export)\s+(?!type\s)(\{[^}]*\}|[^"'`;{]*?)\s*(?:from\s*)?"([^"]+)"/gm)].flatMap(
			([, names = "", from = ""]) => (/^\{(\s*type [^,}]*,?)+\s*\}$/.test(names) ? [] : [from]),
		),
		imports: [
			...text.matchAll(/(?:^|\s)(?:import|export)\b[^"'`;]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|^import\s+"([^"]+)"/gm),
		].map(([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? ""),
	};
}

/** The folder of a file below `root`, by the longest of `folders`; "" for what stands in `root` itself, undefined for what is in none. */
function folderOf(root: string, folders: readonly string[], path: string): string | undefined {
	const within = relative(root, path);
	if (!within.includes("/")) return "";
	const fitting = folders.filter((folder) => within.startsWith(`${folder}/`));
	return fitting.sort((a, b) => b.length - a.length)[0];
}

/** The files of which `broken` is true, by path. */
function breaking(among: readonly SourceFile[], broken: (file: SourceFile) => boolean): string[] {
	return among.filter(broken).map((file) => file.path);
}

describe("the layout", () => {
	test("is looked at whole", () => {
		expect(files.length).toBeGreaterThan(100);
		expect(sources.filter((file) => file.package === "protocol").length).toBeGreaterThan(10);
	});

	test("imports between packages follow the arrows, through the door of the other", () => {
		const wrong: string[] = [];
		for (const file of files) {
			for (const from of file.imports) {
				const named = /^@verbatim\/([a-z]+)/.exec(from)?.[1];
				const target =
					named ?? (from.startsWith(".") ? relative(ROOT, join(ROOT, file.path, "..", from)).split("/")[0] : undefined);
				if (target === undefined || target === file.package || !(target in ARROWS)) continue;
				const allowed = ARROWS[file.package]?.includes(target) || (file.isTest && target === "testkit");
				const throughDoor = named !== undefined || file.isTest;
				const isForTools = /^@verbatim\/server\/(parts|testing)$/.test(from);
				if (isForTools && file.package !== "testkit" && file.package !== "bench") wrong.push(`${file.path} imports ${from}`);
				if (!allowed || !throughDoor) wrong.push(`${file.path} imports ${from}`);
			}
		}
		expect(wrong).toEqual([]);
	});

	test("folders import from those before them, in the server and in the SDK", () => {
		const wrong: string[] = [];
		for (const [root, folders] of Object.entries(FOLDERS)) {
			const met = new Set<string>();
			for (const file of sources.filter(({ path }) => path.startsWith(`${root}/`))) {
				const own = folderOf(root, folders, file.path);
				met.add(own ?? "");
				for (const from of file.imports.filter((each) => each.startsWith("."))) {
					const target = folderOf(root, folders, relative(ROOT, join(ROOT, file.path, "..", from)));
					if (own === "" || own === target) continue;
					if (own === undefined || target === undefined || target === "" || folders.indexOf(target) > folders.indexOf(own)) {
						wrong.push(`${file.path} imports ${from}`);
					}
				}
			}
			for (const folder of folders) if (!met.has(folder)) wrong.push(`${root} has no file in ${folder}`);
		}
		expect(wrong).toEqual([]);
	});

	test("no file needs itself: imports of values have no cycle", () => {
		const bySource = new Map(sources.map((file) => [file.path, file]));
		const done = new Set<string>();
		const cycles: string[] = [];
		const follow = (path: string, way: readonly string[]): void => {
			if (way.includes(path)) {
				cycles.push([...way.slice(way.indexOf(path)), path].join(" → "));
				return;
			}
			if (done.has(path)) return;
			for (const from of bySource.get(path)?.values ?? []) {
				if (from.startsWith(".")) follow(relative(ROOT, join(ROOT, path, "..", from)), [...way, path]);
			}
			done.add(path);
		};
		for (const { path } of sources) follow(path, []);
		expect(cycles).toEqual([]);
	});

	test("protocol/ is pure: no I/O, clock, randomness or logger, and no dependency", () => {
		const protocol = sources.filter((file) => file.package === "protocol");
		expect(breaking(protocol, (file) => file.imports.some((from) => !from.startsWith(".")))).toEqual([]);
		expect(
			breaking(protocol, (file) =>
				/\b(Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|console|process|Bun|fetch)\b|\bMath\.random\b|\bcrypto\./.test(
					file.code,
				),
			),
		).toEqual([]);
	});

	test("the Protobuf library judges and generates in testkit/, and the product runs without it", () => {
		const users = breaking(files, (file) => file.imports.some((from) => from.startsWith("@bufbuild/")));
		expect(users.filter((path) => !/^testkit\/(src\/schema\/|src\/run\/gen\.ts|test\/gen\.test\.ts)/.test(path))).toEqual([]);
		const judged = breaking(sources, (file) =>
			file.imports.some((from) => /^@verbatim\/testkit\/library$|schema\/library\.ts$/.test(from)),
		);
		expect(judged.filter((path) => !/^(testkit\/src\/fuzz|bench)\//.test(path))).toEqual([]);
	});

	test("the client's first door and the web page use web standards only", () => {
		const standard = sources.filter(
			(file) =>
				(file.package === "client" && !file.path.startsWith("client/src/node")) ||
				(file.package === "web" && !/bundle/.test(file.path)),
		);
		expect(
			breaking(
				standard,
				(file) => file.imports.some((from) => /^(node:|bun$|bun:)/.test(from)) || /\bBun\.|\bprocess\./.test(file.code),
			),
		).toEqual([]);
	});

	test("the server takes time and chance from outside", () => {
		// The clock itself; the one place that chooses parts; what reads other programs' files and reports of an operator's machine;
		// and threads of their own, which have no simulation to run in.
		const exempt = /^server\/(src\/(base\/clock|main)\.ts|src\/ops\/|src\/store\/sqlite\/|tools\/|build)/;
		const core = sources.filter((file) => file.package === "server" && !exempt.test(file.path));
		expect(
			breaking(core, (file) =>
				/\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bset(Timeout|Interval|Immediate)\b|\bMath\.random\b|\bcrypto\.(getRandomValues|randomUUID)\b/.test(
					file.code,
				),
			),
		).toEqual([]);
	});

	test("a file of more than 400 lines opens with its reason", () => {
		// Tests are lists of cases; they may be long.
		const long = sources.filter((file) => file.text.split("\n").length > 400 && !/\.data\.ts$/.test(file.path));
		expect(breaking(long, (file) => !/^(\/\/|\/\*)/.test(file.text))).toEqual([]);
		expect(breaking(long, (file) => file.text.split("\n").length > 600)).toEqual([]);
	});

	test("every test runs, and no type is escaped", () => {
		expect(breaking(files, (file) => /\b(test|it|describe)\.(only|todo|skip)\(/.test(file.code))).toEqual([]);
		expect(breaking(sources, (file) => /@ts-(ignore|nocheck)|:\s*any\b|\bas any\b/.test(file.code))).toEqual([]);
	});
});
