// The state folder of the terminal client: tokens, outbox, read marks.
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

export type ProcessEnv = Readonly<Record<string, string | undefined>>;

/** By the XDG Base Directory Specification: `$XDG_STATE_HOME/verbatim`, default `~/.local/state/verbatim`. */
export function stateFolder(env: ProcessEnv): string {
	const { XDG_STATE_HOME: state, HOME: home } = env;
	// The specification requires that a relative path is ignored.
	return join(state && isAbsolute(state) ? state : join(home || homedir(), ".local", "state"), "verbatim");
}

/** A readable, unique and stable file name for `text`. */
export function fileNameOf(text: string): string {
	const readable = text.replace(/[^A-Za-z0-9.-]+/g, "_").slice(0, 40);
	return `${readable}-${createHash("sha256").update(text).digest("hex").slice(0, 10)}`;
}
