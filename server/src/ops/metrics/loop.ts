// Measures how late timers fire: what everybody on this thread waits. A task that blocks the event loop shows here first.
import type { Cancel, Clock } from "../../base/clock.ts";
import type { Histogram } from "../../base/metrics.ts";

export interface LoopWatch {
	/** The worst lateness of the last few seconds, in ms. */
	worstMs(): number;
	/** The least lateness of the last three looks, in ms: what stands, as against one late turn. */
	standingMs(): number;
	stop(): void;
}

const TICK_MS = 100;
/** The worst is remembered for one to two of these. */
const WINDOW_MS = 5_000;

export function watchLoop(clock: Pick<Clock, "monotonic" | "after">, lagSeconds: Histogram): LoopWatch {
	let worst = 0;
	let worstBefore = 0;
	let windowEndsMs = clock.monotonic() + WINDOW_MS;
	/** The newest first. */
	let recent: readonly number[] = [0, 0, 0];
	let cancel: Cancel = () => {};
	const tick = (dueMs: number): void => {
		const nowMs = clock.monotonic();
		const lateMs = Math.max(0, nowMs - dueMs);
		lagSeconds.observe(lateMs / 1_000);
		if (nowMs >= windowEndsMs) {
			[worstBefore, worst] = [worst, 0];
			windowEndsMs = nowMs + WINDOW_MS;
		}
		worst = Math.max(worst, lateMs);
		recent = [lateMs, ...recent.slice(0, 2)];
		schedule(nowMs);
	};
	const schedule = (nowMs: number): void => {
		const dueMs = nowMs + TICK_MS;
		cancel = clock.after(TICK_MS, () => tick(dueMs));
	};
	schedule(clock.monotonic());
	return { worstMs: () => Math.max(worst, worstBefore), standingMs: () => Math.min(...recent), stop: () => cancel() };
}
