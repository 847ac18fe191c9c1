// What a run would have measured if it had been here: said loudly at once, and again in the report.
import { Absent } from "./peers/peer.ts";

/** All that was absent in this run, in words, each once. */
export const absences = new Set<string>();

/** For `catch`: notes an absence and goes on without; anything else is an error. */
export function unlessAbsent(error: unknown): undefined {
	if (!(error instanceof Absent)) throw error;
	console.error(`ABSENT: ${error.message}`);
	absences.add(error.message);
	return undefined;
}
