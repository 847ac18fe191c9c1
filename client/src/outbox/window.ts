// How many sends may be on the wire at once. It opens and closes with the server's patience, as TCP's window does: after a refusal
// from one upwards, quickly to half of what was too much, then slowly.
export class SendWindow {
	inFlight = 0;
	private readonly max: number;
	private size: number;
	/** Up to here it opens quickly. */
	private threshold: number;

	constructor(max: number) {
		this.max = max;
		this.size = max;
		this.threshold = max;
	}

	get open(): boolean {
		return this.inFlight < Math.floor(this.size);
	}

	acknowledged(): void {
		this.size = Math.min(this.max, this.size + (this.size < this.threshold ? 1 : 0.5 / this.size));
	}

	refused(): void {
		this.threshold = Math.max(1, Math.floor(this.size / 2));
		this.size = 1;
	}

	/** Another connection: what the server bears is not known yet. */
	reset(): void {
		this.size = this.max;
	}
}
