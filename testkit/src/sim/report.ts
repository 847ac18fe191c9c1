// A run as text.
import { render } from "../history/events.ts";
import { excerpt } from "../history/verdict.ts";
import { showOptions } from "./options.ts";
import { showStep } from "./script.ts";
import type { Outcome } from "./simulate.ts";

/** What replays a seed. */
export function replayCommand(seed: number): string {
	return `npm run sim -- --seed ${seed}`;
}

/** Why it failed, as short as can be, and how to see it again. */
export function whyFailed({ options, faults, history, verdict }: Outcome): string {
	const [fault] = faults;
	return [`seed ${options.seed} fails: ${replayCommand(options.seed)}`, fault ?? excerpt(history, verdict)].join("\n");
}

/** All of it: options, script, history, verdict. */
export function wholeStory(outcome: Outcome): string {
	const { options, script, history, verdict, faults, endMs, steps } = outcome;
	return [
		showOptions(options),
		"",
		...script.map(showStep),
		"",
		...history.map(render),
		"",
		`${endMs.toFixed(0)} ms of virtual time, ${steps} events`,
		JSON.stringify(verdict.counts),
		...faults,
		...(verdict.ok ? [] : [excerpt(history, verdict)]),
		outcome.ok ? "ok" : "FAILED",
	].join("\n");
}

/** For comparing runs: two histories with the same print are the same in every byte. */
export function fingerprint({ history, faults, endMs, steps }: Outcome): string {
	return Bun.hash(JSON.stringify({ history, faults, endMs, steps })).toString(16);
}
