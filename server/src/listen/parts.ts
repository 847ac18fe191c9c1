// What the doors are given: the parts of the server behind them, and no more of each than they use.
import type { Timing } from "@verbatim/protocol";
import type { Clock, Random } from "../clock.ts";
import type { ServerLimits } from "../limits.ts";
import type { Log } from "../ops/log.ts";
import type { LogSampler } from "../ops/log-sampler.ts";
import type { Metrics } from "../ops/metrics.ts";
import type { SessionHost } from "../session/host.ts";
import type { Formats } from "./formats.ts";
import type { Gate } from "./gate.ts";
import type { Turns } from "./turns.ts";

export type DoorMetrics = Pick<
	Metrics,
	"connections" | "refused" | "requests" | "framesDamaged" | "throttled" | "faults" | "illegalSteps" | "logins" | "errors"
>;

/** What every connection needs, whatever it speaks. */
export interface DoorParts {
	readonly host: SessionHost;
	readonly gate: Gate;
	readonly formats: Formats;
	readonly turns: Turns;
	readonly limits: ServerLimits;
	readonly timing: Timing;
	readonly clock: Clock;
	readonly random: Random;
	readonly log: Pick<Log, "debug" | "info" | "warn" | "error">;
	/** Lines that strangers can cause. */
	readonly lines: LogSampler;
	readonly metrics: DoorMetrics;
}
