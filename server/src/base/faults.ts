// Reports of our own bugs. A loop over many callees (subscribers, listeners, timers) catches what each throws and reports it here: counted by
// place, logged under a trace id; the loop continues.
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

/** A transition that a state table does not have: our bug. It ends its session. */
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
			// The log itself failed.
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

/** `clock` with guarded timers: a task that throws is reported and stops neither other timers nor the process. */
export function guardedClock(clock: Clock, faults: Faults): Clock {
	const guarded = (task: () => void) => (): void => faults.guard("timer", "a timer met an unexpected error", task);
	return {
		now: () => clock.now(),
		monotonic: () => clock.monotonic(),
		after: (ms, task) => clock.after(ms, guarded(task)),
		soon: (task) => clock.soon(guarded(task)),
	};
}

/** An invariant, checked in production too. Throws when violated: our bug; it ends its session. */
export function assert(condition: boolean, what: string): asserts condition {
	if (!condition) throw new Error(`assertion violated: ${what}`);
}
