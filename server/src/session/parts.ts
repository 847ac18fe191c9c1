// The parts of the server that sessions use; made by core.ts. Sessions learn of each other by the bus only.
import type { Timing } from "@verbatim/protocol";
import type { Revocations } from "../account/revocations.ts";
import type { HelloQueue } from "../admit/hello-queue.ts";
import type { Faults } from "../base/faults.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import type { CommandParts } from "../command/context.ts";
import type { RateLimits } from "../command/run.ts";
import type { Buckets } from "../limit/buckets.ts";
import type { LogSampler } from "../limit/log-sampler.ts";
import type { Directory } from "../people/directory.ts";
import type { EphemeralStates } from "./ephemeral-states.ts";
import type { Flusher } from "./flusher.ts";
import type { OutboxTotal } from "./outbox.ts";
import type { Principal } from "./principal.ts";
import type { Session } from "./session.ts";
import type { TimerWheel } from "./timer-wheel.ts";

export interface SessionParts extends CommandParts {
	readonly log: Log;
	readonly metrics: Metrics;
	readonly timing: Timing;
	/** Name and version, for every welcome. */
	readonly version: string;
	readonly directory: Directory<Principal>;
	readonly faults: Faults;
	readonly flusher: Flusher;
	readonly wheel: TimerWheel;
	readonly outboxTotal: OutboxTotal;
	readonly rateLimits: RateLimits;
	/** Refusals before the welcome, by address. */
	readonly unauthenticatedRefusals: Buckets;
	readonly hellos: HelloQueue;
	readonly ephemeralStates: EphemeralStates<Principal>;
	/** Every session whose link is open; each adds and removes itself. */
	readonly sessions: Set<Session>;
	readonly revocations: Revocations;
	/** Sampled log lines of sessions. */
	readonly lines: LogSampler;
	/** This process's name on the bus, and in its sessions' ids. */
	readonly node: string;
	/** The number of a new session: 1, 2, 3, … */
	nextSession(): number;
}
