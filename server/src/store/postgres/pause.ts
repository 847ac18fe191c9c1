// Waiting between attempts, until closed.
import type { Clock } from "../../base/clock.ts";

export class Pause {
	private readonly clock: Pick<Clock, "after">;
	private wake: (() => void) | undefined;
	private isOver = false;

	constructor(clock: Pick<Clock, "after">) {
		this.clock = clock;
	}

	/** One at a time. */
	wait(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const cancel = this.clock.after(ms, resolve);
			this.wake = () => {
				cancel();
				resolve();
			};
			if (this.isOver) this.wake();
		});
	}

	/** Ends what is waited for, now and from now on. */
	end(): void {
		this.isOver = true;
		this.wake?.();
	}
}
