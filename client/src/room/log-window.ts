// The gap-free range of a room's log that the client holds: all entries after `base`, in order. A run that arrives, in any order and any
// number of times, either extends it or is refused with the reason. Invariant: no gap.
import type { Entry as WireEntry } from "@verbatim/protocol";
import { type Entry, withText } from "../base/entry.ts";

/** A dense run of entries: `from` to `to`, inclusive; empty when `to` is `from` - 1. */
export interface Run {
	readonly epoch: number;
	readonly from: number;
	readonly to: number;
	readonly entries: readonly Entry[];
}

export type Extended =
	/** `fresh`: the new entries, in order; may be empty. */
	| { readonly kind: "extended"; readonly fresh: readonly Entry[] }
	/** `from` to `to` are missing between; nothing was changed. */
	| { readonly kind: "gap"; readonly from: number; readonly to: number }
	/** The run is of another epoch; nothing was changed. */
	| { readonly kind: "epoch" };

export class LogWindow {
	private epochNow: number;
	private base: number;
	private held: Entry[] = [];
	private snapshot: readonly Entry[] | undefined;

	/** Empty, right after `base`. */
	constructor(epoch: number, base: number) {
		this.epochNow = epoch;
		this.base = base;
	}

	get epoch(): number {
		return this.epochNow;
	}

	get from(): number {
		return this.base + 1;
	}

	get to(): number {
		return this.base + this.held.length;
	}

	get length(): number {
		return this.held.length;
	}

	/** The same array until something changes. */
	get entries(): readonly Entry[] {
		this.snapshot ??= this.held.slice();
		return this.snapshot;
	}

	at(seq: number): Entry | undefined {
		return this.held[seq - this.from];
	}

	/** The entries above `seq`; undefined if the window does not hold all of them. */
	above(seq: number): readonly Entry[] | undefined {
		if (seq >= this.to) return [];
		return this.from > seq + 1 ? undefined : this.held.slice(seq + 1 - this.from);
	}

	/** Appends the new entries of `run`, if it continues the window. */
	extend(run: Run): Extended {
		if (run.epoch !== this.epochNow) return { kind: "epoch" };
		if (run.from > this.to + 1) return { kind: "gap", from: this.to + 1, to: run.from - 1 };
		const fresh = run.entries.slice(this.to + 1 - run.from);
		if (fresh.length > 0) {
			this.held.push(...fresh);
			this.snapshot = undefined;
		}
		return { kind: "extended", fresh };
	}

	/** Prepends the entries of `run` before the window, if it is adjacent; returns how many. */
	prepend(run: Run): number {
		if (run.epoch !== this.epochNow || run.from >= this.from || run.to < this.base) return 0;
		const older = run.entries.slice(0, this.from - run.from);
		this.held = [...older, ...this.held];
		this.base = run.from - 1;
		this.snapshot = undefined;
		return older.length;
	}

	/** Replaces the content by `run`. */
	reset(run: Run): void {
		this.epochNow = run.epoch;
		this.base = run.from - 1;
		this.held = run.entries.slice();
		this.snapshot = undefined;
	}

	/** Drops the oldest entries, so that at most `keep` remain. */
	trim(keep: number): void {
		const drop = this.held.length - Math.max(0, keep);
		if (drop <= 0) return;
		this.held = this.held.slice(drop);
		this.base += drop;
		this.snapshot = undefined;
	}
}

/** `entries` as a run that begins at `from`; undefined if they are not dense. */
export function runOf(epoch: number, from: number, entries: readonly WireEntry[]): Run | undefined {
	if (!entries.every((entry, i) => entry.seq === from + i)) return undefined;
	return { epoch, from, to: from + entries.length - 1, entries: withText(entries) };
}

/** A page as a run; undefined if its entries do not match its bounds. */
export function runOfPage(page: {
	readonly epoch: number;
	readonly from: number;
	readonly to: number;
	readonly entries: readonly WireEntry[];
}): Run | undefined {
	const run = runOf(page.epoch, page.from, page.entries);
	return run !== undefined && (run.to === page.to || (page.to < page.from && run.entries.length === 0)) ? run : undefined;
}
