// The reasons for which a run fails, as text.
import type { DeliveryCounters } from "./load/load-connection.ts";
import type { Session } from "./peers/verbatim-session.ts";

/** Failures of all receivers and their sessions. `expected`: deliveries due to them in all. */
export function failuresOf(
	counters: Pick<DeliveryCounters, "disordered" | "lost">,
	delivered: number,
	expected: number,
	sessions: readonly Session[] = [],
): string[] {
	const failures: string[] = [];
	if (delivered < expected) failures.push(`${expected - delivered} of ${expected} deliveries were missing`);
	if (delivered > expected) failures.push(`${delivered - expected} deliveries beyond the ${expected} that were due`);
	if (counters.disordered > 0) failures.push(`${counters.disordered} frames did not follow what was there before`);
	if (counters.lost > 0) failures.push(`${counters.lost} connections were lost`);
	return [...failures, ...new Set(sessions.flatMap(({ errors }) => errors))];
}
