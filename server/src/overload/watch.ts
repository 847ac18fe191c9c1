// Samples the signals ten times a second and sets the level. Memory is sampled more seldom: it takes a system call. From the first memory
// threshold on, garbage collection is requested: the runtime collects late by itself, and garbage should refuse nobody.
import type { Cancel, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import { LevelTracker, worstSignal } from "./level-tracker.ts";
import { ENTER, LEVEL_MAX, NO_LOAD, SHED_FROM, type Sheddable, type Signals } from "./levels.ts";
import type { LevelShedding } from "./shedding.ts";

export interface OverloadParts {
	readonly clock: Pick<Clock, "monotonic" | "after">;
	readonly log: Pick<Log, "info" | "warn">;
	readonly metrics: Pick<Metrics, "overloadLevel" | "oldestDraftSeconds">;
	readonly loopLagMs: () => number;
	readonly draftAgeMs: () => number;
	readonly memory: Memory;
}

export interface Memory {
	/** Of the process, in bytes. */
	residentBytes(): number;
	/** The process's memory limit. */
	readonly bytesMax: number;
	/** Requests garbage collection, without waiting for it. */
	collect(): void;
}

export interface OverloadWatch {
	/** Why sends are refused now; undefined if they are not. */
	trouble(): string | undefined;
	stop(): void;
}

const TICK_MS = 100;
const MEMORY_EVERY_MS = 500;
const COLLECT_EVERY_MS = 10_000;

export function watchOverload(parts: OverloadParts, shedding: LevelShedding): OverloadWatch {
	const { clock, log, metrics, memory } = parts;
	const tracker = new LevelTracker();
	let signals = NO_LOAD;
	let memoryAtMs = Number.NEGATIVE_INFINITY;
	let collectedMs = Number.NEGATIVE_INFINITY;
	let memoryShare = 0;
	let cancel: Cancel = () => {};
	metrics.overloadLevel.watch(() => shedding.level);
	metrics.oldestDraftSeconds.watch(() => parts.draftAgeMs() / 1_000);

	const lookAtMemory = (nowMs: number): void => {
		if (nowMs - memoryAtMs < MEMORY_EVERY_MS) return;
		memoryAtMs = nowMs;
		memoryShare = memory.residentBytes() / memory.bytesMax;
		if (memoryShare < (ENTER.memoryShare[0] ?? 1) || nowMs - collectedMs < COLLECT_EVERY_MS) return;
		collectedMs = nowMs;
		memory.collect();
	};

	const tick = (): void => {
		// First: sampling goes on even if this tick throws.
		cancel = clock.after(TICK_MS, tick);
		const nowMs = clock.monotonic();
		lookAtMemory(nowMs);
		signals = { loopLagMs: parts.loopLagMs(), draftAgeMs: parts.draftAgeMs(), memoryShare };
		const before = shedding.level;
		shedding.level = tracker.update(signals, nowMs);
		if (shedding.level !== before) tell(before);
	};

	const tell = (before: number): void => {
		const { level } = shedding;
		const facts = { level, before, ...signals, shed: shedAt(level) };
		if (level > before) log.warn(facts, "overload: more is asked for than can be done; some of it is let go of");
		else log.info(facts, level === 0 ? "overload is over" : "overload eases");
	};

	cancel = clock.after(TICK_MS, tick);
	return {
		trouble: () => (shedding.level < LEVEL_MAX ? undefined : `overload: sends are refused (${describe(signals)})`),
		stop: () => cancel(),
	};
}

function shedAt(level: number): Sheddable[] {
	return (Object.keys(SHED_FROM) as Sheddable[]).filter((what) => level >= SHED_FROM[what]);
}

function describe(signals: Signals): string {
	switch (worstSignal(signals)) {
		case "loopLagMs":
			return `the event loop is ${Math.round(signals.loopLagMs)} ms late`;
		case "draftAgeMs":
			return `the oldest send waits for the disk since ${Math.round(signals.draftAgeMs)} ms`;
		case "memoryShare":
			return `${Math.round(signals.memoryShare * 100)} % of the memory is in use`;
	}
}
