// A folder's content, to compare it byte by byte.
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Name, mode and content of everything in `path`, which may be a file, or not there. */
export function imageOf(path: string): readonly string[] {
	const stat = lstatSync(path, { throwIfNoEntry: false });
	if (stat === undefined) return ["nothing"];
	const mode = stat.mode.toString(8);
	if (!stat.isDirectory()) return [`${mode} ${stat.size} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`];
	const inside = readdirSync(path).toSorted();
	return [mode, ...inside.flatMap((name) => imageOf(join(path, name)).map((line) => `${name}: ${line}`))];
}
