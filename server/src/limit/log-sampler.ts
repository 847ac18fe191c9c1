// Rate limits for log lines that unauthenticated peers can cause: by kind, and for refusals by address too, so that no flood fills the disk and
// no peer's lines crowd out all others. Dropped lines are counted: the next line of the kind has the number (`leftOut`), or a line of its own
// if none follows.
import type { Cancel, Clock } from "../base/clock.ts";
import type { Log, LogFields } from "../base/log.ts";
import { addressKey } from "./address-key.ts";
import { Bucket, type Rate } from "./bucket.ts";
import { Buckets } from "./buckets.ts";

/** Rates for lines of one kind. Refusals cost the peer nothing, hence the lowest rate; admitted peers have limits elsewhere. */
export const LINE_RATES = {
	refused: { perSecond: 5, burst: 50 },
	served: { perSecond: 50, burst: 500 },
	/** The server's own trouble, at `error`: a failing store fails with each batch. */
	trouble: { perSecond: 0.2, burst: 10 },
} as const satisfies Record<string, Rate>;

/** Refusals of one address. */
const ADDRESS_RATE: Rate = { perSecond: 1, burst: 20 };
const ADDRESSES_MAX = 10_000;
/** Kinds come from our own tables (codes, closes, reasons, status classes); bounded all the same. */
const KINDS_MAX = 1_000;
/** Dropped lines are reported after this long without a line of their kind. */
const TELL_AFTER_MS = 10_000;

interface Kind {
	readonly bucket: Bucket;
	leftOut: number;
	readonly level: "info" | "error";
}

export interface Line {
	readonly about: keyof typeof LINE_RATES;
	/** Lines of one kind share a bucket; a constant of ours, never the peer's text. */
	readonly kind: string;
	/** Of the peer. */
	readonly address: string;
}

export class LogSampler {
	private readonly log: Pick<Log, "info" | "error">;
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly kinds = new Map<string, Kind>();
	private readonly addresses: Buckets;
	private cancel: Cancel | undefined;

	constructor(log: Pick<Log, "info" | "error">, clock: Pick<Clock, "monotonic" | "after">) {
		this.log = log;
		this.clock = clock;
		this.addresses = new Buckets(ADDRESS_RATE, clock, ADDRESSES_MAX);
	}

	/** Writes the line at `info` (`trouble`: at `error`), or counts it. `fields` is called only if it is written. */
	line({ about, kind, address }: Line, fields: () => LogFields, msg: string): void {
		const state = this.kindOf(about, kind);
		const isOver = about === "refused" && this.addresses.take(`${kind} ${addressKey(address)}`) > 0;
		if (isOver || state.bucket.take() > 0) {
			state.leftOut++;
			this.cancel ??= this.clock.after(TELL_AFTER_MS, () => this.tell());
			return;
		}
		const { leftOut } = state;
		state.leftOut = 0;
		this.log[state.level](leftOut === 0 ? fields() : { ...fields(), leftOut }, msg);
	}

	/** Reports what was dropped. Lines may still follow. */
	stop(): void {
		this.cancel?.();
		this.tell();
	}

	private tell(): void {
		this.cancel = undefined;
		for (const [kind, state] of this.kinds) {
			if (state.leftOut === 0) continue;
			this.log.info({ kind, leftOut: state.leftOut }, "lines of this kind were left out");
			state.leftOut = 0;
		}
	}

	private kindOf(about: Line["about"], kind: string): Kind {
		const name = this.kinds.has(kind) || this.kinds.size < KINDS_MAX ? kind : "other";
		let state = this.kinds.get(name);
		if (state === undefined) {
			state = { bucket: new Bucket(LINE_RATES[about], this.clock), leftOut: 0, level: about === "trouble" ? "error" : "info" };
			this.kinds.set(name, state);
		}
		return state;
	}
}
