// Repairs a gap at the live end of a window: fetches the entries of a lost frame from the log. Entries that are pushed meanwhile beyond
// the gap are dropped, and fetched too.
import { ENDED } from "../base/ended.ts";
import { ProtocolError, type VerbatimError } from "../base/errors.ts";
import type { Run } from "./log-window.ts";

export interface GapRepairPort {
	fetchAfter(seq: number, signal: AbortSignal): Promise<Run>;
	/** Extends the window. */
	take(run: Run): void;
	/** The window's end. */
	to(): number;
	resync(why: ProtocolError): void;
	/** A larger gap causes a resync instead: by the cursor in the hello the server decides what to send. Entries. */
	readonly gapMax: number;
}

export class GapRepair {
	private readonly port: GapRepairPort;
	private wanted = 0;
	private underWay: AbortController | undefined;

	constructor(port: GapRepairPort) {
		this.port = port;
	}

	/** Fetches entries until the window reaches `seq`. */
	repair(seq: number): void {
		this.wanted = Math.max(this.wanted, seq);
		if (this.wanted - this.port.to() > this.port.gapMax) {
			this.port.resync(new ProtocolError(`${this.wanted - this.port.to()} entries are missing`));
		} else if (this.underWay === undefined) {
			void this.run();
		}
	}

	/** Cancels the repair: the window was reset, or the session has ended. */
	stop(): void {
		this.wanted = 0;
		this.underWay?.abort(ENDED);
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
					: new ProtocolError("missing entries could not be fetched", { cause: error as VerbatimError }),
			);
		} finally {
			if (this.underWay === control) this.underWay = undefined;
		}
	}
}
