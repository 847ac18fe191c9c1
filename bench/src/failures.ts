// What makes a run one that does not count, in words.
import type { Crowd } from "./load/connection.ts";
import type { Session } from "./peers/verbatim-session.ts";

/** Everything that a crowd's receivers and their sessions have to complain of; `expected` deliveries were due to them together. */
export function failuresOf(
	crowd: Pick<Crowd, "disordered" | "lost">,
	delivered: number,
	expected: number,
	sessions: readonly Session[] = [],
): string[] {
	const failures: string[] = [];
	if (delivered < expected) failures.push(`${expected - delivered} of ${expected} deliveries were missing`);
	if (delivered > expected) failures.push(`${delivered - expected} deliveries beyond the ${expected} that were due`);
	if (crowd.disordered > 0) failures.push(`${crowd.disordered} frames did not follow what was there before`);
	if (crowd.lost > 0) failures.push(`${crowd.lost} connections were lost`);
	return [...failures, ...new Set(sessions.flatMap(({ complaints }) => complaints))];
}
