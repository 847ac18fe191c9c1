// `room.entries()`: an iteration with its own cursor over the room's log. It reads from the room's window, and fetches entries that
// are not in it. It is pull-based: a slow loop buffers nothing and loses nothing.

import type { SkippedRange } from "../api/api.ts";
import { ENDED } from "../base/ended.ts";
import type { Entry } from "../base/entry.ts";
import { EpochError } from "../base/errors.ts";
import type { LogWindow, Run } from "./log-window.ts";

/** What the iteration needs of its room. */
export interface IterableRoom {
	readonly id: string;
	readonly window: LogWindow;
	/** Set when no further entries come; `error`: what the iteration throws then. */
	readonly ending: { readonly error?: Error } | undefined;
	/** Why `seq`, which lies before the window, is not in it. */
	reasonBefore(seq: number): "far" | "trimmed";
	/** The entries after `seq`, at least one, over any number of reconnects. Rejects with errors that are not retryable, and with the signal. */
	fetchAfter(seq: number, signal: AbortSignal): Promise<Run>;
	/** Resolves when the window or `ending` has changed, or with the signal. */
	waitForChange(signal: AbortSignal): Promise<void>;
}

export type EntryOrSkip = Entry | { readonly skipped: SkippedRange };

/** Iterates over the entries of `room` after `after`. `return` and the signal end it at any time, also while it waits. */
export function readEntries(
	room: IterableRoom,
	after: number,
	fill: boolean,
	signal?: AbortSignal,
): AsyncIterableIterator<EntryOrSkip> {
	const stop = new AbortController();
	const onAbort = (): void => stop.abort(ENDED);
	if (signal?.aborted) stop.abort(ENDED);
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
				// Ended by the caller during a fetch: not an error.
				if (stop.signal.aborted) return { done: true, value: undefined };
				throw error;
			}
		},
		async return() {
			finish();
			stop.abort(ENDED);
			return inner.return(undefined);
		},
		[Symbol.asyncIterator]() {
			return this;
		},
	};
}

async function* read(
	room: IterableRoom,
	began: number,
	after: number,
	fill: boolean,
	signal: AbortSignal,
): AsyncGenerator<EntryOrSkip, undefined> {
	const { window } = room;
	let epoch = began;
	let next = after + 1;
	while (!signal.aborted) {
		if (window.epoch !== epoch) {
			if (fill) throw new EpochError(room.id, window.to);
			// Read before the `yield`: the window may change during it.
			({ epoch, from: next } = window);
			yield { skipped: { from: 1, to: next - 1, reason: "epoch" } };
		} else if (next > window.to) {
			if (room.ending !== undefined) {
				if (room.ending.error !== undefined) throw room.ending.error;
				return undefined;
			}
			await room.waitForChange(signal);
		} else if (next >= window.from) {
			const entry = window.at(next++);
			if (entry !== undefined) yield entry;
		} else if (fill) {
			const run = await room.fetchAfter(next - 1, signal);
			if (run.epoch !== epoch) {
				// The window of a room that has ended will not change to the new epoch.
				if (room.ending !== undefined) throw room.ending.error ?? new EpochError(room.id, window.to);
				if (window.epoch === epoch) await room.waitForChange(signal);
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
