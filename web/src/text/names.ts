// Names of rooms as users type them, and what can be checked without the server.
import { nameProblem } from "@verbatim/protocol";

/** A name without its prefix. */
export function bareName(name: string): string {
	return name.trim().replace(/^[#@]/u, "");
}

/**
 * Why no server would create a room of this name, as a sentence, or undefined. Only the server can tell whether a room that is
 * not visible has this name, or one that looks like it.
 */
export function roomNameProblem(name: string): string | undefined {
	const why = nameProblem(name);
	return why === undefined ? undefined : `This cannot be the name of a room: ${why}.`;
}

/** Are the two the same name as typed? The server is stricter: names that look alike are the same, too. */
export function sameRoomName(a: string, b: string): boolean {
	return a.toLocaleLowerCase() === b.toLocaleLowerCase();
}
