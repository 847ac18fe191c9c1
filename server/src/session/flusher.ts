// One write per connection and turn of the event loop: outboxes with something to write register, and are flushed at the end of
// the turn.
import type { Clock } from "../base/clock.ts";

export interface Flushable {
	flush(): void;
	/** `flush` has thrown: a bug, which ends this session and no other. Never throws. */
	broken(cause: unknown): void;
}

export class Flusher {
	private readonly clock: Pick<Clock, "soon">;
	private due: Flushable[] = [];
	private scheduled = false;

	constructor(clock: Pick<Clock, "soon">) {
		this.clock = clock;
	}

	/** Flushes `outbox` at the end of this turn. Called once per turn. */
	register(outbox: Flushable): void {
		this.due.push(outbox);
		if (!this.scheduled) {
			this.scheduled = true;
			this.clock.soon(this.flushAll);
		}
	}

	private readonly flushAll = (): void => {
		const due = this.due;
		this.due = [];
		this.scheduled = false;
		for (const outbox of due) {
			try {
				outbox.flush();
			} catch (cause) {
				outbox.broken(cause);
			}
		}
	};
}
