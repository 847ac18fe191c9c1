// Reconnect back-off: at once, then after 1, 2, 4 … 30 s, with full jitter (uniform between 0 and the full delay), so that clients of a
// restarted server do not reconnect at the same time. Reset only after `stableMs` of a live connection: one that breaks soon after each
// welcome must not be retried at full speed.
import type { Timing } from "@verbatim/protocol";
import type { Random } from "../base/clock.ts";

export class Backoff {
	private readonly timing: Pick<Timing, "reconnectMinMs" | "reconnectMaxMs">;
	private readonly random: Pick<Random, "float">;
	/** Attempts made since the last stable connection. */
	private made = 0;

	constructor(timing: Pick<Timing, "reconnectMinMs" | "reconnectMaxMs">, random: Pick<Random, "float">) {
		this.timing = timing;
		this.random = random;
	}

	/** Attempts since the last stable connection, the current one included. */
	get attempt(): number {
		return this.made;
	}

	/** Counts an attempt that begins. */
	count(): void {
		this.made++;
	}

	/** A connection was stable: the next attempt is the first again. */
	reset(): void {
		this.made = 0;
	}

	/**
	 * Delay before the next attempt, in milliseconds. `atLeastMs` is the server's `retryAfterMs`; the jitter is added to it, or clients
	 * with the same advice would reconnect together.
	 */
	delayMs(atLeastMs: number): number {
		const full =
			this.made <= 1 ? 0 : Math.min(this.timing.reconnectMaxMs, this.timing.reconnectMinMs * 2 ** Math.min(30, this.made - 2));
		return atLeastMs + full * this.random.float();
	}
}
