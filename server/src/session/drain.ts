// Sends everybody home before a stop: not all in one moment, and not all back in one moment. Each is told when to come back: after
// the last has gone, for before that nobody is let in, and spread over a while after it. What was begun is answered first.
import type { Clock, Random } from "../base/clock.ts";

export interface Drainable {
	/** Lets commands under way finish, then tells the client to come back after `retryAfterMs`. */
	drain(retryAfterMs: number): Promise<void>;
	/** `drain` has failed: our bug, which ends this session and holds up no other. Never throws. */
	broken(what: string, cause: unknown): void;
}

/** Saying goodbye to one, and what follows from it, takes less: others are served in between. */
const MS_EACH = 0.2;
const STEP_MS = 10;
/** Those who come back are spread over this long for each thousand of them. */
const RETURN_SPREAD_MS = 200;
const RETURN_SPREAD_MAX_MS = 10_000;

/** Takes at most half of `withinMs` for the goodbyes: the other half is for what is still under way. 0: all at once. */
export async function drainSessions(
	sessions: readonly Drainable[],
	withinMs: number,
	{ clock, random }: { readonly clock: Pick<Clock, "after">; readonly random: Pick<Random, "float"> },
): Promise<void> {
	const windowMs = Math.floor(Math.min(withinMs / 2, sessions.length * MS_EACH));
	const spreadMs = Math.min(RETURN_SPREAD_MAX_MS, (sessions.length / 1_000) * RETURN_SPREAD_MS);
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
