// Congestion window of the outbox: how many sends may be in flight. As TCP's (RFC 5681, 6582): a refusal sets it to one; then slow
// start up to half of the refused size, and additive increase after that.
//
// Tries are numbered. Answers to tries that were in flight at a refusal belong to the old window, and do not change the new one.
export class SendWindow {
	inFlight = 0;
	private readonly max: number;
	private size: number;
	/** Slow start ends at this size. */
	private threshold: number;
	/** The newest try at the last refusal. */
	private recover = 0;

	constructor(max: number) {
		this.max = max;
		this.size = max;
		this.threshold = max;
	}

	get open(): boolean {
		return this.inFlight < Math.floor(this.size);
	}

	/** `attempt`: number of the answered try. */
	acknowledged(attempt: number): void {
		if (attempt <= this.recover) return;
		this.size = Math.min(this.max, this.size + (this.size < this.threshold ? 1 : 0.5 / this.size));
	}

	/** `newest`: number of the last try in flight. */
	refused(attempt: number, newest: number): void {
		if (attempt <= this.recover) return;
		this.recover = newest;
		// A refusal at size 1 is not congestion, the server is not ready yet: keeps the threshold.
		if (this.size >= 2) this.threshold = Math.floor(this.size / 2);
		this.size = 1;
	}

	/** A new connection: starts with the full window. */
	reset(): void {
		this.size = this.max;
	}
}
