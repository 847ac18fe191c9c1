// Log ranges read recently, with their encodings: when thousands of sessions resume after a cut, the store is asked once per
// range and the range is encoded once per format. A log never changes behind its head, so a cached range stays true; it is
// evicted by age and by size.
import type { Cancel, Clock } from "../base/clock.ts";
import type { EntriesPush } from "./push.ts";

/** A reconnect storm lasts seconds. */
const TTL_MS = 5_000;
/** About the most bytes of entries in all cached ranges; their encodings take about as much again. */
const BYTES_MAX = 8 * 1024 * 1024;

interface Cached {
	readonly push: EntriesPush;
	readonly bytes: number;
	readonly untilMs: number;
}

export class RangeCache {
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	/** Oldest first. */
	private readonly cached = new Map<string, Cached>();
	private bytes = 0;
	private cancel: Cancel | undefined;

	constructor(clock: Pick<Clock, "monotonic" | "after">) {
		this.clock = clock;
	}

	get(key: string): EntriesPush | undefined {
		return this.cached.get(key)?.push;
	}

	/** Caches `push`, of about `bytes`. */
	add(key: string, push: EntriesPush, bytes: number): void {
		this.drop(key);
		this.cached.set(key, { push, bytes, untilMs: this.clock.monotonic() + TTL_MS });
		this.bytes += bytes;
		for (const oldest of this.cached.keys()) {
			if (this.bytes <= BYTES_MAX) break;
			this.drop(oldest);
		}
		this.scheduleExpiry();
	}

	stop(): void {
		this.cancel?.();
		this.cancel = undefined;
		this.cached.clear();
		this.bytes = 0;
	}

	private scheduleExpiry(): void {
		const [oldest] = this.cached.values();
		if (oldest === undefined || this.cancel !== undefined) return;
		this.cancel = this.clock.after(Math.max(0, oldest.untilMs - this.clock.monotonic()), () => {
			this.cancel = undefined;
			const nowMs = this.clock.monotonic();
			for (const [key, { untilMs }] of this.cached) {
				if (untilMs > nowMs) break;
				this.drop(key);
			}
			this.scheduleExpiry();
		});
	}

	private drop(key: string): void {
		this.bytes -= this.cached.get(key)?.bytes ?? 0;
		this.cached.delete(key);
	}
}
