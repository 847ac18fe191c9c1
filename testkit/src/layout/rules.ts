// The rules of the layout, each a function from sources to what breaks it.
import { dirname, relative } from "node:path";
import { ARROWS, FOLDERS, PAGE, resolveImport, type Sources } from "./packages.ts";
import type { SourceFile } from "./source-file.ts";

/** The files for which `is` holds, by path. */
function paths({ files }: Sources, is: (file: SourceFile) => boolean): string[] {
	return [...files.values()].filter(is).map(({ path }) => path);
}

/** Imports of another package go along the arrows, by its name and a path that it exports: tests, too. */
export function arrowsBroken(sources: Sources): string[] {
	const wrong: string[] = [];
	for (const { path, package: own, isTest, imports } of sources.files.values()) {
		for (const { from } of imports) {
			const target = resolveImport(sources, path, from);
			const forTools = /^@verbatim\/server\/(parts|testing)$/.test(from) && !["server", "testkit", "bench"].includes(own);
			const other = target.kind === "file" ? target.path.split("/")[0] : undefined;
			const isOurs = other !== undefined && other in ARROWS && other !== own;
			const isAllowed = ARROWS[own]?.includes(other ?? "") || (isTest && other === "testkit");
			const throughDoor = target.kind !== "file" || target.isByName || !/\.[cm]?tsx?$/.test(target.path);
			if (from === "" && !isTest) wrong.push(`${path} imports what cannot be read from the source`);
			else if (target.kind === "closed" || forTools || (isOurs && !(isAllowed && throughDoor)))
				wrong.push(`${path} imports ${from}`);
		}
	}
	return wrong;
}

/** Folders import from those before them. Every folder with files is in `folders`, and has files. */
export function orderBroken(sources: Sources, table: Readonly<Record<string, readonly string[]>> = FOLDERS): string[] {
	const wrong: string[] = [];
	for (const [root, folders] of Object.entries(table)) {
		const rank = (path: string): number => {
			const folder = relative(root, dirname(path));
			return folder === "" ? folders.length : folders.indexOf(folder);
		};
		const met = new Set<number>();
		for (const { path, imports } of sources.files.values()) {
			if (!path.startsWith(`${root}/`)) continue;
			met.add(rank(path));
			if (rank(path) < 0) wrong.push(`${path} is in no folder of the list`);
			for (const { from } of imports) {
				const target = resolveImport(sources, path, from);
				if (target.kind !== "file" || target.path.split("/")[0] !== root.split("/")[0]) continue;
				if (rank(target.path) > rank(path)) wrong.push(`${path} imports ${from}`);
			}
		}
		wrong.push(...folders.filter((_, at) => !met.has(at)).map((folder) => `${root} has no file in ${folder}`));
	}
	return wrong;
}

/** No file needs itself to be loaded. */
export function cycles(sources: Sources): string[] {
	const done = new Set<string>();
	const found: string[] = [];
	const follow = (path: string, way: readonly string[]): void => {
		if (way.includes(path)) {
			found.push([...way.slice(way.indexOf(path)), path].join(" → "));
			return;
		}
		if (done.has(path)) return;
		for (const { from, when } of sources.files.get(path)?.imports ?? []) {
			const target = resolveImport(sources, path, from);
			if (when === "value" && target.kind === "file") follow(target.path, [...way, path]);
		}
		done.add(path);
	};
	for (const path of paths(sources, ({ isTest }) => !isTest)) follow(path, []);
	return found;
}

const AMBIENT = "Bun|Date|Math|console|crypto|fetch|globalThis|performance|process|self";
const TIMERS = "set(?:Timeout|Interval|Immediate)|queueMicrotask";

/** `protocol/` has no I/O, clock, randomness or logger, and no dependency. */
export function protocolImpure(sources: Sources): string[] {
	const ambient = new RegExp(`(?<!\\.)\\b(?:${AMBIENT.replace("Math|", "")}|${TIMERS})\\b|\\bMath(?:\\.random|\\[)`);
	return paths(sources, ({ package: name, isTest, imports, code }) => {
		if (name !== "protocol" || isTest) return false;
		return imports.some(({ from }) => !from.startsWith(".")) || ambient.test(code);
	});
}

/** What of the client and the page runs in browsers uses web standards only, and no file of those that do not. */
export function notStandard(sources: Sources): string[] {
	const isForNode = (path: string): boolean => /^client\/src\/node(\/|\.ts$)/.test(path);
	return paths(sources, ({ path, imports, code }) => {
		if (!/^(client|web)\/src\//.test(path) || isForNode(path) || path === "web/src/bundle.ts") return false;
		if (/(?<!\.)\b(?:Bun|process|Buffer)\b[.[]/.test(code)) return true;
		return imports.some(({ from }) => {
			const target = resolveImport(sources, path, from, PAGE);
			return /^(node:|bun$|bun:|ws$)/.test(from) || (target.kind === "file" && isForNode(target.path));
		});
	});
}

const CLOCK = [
	"\\bnew Date(?:\\(\\)|(?!\\())|(?<!\\bnew |\\binstanceof |[:<|])\\bDate\\b",
	"(?<!\\.)\\bperformance\\b|\\bglobalThis\\.(?:performance|crypto|Math|Bun|Date)\\b",
	"(?<!\\.)\\bset(?:Timeout|Interval|Immediate)\\b|\\bglobalThis\\.set",
	"\\bBun\\.(?:nanoseconds|sleep|sleepSync|randomUUIDv\\d|cron)\\b|\\bprocess\\.(?:hrtime|uptime)\\b|\\bAbortSignal\\.timeout\\b",
	"\\bMath\\.random\\b|\\bcrypto\\.(?:getRandomValues|random\\w+)\\b",
	"(?<!\\.)\\b(?:Bun|Date|Math|crypto|globalThis|performance|process)\\[",
	"\\b(?:random(?:Bytes|Int|UUID|Fill\\w*)|hrtime)\\(",
].join("|");
const TIMES_AND_CHANCE = /^node:(timers|perf_hooks)/;

/** What uses a clock or chance of its own. */
export function notFromOutside({ code, imports }: SourceFile): boolean {
	return new RegExp(CLOCK).test(code) || imports.some(({ from }) => TIMES_AND_CHANCE.test(from));
}

/** A file of more than 400 lines opens with the reason, and has 600 at most. */
export function tooLong({ lines, opening }: SourceFile): boolean {
	return lines > 600 || (lines > 400 && !/\b(?:long|one file) because\b/i.test(opening.replace(/\s*\n\/\/\s*/g, " ")));
}

/** A test that never runs, or keeps others from running. */
export function skipsTests({ code }: SourceFile): boolean {
	const chain = "\\b(?:test|it|describe)(?:\\.\\w+|\\([^()]*\\))*";
	if (
		new RegExp(`${chain}\\.(?:only|todo|skip|failing)\\b|(?<!\\.)\\b(?:test|it|describe)\\[|\\bx(?:test|it|describe)\\(`).test(
			code,
		)
	)
		return true;
	// A condition of constants alone is none.
	const conditions = [...code.matchAll(new RegExp(`${chain}\\.(?:skipIf|todoIf|if)\\(([^()]*)\\)`, "g"))];
	return conditions.some(
		([, condition = ""]) => !/[A-Za-z_$]/.test(condition.replace(/\b(?:true|false|null|undefined|void)\b/g, "")),
	);
}

/** A type that the compiler was kept from checking. */
export function escapesTypes({ code, comments }: SourceFile): boolean {
	return comments.some((comment) => /@ts-(?:ignore|nocheck|expect-error)/.test(comment)) || /:any\b|\bas any\b|<any\b/.test(code);
}
