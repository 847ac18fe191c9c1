// `room.entries()`: a reader with a cursor of its own over the room's log. It takes from the timeline's window what is there
// and fetches what is not; it is pulled, so a slow loop costs no memory and misses nothing.

import type { SkippedRange } from "../api.ts";
import type { Entry } from "../entry.ts";
import { EpochError } from "../errors.ts";
import type { Run, Window } from "./window.ts";

/** What a reader needs of its room. */
export interface Readable {
	readonly id: string;
	readonly window: Window;
	/** Undefined while the room goes on; then how it ended: nothing, or an error to throw. */
	readonly ending: { readonly error?: Error } | undefined;
	/** Why `seq`, which lies before the window, is not in it. */
	reasonBefore(seq: number): "far" | "trimmed";
	/** The entries after `seq`, at least one, over any number of reconnects. Rejects when that can never be, or with the signal. */
	fetchAfter(seq: number, signal: AbortSignal): Promise<Run>;
	/** Resolves when the window or the ending has changed, or with the signal. */
	stirred(signal: AbortSignal): Promise<void>;
}

export type Item = Entry | { readonly skipped: SkippedRange };

/** An iteration over `room` after `after`. `return` and the signal end it at any time, also while it waits. */
export function readEntries(room: Readable, after: number, fill: boolean, signal?: AbortSignal): AsyncIterableIterator<Item> {
	const stop = new AbortController();
	const onAbort = (): void => stop.abort();
	if (signal?.aborted) stop.abort();
	else signal?.addEventListener("abort", onAbort, { once: true });
	const inner = read(room, room.window.epoch, after, fill, stop.signal);
	const finish = (): void => signal?.removeEventListener("abort", onAbort);
	return {
		async next() {
			try {
				const result = await inner.next();
				if (result.done) finish();
				return result;
			} catch (error) {
				finish();
				// Ended on purpose while it fetched: that is no error.
				if (stop.signal.aborted) return { done: true, value: undefined };
				throw error;
			}
		},
		async return() {
			finish();
			stop.abort();
			return inner.return(undefined);
		},
		[Symbol.asyncIterator]() {
			return this;
		},
	};
}

async function* read(
	room: Readable,
	began: number,
	after: number,
	fill: boolean,
	signal: AbortSignal,
): AsyncGenerator<Item, undefined> {
	const { window } = room;
	let epoch = began;
	let next = after + 1;
	while (!signal.aborted) {
		if (window.epoch !== epoch) {
			if (fill) throw new EpochError(room.id, window.to);
			// Taken before the loop gets its turn: the window may move on meanwhile.
			({ epoch, from: next } = window);
			yield { skipped: { from: 1, to: next - 1, reason: "epoch" } };
		} else if (next > window.to) {
			if (room.ending !== undefined) {
				if (room.ending.error !== undefined) throw room.ending.error;
				return undefined;
			}
			await room.stirred(signal);
		} else if (next >= window.from) {
			const entry = window.at(next++);
			if (entry !== undefined) yield entry;
		} else if (fill) {
			const run = await room.fetchAfter(next - 1, signal);
			if (run.epoch !== epoch) {
				// The window of a room that has ended will not follow.
				if (room.ending !== undefined) throw room.ending.error ?? new EpochError(room.id, window.to);
				if (window.epoch === epoch) await room.stirred(signal);
				continue;
			}
			for (const entry of run.entries) {
				if (signal.aborted) return undefined;
				if (entry.seq !== next) continue;
				next++;
				yield entry;
			}
		} else {
			const from = next;
			next = window.from;
			yield { skipped: { from, to: next - 1, reason: room.reasonBefore(from) } };
		}
	}
	return undefined;
}
