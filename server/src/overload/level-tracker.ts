// The overload level from the signals, with hysteresis: up at once, to the level of the worst signal; down one step at a time, each after
// `LEAVE_AFTER_MS` with every signal below its leave threshold. No I/O; the time is passed in.
import { ENTER, LEAVE_AFTER_MS, LEAVE_SHARE, LEVEL_MAX, type SignalName, type Signals } from "./levels.ts";

const NAMES = Object.keys(ENTER) as SignalName[];

export class LevelTracker {
	/** 0 to `LEVEL_MAX`. */
	level = 0;
	/** Since when every signal has been below its leave threshold (monotonic ms). */
	private calmerSinceMs: number | undefined;

	/** Takes the signals at `nowMs` (monotonic) and returns the new level. */
	update(signals: Signals, nowMs: number): number {
		const entered = levelOf(signals, () => 1);
		if (entered > this.level) this.level = entered;
		if (levelOf(signals, (name) => LEAVE_SHARE[name]) >= this.level) {
			this.calmerSinceMs = undefined;
			return this.level;
		}
		this.calmerSinceMs ??= nowMs;
		if (nowMs - this.calmerSinceMs >= LEAVE_AFTER_MS) {
			this.level--;
			this.calmerSinceMs = nowMs;
		}
		return this.level;
	}
}

/** The signal nearest to, or furthest above, its threshold of the highest level. */
export function worstSignal(signals: Signals): SignalName {
	let worst: SignalName = "loopLagMs";
	for (const name of NAMES) if (shareOf(signals, name) > shareOf(signals, worst)) worst = name;
	return worst;
}

function levelOf(signals: Signals, share: (name: SignalName) => number): number {
	let level = 0;
	for (const name of NAMES) {
		for (let at = LEVEL_MAX; at > level; at--) {
			if (signals[name] < (ENTER[name][at - 1] ?? Number.POSITIVE_INFINITY) * share(name)) continue;
			level = at;
			break;
		}
	}
	return level;
}

/** The signal as a share of its threshold of the highest level. */
function shareOf(signals: Signals, name: SignalName): number {
	return signals[name] / (ENTER[name][LEVEL_MAX - 1] ?? 1);
}
