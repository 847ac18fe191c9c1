// When to connect again: at once, then after 1, 2, 4 … 30 s, each with full jitter (a uniform choice between nothing and the
// full wait), so that thousands who lost the same server do not come back in the same moment. Only a connection that held for
// `stableMs` sets it back: one that breaks soon after each welcome must not be asked again and again at full speed.
import type { Timing } from "@verbatim/protocol";
import type { Random } from "../clock.ts";

export class Backoff {
	private readonly timing: Pick<Timing, "reconnectMinMs" | "reconnectMaxMs">;
	private readonly random: Pick<Random, "float">;
	/** Attempts made since the last stable connection. */
	private made = 0;

	constructor(timing: Pick<Timing, "reconnectMinMs" | "reconnectMaxMs">, random: Pick<Random, "float">) {
		this.timing = timing;
		this.random = random;
	}

	/** The number of the attempt that is being made or comes next, from 1. */
	get attempt(): number {
		return this.made;
	}

	/** An attempt begins. */
	count(): void {
		this.made++;
	}

	/** A connection has held. What follows its loss is the first attempt again. */
	reset(): void {
		this.made = 0;
	}

	/**
	 * How long to wait before the next attempt, in milliseconds. `atLeastMs` is what the server asked for; the jitter comes on
	 * top, or all whom it told the same would come together.
	 */
	delayMs(atLeastMs: number): number {
		const full =
			this.made <= 1 ? 0 : Math.min(this.timing.reconnectMaxMs, this.timing.reconnectMinMs * 2 ** Math.min(30, this.made - 2));
		return atLeastMs + full * this.random.float();
	}
}
