// Exports that nobody uses. What a published package exports is for others, and counts as used.
import { PAGE, resolveImport, type Sources } from "./packages.ts";

interface Uses {
	/** By sources. */
	readonly names: Set<string>;
	readonly byTests: Set<string>;
}

/**
 * The exports of sources that no other file imports and their own does not use; those, too, that only tests import, unless the file is an
 * entry of its package, by which tests of others come. A file that is imported whole is used whole.
 */
export function unusedExports(sources: Sources, packages: readonly string[]): string[] {
	const uses = new Map([...sources.files.keys()].map((path): [string, Uses] => [path, { names: new Set(), byTests: new Set() }]));
	const mark = (path: string, name: string, isTest: boolean): void => {
		const names = uses.get(path)?.[isTest ? "byTests" : "names"];
		if (names === undefined || names.has(name)) return;
		names.add(name);
		for (const from of sources.files.get(path)?.stars ?? []) {
			for (const target of targets(sources, path, from)) mark(target, name, isTest);
		}
	};
	for (const { path, isTest, imports } of sources.files.values()) {
		for (const { from, names } of imports) {
			for (const target of targets(sources, path, from)) for (const name of names) mark(target, name, isTest);
		}
	}
	const entries = new Set<string>();
	for (const [name, paths] of Object.entries(sources.exports)) {
		for (const key of Object.keys(paths)) {
			for (const entry of targets(sources, "", `@verbatim/${name}${key.slice(1)}`)) {
				entries.add(entry);
				if (!sources.published.has(name)) continue;
				for (const each of ["*", ...(sources.files.get(entry)?.exports ?? [])]) mark(entry, each, false);
			}
		}
	}
	return [...sources.files.values()].flatMap(({ path, package: own, isTest, words, exports }) => {
		const { names, byTests } = uses.get(path) as Uses;
		if (isTest || !packages.includes(own) || names.has("*")) return [];
		const isUsed = (name: string): boolean =>
			names.has(name) || words.filter((word) => word === name).length > 1 || (entries.has(path) && byTests.has(name));
		return exports.filter((name) => !isUsed(name)).map((name) => `${path}: ${name}`);
	});
}

function targets(sources: Sources, path: string, from: string): Set<string> {
	const both = [resolveImport(sources, path, from), resolveImport(sources, path, from, PAGE)];
	return new Set(both.flatMap((target) => (target.kind === "file" ? [target.path] : [])));
}
