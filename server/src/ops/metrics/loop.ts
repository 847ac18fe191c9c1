// Event loop lag: how late timers fire. A task that blocks the event loop shows here first.
import type { Cancel, Clock } from "../../base/clock.ts";
import type { Histogram } from "../../base/metrics.ts";

export interface LoopWatch {
	/** The greatest lag of the last few seconds, in ms. */
	worstMs(): number;
	/** The least lag of the last three measurements, in ms: a lasting lag, as against one long turn. */
	standingMs(): number;
	stop(): void;
}

const TICK_MS = 100;
/** The greatest is kept for one to two of these. */
const WINDOW_MS = 5_000;

export function watchLoop(clock: Pick<Clock, "monotonic" | "after">, lagSeconds: Histogram): LoopWatch {
	let worst = 0;
	let worstBefore = 0;
	let windowEndsMs = clock.monotonic() + WINDOW_MS;
	/** Newest first. */
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
