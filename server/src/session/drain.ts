// Drains sessions before a stop, spread over time, so that clients do not all leave or reconnect at the same moment. Commands in
// flight are answered first. Each client is told when to reconnect: after the last session has ended, spread again by a jitter.
import type { Clock, Random } from "../base/clock.ts";

export interface Drainable {
	/** Waits for commands in flight, then tells the client to reconnect after `retryAfterMs`. */
	drain(retryAfterMs: number): Promise<void>;
	/** `drain` has failed: a bug, which ends this session and delays no other. Never throws. */
	broken(what: string, cause: unknown): void;
}

/** More than ending one session takes: others are served in between. */
const MS_EACH = 0.2;
const STEP_MS = 10;
/** Jitter of the reconnects, per thousand sessions. */
const RETURN_SPREAD_MS = 200;
const RETURN_SPREAD_MAX_MS = 10_000;

/** `inAll`: with sessions that are drained elsewhere at the same time, whose clients come back to the same server. Takes at most half of `withinMs` for the goodbyes; the other half is for commands in flight. 0: all at once. */
export async function drainSessions(
	sessions: readonly Drainable[],
	withinMs: number,
	{ clock, random }: { readonly clock: Pick<Clock, "after">; readonly random: Pick<Random, "float"> },
	inAll = sessions.length,
): Promise<void> {
	const windowMs = Math.floor(Math.min(withinMs / 2, inAll * MS_EACH));
	const spreadMs = Math.min(RETURN_SPREAD_MAX_MS, (inAll / 1_000) * RETURN_SPREAD_MS);
	const ends: Promise<void>[] = [];
	for (let atMs = 0; ; atMs += STEP_MS) {
		const due = windowMs === 0 ? sessions.length : Math.ceil((sessions.length * (atMs + STEP_MS)) / windowMs);
		for (const session of sessions.slice(ends.length, due)) {
			const backMs = Math.max(0, windowMs - atMs) + random.float() * spreadMs;
			ends.push(session.drain(Math.floor(backMs)).catch((cause: unknown) => session.broken("a session was not drained", cause)));
		}
		if (ends.length === sessions.length) break;
		await new Promise<void>((resolve) => void clock.after(STEP_MS, resolve));
	}
	await Promise.all(ends);
}
