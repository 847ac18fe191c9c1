// Readiness: should new connections be sent here? Load balancers and orchestrators ask often, and any client that reaches the
// port may; so the store is probed at most once a second.
import type { Clock } from "../../base/clock.ts";

export interface ReadinessParts {
	readonly clock: Pick<Clock, "monotonic" | "after">;
	/** Can the store commit? */
	readonly storeHealthy: () => Promise<boolean>;
	readonly loopWorstMs: () => number;
	readonly draining: () => boolean;
	/** Why sends are refused now, if they are. */
	readonly overloaded: () => string | undefined;
}

/** Reasons against, as text; empty: ready. */
export type Readiness = () => Promise<readonly string[]>;

const PROBE_EVERY_MS = 1_000;
const PROBE_MS_MAX = 2_000;
/** With an event loop this late no answer is in time. */
const LOOP_LATE_MS_MAX = 1_000;

export function createReadiness({ clock, storeHealthy, loopWorstMs, draining, overloaded }: ReadinessParts): Readiness {
	let probedMs = Number.NEGATIVE_INFINITY;
	let probe: Promise<boolean> = Promise.resolve(false);

	const storeAnswer = (): Promise<boolean> => {
		const nowMs = clock.monotonic();
		if (nowMs - probedMs >= PROBE_EVERY_MS) {
			probedMs = nowMs;
			probe = within(PROBE_MS_MAX, clock, storeHealthy());
		}
		return probe;
	};

	return async () => {
		// A stopping server may have closed its store.
		if (draining()) return ["draining: this server is about to stop"];
		const reasons: string[] = [];
		// As of now: the probe of the store may have taken long.
		const trouble = overloaded();
		if (!(await storeAnswer())) reasons.push("store: it cannot commit just now");
		const lateMs = loopWorstMs();
		if (lateMs > LOOP_LATE_MS_MAX) reasons.push(`event loop: up to ${Math.round(lateMs)} ms late in the last seconds`);
		if (trouble !== undefined) reasons.push(trouble);
		return reasons;
	};
}

/** The answer, or false if it does not come in time or fails. */
function within(ms: number, clock: Pick<Clock, "after">, answer: Promise<boolean>): Promise<boolean> {
	return new Promise((resolve) => {
		const cancel = clock.after(ms, () => resolve(false));
		answer.then(resolve, () => resolve(false)).finally(cancel);
	});
}
