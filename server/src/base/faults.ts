// Our own bugs, met while others are served. Whoever calls many in a loop (subscribers, listeners, timers) catches what each of them throws
// and reports it here: it is counted by its place and logged under a trace id, and the loop goes on.
import type { Clock, Random } from "./clock.ts";
import { newId } from "./ids.ts";
import type { Log, LogFields } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export interface Faults {
	/** Counts and logs `cause`; returns the trace id, that of `fields` if it has one. Never throws. */
	report(place: string, what: string, cause: unknown, fields?: LogFields): string;
	/** Runs `task`; what it throws is reported. */
	guard(place: string, what: string, task: () => void): void;
}

/** A step that a table of states does not have: our bug, and ends the session in which it is met. */
export class IllegalStep extends Error {
	constructor(state: string, event: string) {
		super(`assertion violated: no step from ${state} by ${event}`);
	}
}

export interface FaultsParts {
	readonly clock: Clock;
	readonly random: Random;
	readonly log: Pick<Log, "error">;
	readonly metrics: Pick<Metrics, "faults" | "illegalSteps">;
}

export function createFaults({ clock, random, log, metrics }: FaultsParts): Faults {
	const report: Faults["report"] = (place, what, cause, fields) => {
		let trace = fields?.trace ?? "";
		try {
			metrics.faults.add(place);
			if (cause instanceof IllegalStep) metrics.illegalSteps.add(1);
			if (trace === "") trace = newId("t", clock, random);
			log.error({ ...fields, err: cause, trace }, what);
		} catch {
			// Nothing is left to tell it with.
		}
		return trace;
	};
	return {
		report,
		guard(place, what, task) {
			try {
				task();
			} catch (cause) {
				report(place, what, cause);
			}
		},
	};
}

/** `clock` with its timers guarded: one that throws is reported, and stops neither the others nor the process. */
export function guardedClock(clock: Clock, faults: Faults): Clock {
	const guarded = (task: () => void) => (): void => faults.guard("timer", "a timer met an unexpected error", task);
	return {
		now: () => clock.now(),
		monotonic: () => clock.monotonic(),
		after: (ms, task) => clock.after(ms, guarded(task)),
		soon: (task) => clock.soon(guarded(task)),
	};
}

/** What must always hold, in production too. Throws: a violation is our bug, and ends the session in which it is met. */
export function assert(condition: boolean, what: string): asserts condition {
	if (!condition) throw new Error(`assertion violated: ${what}`);
}
