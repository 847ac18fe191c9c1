// Fills a hole at the live end of a window: a frame was lost on the way, and what it carried is fetched from the log. What is
// pushed meanwhile and does not continue the window is not kept: it is fetched too.
import { ProtocolError, type VerbatimError } from "../errors.ts";
import type { Run } from "./window.ts";

export interface HealerPort {
	fetchAfter(seq: number, signal: AbortSignal): Promise<Run>;
	/** Extends the window. */
	take(run: Run): void;
	/** The window's end. */
	to(): number;
	resync(why: ProtocolError): void;
	/** A larger hole is not fetched here: the next hello's cursor lets the server decide what to send. */
	readonly gapMax: number;
}

export class Healer {
	private readonly port: HealerPort;
	private wanted = 0;
	private underWay: AbortController | undefined;

	constructor(port: HealerPort) {
		this.port = port;
	}

	/** The window must reach `seq`. */
	heal(seq: number): void {
		this.wanted = Math.max(this.wanted, seq);
		if (this.wanted - this.port.to() > this.port.gapMax) {
			this.port.resync(new ProtocolError(`${this.wanted - this.port.to()} entries are missing`));
		} else if (this.underWay === undefined) {
			void this.run();
		}
	}

	/** Somebody else sets it right. */
	stop(): void {
		this.wanted = 0;
		this.underWay?.abort();
		this.underWay = undefined;
	}

	private async run(): Promise<void> {
		const control = new AbortController();
		this.underWay = control;
		try {
			while (!control.signal.aborted && this.port.to() < this.wanted) {
				const run = await this.port.fetchAfter(this.port.to(), control.signal);
				if (control.signal.aborted) return;
				if (run.entries.length === 0) throw new ProtocolError(`the log ends at ${run.to}, before ${this.wanted}`);
				this.port.take(run);
			}
		} catch (error) {
			if (control.signal.aborted) return;
			this.port.resync(
				error instanceof ProtocolError
					? error
					: new ProtocolError("what is missing could not be fetched", { cause: error as VerbatimError }),
			);
		} finally {
			if (this.underWay === control) this.underWay = undefined;
		}
	}
}
