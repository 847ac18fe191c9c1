// The parts of the server that listeners use.
import type { Timing } from "@verbatim/protocol";
import type { ConnectionAdmission } from "../../admit/connections.ts";
import type { Clock, Random } from "../../base/clock.ts";
import type { ServerLimits } from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import type { LogSampler } from "../../limit/log-sampler.ts";
import type { Formats } from "../../link/formats.ts";
import type { SessionHost } from "../../link/host.ts";
import type { Turns } from "./turns.ts";

export type ListenerMetrics = Pick<
	Metrics,
	"connections" | "refused" | "requests" | "framesDamaged" | "throttled" | "faults" | "illegalSteps" | "logins" | "errors"
>;

/** What every connection needs, of any protocol. */
export interface ListenerParts {
	readonly host: SessionHost;
	readonly admission: ConnectionAdmission;
	readonly formats: Formats;
	readonly turns: Turns;
	readonly limits: ServerLimits;
	readonly timing: Timing;
	readonly clock: Clock;
	readonly random: Random;
	readonly log: Pick<Log, "debug" | "info" | "warn" | "error">;
	/** For lines that unauthenticated peers can cause. */
	readonly lines: LogSampler;
	readonly metrics: ListenerMetrics;
}
