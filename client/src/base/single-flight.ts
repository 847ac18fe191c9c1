// Concurrent callers share one run of a task. Each has its own bounds; the run is aborted when the last caller has left.
interface Flight<T> {
	readonly result: Promise<T>;
	readonly control: AbortController;
	waiting: number;
}

export class SingleFlight<T> {
	private flight: Flight<T> | undefined;

	/** Joins the current run, or starts one. `signal` ends the caller's wait only. */
	join(start: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
		this.flight ??= this.begin(start);
		const { flight } = this;
		flight.waiting++;
		const leave = (): void => {
			if (--flight.waiting > 0) return;
			this.over(flight);
			flight.control.abort(signal.reason);
		};
		if (signal.aborted) leave();
		else signal.addEventListener("abort", leave, { once: true });
		return flight.result;
	}

	private begin(start: (signal: AbortSignal) => Promise<T>): Flight<T> {
		const control = new AbortController();
		const flight: Flight<T> = { result: start(control.signal), control, waiting: 0 };
		const over = (): void => this.over(flight);
		flight.result.then(over, over);
		return flight;
	}

	private over(flight: Flight<T>): void {
		if (this.flight === flight) this.flight = undefined;
	}
}
