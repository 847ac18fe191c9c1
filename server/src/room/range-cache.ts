// RangeCache of logs that were read a moment ago, with their encodings: when thousands come back at once after a cut, the store is
// asked once per range and the range is encoded once per format, also for those who come seconds after the first. A log never
// changes behind its head, so that a piece is as true later as when it was read; it is only let go of, after a while or for room.
import type { Cancel, Clock } from "../base/clock.ts";
import type { EntriesPush } from "./push.ts";

/** A storm of readers coming back lasts seconds. */
const KEPT_MS = 5_000;
/** About the most that all pieces together hold, in bytes of entries; their encodings take about as much again. */
const BYTES_MAX = 8 * 1024 * 1024;

interface Kept {
	readonly push: EntriesPush;
	readonly bytes: number;
	readonly untilMs: number;
}

export class RangeCache {
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	/** The oldest first. */
	private readonly kept = new Map<string, Kept>();
	private bytes = 0;
	private cancel: Cancel | undefined;

	constructor(clock: Pick<Clock, "monotonic" | "after">) {
		this.clock = clock;
	}

	get(key: string): EntriesPush | undefined {
		return this.kept.get(key)?.push;
	}

	/** Keeps `push`, of about `bytes`, for a while. */
	add(key: string, push: EntriesPush, bytes: number): void {
		this.drop(key);
		this.kept.set(key, { push, bytes, untilMs: this.clock.monotonic() + KEPT_MS });
		this.bytes += bytes;
		for (const oldest of this.kept.keys()) {
			if (this.bytes <= BYTES_MAX) break;
			this.drop(oldest);
		}
		this.dropLater();
	}

	stop(): void {
		this.cancel?.();
		this.cancel = undefined;
		this.kept.clear();
		this.bytes = 0;
	}

	private dropLater(): void {
		const [oldest] = this.kept.values();
		if (oldest === undefined || this.cancel !== undefined) return;
		this.cancel = this.clock.after(Math.max(0, oldest.untilMs - this.clock.monotonic()), () => {
			this.cancel = undefined;
			const nowMs = this.clock.monotonic();
			for (const [key, { untilMs }] of this.kept) {
				if (untilMs > nowMs) break;
				this.drop(key);
			}
			this.dropLater();
		});
	}

	private drop(key: string): void {
		this.bytes -= this.kept.get(key)?.bytes ?? 0;
		this.kept.delete(key);
	}
}
