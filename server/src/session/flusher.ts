// One write per connection and turn: whoever has something due registers here, and is flushed when the turn ends.
import type { Clock } from "../base/clock.ts";

export interface Flushable {
	flush(): void;
	/** `flush` has thrown: our bug, which ends this session and nothing else. Never throws. */
	broken(cause: unknown): void;
}

export class Flusher {
	private readonly clock: Pick<Clock, "soon">;
	private due: Flushable[] = [];
	private scheduled = false;

	constructor(clock: Pick<Clock, "soon">) {
		this.clock = clock;
	}

	/** `outbox` is flushed at the end of this turn. The caller registers once per turn. */
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
