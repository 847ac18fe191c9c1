// A server's process after it listens: it runs until a signal, a second signal, or an uncaught exception.
//
// An uncaught exception may have left any work half done, and memory inconsistent. Acknowledged entries are on disk, and clients
// resume: so the server says goodbye as far as it can, and ends, to be restarted.
//
// An unhandled rejection has interrupted nothing: it is logged and counted as a bug, and the server goes on.
import type { Cancel, Clock, Random } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";

export interface ProcessEvents {
	on(event: ProcessEvent, listener: (what: unknown) => void): unknown;
	off(event: ProcessEvent, listener: (what: unknown) => void): unknown;
}

export type ProcessEvent = "SIGTERM" | "SIGINT" | "uncaughtException" | "unhandledRejection";

/** stopped: everything was finished. cutShort: a second signal, or not done in time. fault: a bug. */
export type Ending = "stopped" | "cutShort" | "fault";

export interface RunParts {
	readonly server: { stop(): Promise<void>; readonly metrics: Pick<Metrics, "faults"> };
	readonly events: ProcessEvents;
	readonly clock: Clock;
	readonly random: Random;
	readonly log: Log;
	/** The time limit that the server's `stop` keeps itself. */
	readonly drainMs: number;
	/** Called on the first signal. */
	readonly stopping: () => void;
	/** Is the process that started this one still its parent? If not, it has ended, and so does this. */
	readonly hasParent?: () => boolean;
}

/** Beyond `drainMs`, which `stop` keeps, something hangs. */
const GRACE_MS = 500;
/** Signals this close count as one: npm passes on what the terminal or a service manager has sent to all processes already. */
const SAME_WISH_MS = 1_000;
/** Interval of the checks for the parent. */
const PARENT_MS = 250;
/** Time limit after a fault, when `stop` may hang. */
const FAULT_STOP_MS = 3_000;

/** Resolves when the process should end. */
export function untilStopped({ server, events, clock, random, log, drainMs, stopping, hasParent }: RunParts): Promise<Ending> {
	return new Promise((resolve) => {
		let state: "running" | "stopping" | "faulty" = "running";
		let cancel: Cancel = () => {};
		let cancelWatch: Cancel = () => {};
		let firstSignalMs = Number.NEGATIVE_INFINITY;
		const end = (ending: Ending): void => {
			cancel();
			cancelWatch();
			for (const [event, listener] of Object.entries(listeners)) events.off(event as ProcessEvent, listener);
			resolve(ending);
		};
		const stop = (withinMs: number, done: Ending, overdue: Ending): void => {
			cancel = clock.after(withinMs, () => {
				log.error({ withinMs }, "stopping took too long; what was acknowledged is safe, connections are cut");
				end(overdue);
			});
			server.stop().then(
				() => end(done),
				(err: unknown) => {
					log.error({ err }, "stopping went wrong; what was acknowledged is safe");
					end("fault");
				},
			);
		};
		const signal = (name: string) => (): void => {
			if (clock.monotonic() - firstSignalMs < SAME_WISH_MS) return;
			if (state !== "running") return end(state === "faulty" ? "fault" : "cutShort");
			state = "stopping";
			firstSignalMs = clock.monotonic();
			log.info({ signal: name }, "stopping: nobody new, clients are told, commits are finished");
			stopping();
			stop(drainMs + GRACE_MS, "stopped", "cutShort");
		};
		const fault = (err: unknown): void => {
			server.metrics.faults.add("process");
			const trace = newId("t", clock, random);
			log.error({ err, trace }, "an error that nobody caught: the server stops, so as not to go on with a wrong memory");
			if (state === "faulty") return end("fault");
			cancel();
			state = "faulty";
			stop(FAULT_STOP_MS, "fault", "fault");
		};
		const rejection = (err: unknown): void => {
			server.metrics.faults.add("promise");
			log.error({ err, trace: newId("t", clock, random) }, "a promise failed and nobody listened");
		};
		const listeners: Record<ProcessEvent, (what: unknown) => void> = {
			SIGTERM: signal("SIGTERM"),
			SIGINT: signal("SIGINT"),
			uncaughtException: fault,
			unhandledRejection: rejection,
		};
		for (const [event, listener] of Object.entries(listeners)) events.on(event as ProcessEvent, listener);
		const watchParent = (): void => {
			cancelWatch = clock.after(PARENT_MS, () => {
				if (hasParent?.() === true) watchParent();
				else if (state === "running") signal("the process that started this one has ended")();
			});
		};
		if (hasParent) watchParent();
	});
}
