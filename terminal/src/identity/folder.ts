// Where this user's terminal keeps what must outlive it: tokens, what waits to be sent, what was seen.
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder of this program by the XDG Base Directory Specification: `$XDG_STATE_HOME/verbatim`, or below `~/.local/state`. */
export function stateFolder(env: Environment): string {
	const { XDG_STATE_HOME: state, HOME: home } = env;
	// The specification: a relative path is to be passed over.
	return join(state && isAbsolute(state) ? state : join(home || homedir(), ".local", "state"), "verbatim");
}

/** A file name for anything: readable, unique, and the same each time. */
export function fileNameOf(text: string): string {
	const readable = text.replace(/[^A-Za-z0-9.-]+/g, "_").slice(0, 40);
	return `${readable}-${createHash("sha256").update(text).digest("hex").slice(0, 10)}`;
}
