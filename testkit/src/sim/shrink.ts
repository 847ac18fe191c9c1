// Shrinks a failing script: leaves out ever smaller pieces (delta debugging, Zeller and Hildebrandt 2002) as long as the run still fails
// in the same way.
import type { Step } from "./script.ts";
import { type Outcome, simulate } from "./simulate.ts";

/** A shortest script (no single step of it can be left out) with which `seed` still fails as it did; undefined if it does not fail. */
export function shrink(seed: number, onProgress: (steps: number) => void = () => {}): Outcome | undefined {
	let best = simulate(seed);
	if (best.ok) return undefined;
	const way = failsBy(best);
	let pieces = 2;
	while (best.script.length > 0) {
		const shorter = withoutOnePiece(seed, best.script, pieces, way);
		if (shorter !== undefined) {
			best = shorter;
			pieces = Math.max(2, pieces - 1);
			onProgress(best.script.length);
		} else if (pieces >= best.script.length) {
			break;
		} else {
			pieces = Math.min(best.script.length, pieces * 2);
		}
	}
	return best;
}

/** How a run has failed: the first clause it breaks, or that our own code threw. */
function failsBy({ faults, verdict }: Outcome): string {
	return faults.length > 0 ? "fault" : (verdict.violations[0]?.clause ?? "");
}

function withoutOnePiece(seed: number, script: readonly Step[], pieces: number, way: string): Outcome | undefined {
	const size = Math.ceil(script.length / pieces);
	for (let at = 0; at < script.length; at += size) {
		const outcome = simulate(seed, [...script.slice(0, at), ...script.slice(at + size)]);
		if (!outcome.ok && failsBy(outcome) === way) return outcome;
	}
	return undefined;
}
