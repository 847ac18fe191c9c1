// From signals to a level, with hysteresis: up at once, as far as the worst signal says; down one step at a time, each after a
// while in which every signal stayed well below. Pure but for what it remembers; the time is told.
import { ENTER, LEAVE_AFTER_MS, LEAVE_SHARE, LEVEL_MAX, type SignalName, type Signals } from "./levels.ts";

const NAMES = Object.keys(ENTER) as SignalName[];

export class Judge {
	/** 0 to `LEVEL_MAX`. */
	level = 0;
	/** Since when the signals allow to go down (monotonic ms). */
	private calmerSinceMs: number | undefined;

	/** Takes the signals of the moment `nowMs` (monotonic) and gives the level that holds from now on. */
	judge(signals: Signals, nowMs: number): number {
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

/** The signal that asks for the highest level; of several the one that stands further above what enters it. */
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

/** How much of the highest level's mark is reached. */
function shareOf(signals: Signals, name: SignalName): number {
	return signals[name] / (ENTER[name][LEVEL_MAX - 1] ?? 1);
}
