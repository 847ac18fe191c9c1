// How many sends may be on the wire at once. It opens and closes with the server's patience, as TCP's window does (RFC 5681, 6582): after
// a refusal from one upwards, quickly to half of what was too much, then slowly.
//
// Tries are numbered. Answers to those that were on the wire when one was refused tell of the window as it was then: they neither
// open nor close it any more.
export class SendWindow {
	inFlight = 0;
	private readonly max: number;
	private size: number;
	/** Up to here it opens quickly. */
	private threshold: number;
	/** The newest try when one was last refused. */
	private recover = 0;

	constructor(max: number) {
		this.max = max;
		this.size = max;
		this.threshold = max;
	}

	get open(): boolean {
		return this.inFlight < Math.floor(this.size);
	}

	/** `attempt`: which try was answered. */
	acknowledged(attempt: number): void {
		if (attempt <= this.recover) return;
		this.size = Math.min(this.max, this.size + (this.size < this.threshold ? 1 : 0.5 / this.size));
	}

	/** `newest`: the last try that is on the wire. */
	refused(attempt: number, newest: number): void {
		if (attempt <= this.recover) return;
		this.recover = newest;
		// A single one is not too much: the server is not ready yet, and how much it took before is still known.
		if (this.size >= 2) this.threshold = Math.floor(this.size / 2);
		this.size = 1;
	}

	/** Another connection: what the server bears is not known yet. */
	reset(): void {
		this.size = this.max;
	}
}
