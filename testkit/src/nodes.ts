// The Nodes on which the SDK is tried: the one of this machine, and those that `npm run nodes` has brought.
import { existsSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** Beside the oldest, Node 20, the first line with a WebSocket of its own and the newest. */
export const NODE_VERSIONS: readonly string[] = ["22.23.3", "26.10.0"];

/** Where `npm run nodes` puts them. */
export const NODES_FOLDER = join(ROOT, "node_modules/.cache/verbatim/nodes");

export const NODES_MISSING = "needs Node 22 and 26: `npm run nodes`, 120 MB";

/** The npm package that brings Node for this machine. */
export const NODE_PACKAGE = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

/** The executable of a brought Node. */
export function nodePath(version: string): string {
	return join(NODES_FOLDER, version, "node_modules", NODE_PACKAGE, "bin/node");
}

export interface FoundNode {
	/** `machine`, or the version. */
	readonly name: string;
	/** Undefined where it is not there. */
	readonly path: string | undefined;
}

/** Each Node to try, missing ones too, so that tests can be skipped by name. */
export function findNodes(): readonly FoundNode[] {
	const brought = NODE_VERSIONS.map((version) => {
		const path = nodePath(version);
		return { name: `Node ${version}`, path: existsSync(path) ? path : undefined };
	});
	return [{ name: "this machine's Node", path: Bun.which("node") ?? undefined }, ...brought];
}
