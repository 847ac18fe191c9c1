// The packages, the folders in them, and what a name in an import stands for.
import { readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { readSource, type SourceFile } from "./source-file.ts";

/** Which packages a package may import. Tests may import `testkit`, too. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
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
 * All folders of a package that have files, in order: a file imports from its own folder and from folders before it. What stands beside
 * the folders, in `src/` itself, joins them and may import all.
 */
export const FOLDERS: Readonly<Record<string, readonly string[]>> = {
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

/** The `exports` of a package.json: by `"."` or `"./name"`, a path or paths by condition. */
export type Exports = Readonly<Record<string, unknown>>;

/** What the rules are held against. */
export interface Sources {
	/** By path from the root. */
	readonly files: ReadonlyMap<string, SourceFile>;
	/** By package; one without is absent. */
	readonly exports: Readonly<Record<string, Exports>>;
	/** Packages whose exports are for others, too. */
	readonly published: ReadonlySet<string>;
}

/** All files in TypeScript below `root`, generated ones left out, with the `exports` of their packages. */
export function readSources(root: string): Sources {
	const files = new Map<string, SourceFile>();
	for (const path of new Bun.Glob(`{${Object.keys(ARROWS).join(",")}}/**/*.{ts,tsx,mts,cts}`).scanSync(root)) {
		if (/node_modules|\/gen\/|\/dist\//.test(path)) continue;
		files.set(path, readSource(path, readFileSync(join(root, path), "utf8")));
	}
	const exports: Record<string, Exports> = {};
	const published = new Set<string>();
	for (const name of Object.keys(ARROWS)) {
		const manifest = JSON.parse(readFileSync(join(root, name, "package.json"), "utf8"));
		if (manifest.exports !== undefined) exports[name] = manifest.exports;
		if (manifest.private !== true) published.add(name);
	}
	return { files: new Map([...files].sort(([a], [b]) => a.localeCompare(b))), exports, published };
}

export type Target =
	| { readonly kind: "file"; readonly path: string; readonly isByName: boolean }
	/** A name within a package of ours that it does not export. */
	| { readonly kind: "closed"; readonly package: string }
	| { readonly kind: "other" };

/** The conditions by which programs of this repository read `exports`, and those by which a page does. */
const PROGRAM: readonly string[] = ["bun", "default"];
export const PAGE: readonly string[] = ["bun", "browser", "default"];

/** The file that `from` stands for in the file at `path`. */
export function resolveImport(sources: Sources, path: string, from: string, conditions: readonly string[] = PROGRAM): Target {
	if (from.startsWith(".")) return { kind: "file", path: normalize(join(path, "..", from)), isByName: false };
	const [, name = "", rest = ""] = /^@verbatim\/([^/]+)(\/.*)?$/.exec(from) ?? [];
	if (name === "") return { kind: "other" };
	const exported = pathOf(sources.exports[name]?.[`.${rest}`], conditions);
	return exported === undefined
		? { kind: "closed", package: name }
		: { kind: "file", path: join(name, exported), isByName: true };
}

function pathOf(exported: unknown, conditions: readonly string[]): string | undefined {
	if (typeof exported === "string") return exported;
	if (typeof exported !== "object" || exported === null) return undefined;
	const fitting = Object.entries(exported).find(([condition]) => conditions.includes(condition));
	return fitting && pathOf(fitting[1], conditions);
}
