// Refusals that pass by themselves: how long a call waits before it is repeated, and what goes first meanwhile. Calls of the program go
// before reading in the background (`entries`, repairs), which uses the same allowance of the user and has time.
import type { Random } from "./clock.ts";
import { RefusedError } from "./errors.ts";
import { Waiters } from "./events.ts";

/** Back-off where the server gives no `retryAfterMs`. */
const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 10_000;

/** The part of `retryAfterMs` that is added at random: those refused together do not come back together. */
const JITTER = 0.1;

export class RefusalWaits {
	private readonly random: Pick<Random, "float">;
	/** Calls that were refused and are not settled. */
	private refused = 0;
	private readonly waiters = new Waiters();

	constructor(random: Pick<Random, "float">) {
		this.random = random;
	}

	/** A call was refused for the first time. The returned function is called once it has settled. */
	begin(): () => void {
		this.refused++;
		return () => {
			this.refused--;
			if (this.refused === 0) this.waiters.wake();
		};
	}

	/** How long a refused call waits, of `leftMs`. Undefined: its time ends before the server takes it. */
	callWaitMs(error: RefusedError, tries: number, leftMs: number): number | undefined {
		const leastMs = this.waitMs(error.retryAfterMs, tries);
		if (leastMs >= leftMs) return undefined;
		// The allowance comes back slowly: of several calls each waits longer than the one before.
		return Math.min(leastMs * Math.max(1, this.refused), Math.max(leastMs, leftMs / 2));
	}

	/** `retryAfterMs` with jitter; the back-off after `tries` where there is none. */
	waitMs(retryAfterMs: number, tries: number): number {
		if (retryAfterMs > 0) return retryAfterMs * (1 + JITTER * this.random.float());
		return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(20, tries)) * this.random.float();
	}

	/** Resolves when no refused call waits, or with the signal. */
	async idle(signal: AbortSignal): Promise<void> {
		while (this.refused > 0 && !signal.aborted) await this.waiters.wait(signal);
	}
}

/** Refused for the moment: not executed, and the same command succeeds later. */
export function passesByItself(error: unknown): error is RefusedError {
	return error instanceof RefusedError && error.retry && (error.code === "rate_limited" || error.code === "busy");
}
