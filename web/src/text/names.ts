// Names of rooms as people write them, and what is known of them before a server is asked.
import { nameProblem } from "@verbatim/protocol";

/** A name without the mark that people put before it. */
export function bareName(name: string): string {
	return name.trim().replace(/^[#@]/u, "");
}

/**
 * Why no server would make a room of this name, in a sentence, or undefined. Only the server can say more: whether a room that one may not
 * see has this name, or one that looks like it.
 */
export function roomNameProblem(name: string): string | undefined {
	const why = nameProblem(name);
	return why === undefined ? undefined : `This cannot be the name of a room: ${why}.`;
}

/** Are the two one name to those who write them? The server is stricter: names that look alike are one, too. */
export function sameRoomName(a: string, b: string): boolean {
	return a.toLocaleLowerCase() === b.toLocaleLowerCase();
}
