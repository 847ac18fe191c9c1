/** Open-loop schedule: `run` calls `work` as often as it has become due, whether or not earlier work is done. */
export class Schedule {
	/** How often it was done. */
	done = 0;
	private readonly perSecond: number;
	private readonly work: (index: number) => void;
	private readonly startMs = performance.now();

	constructor(perSecond: number, work: (index: number) => void) {
		this.perSecond = perSecond;
		this.work = work;
	}

	run(): void {
		while (performance.now() - this.startMs >= (this.done / this.perSecond) * 1_000) this.work(this.done++);
	}
}
