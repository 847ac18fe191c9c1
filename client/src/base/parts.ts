// Dependencies of most classes of the SDK, chosen once in client.ts.
import type { Limits, Timing } from "@verbatim/protocol";
import type { Clock, Random } from "./clock.ts";

export interface Parts {
	readonly clock: Clock;
	readonly random: Random;
	readonly timing: Timing;
	readonly limits: Limits;
}
