// Twice as many sends as the store takes. Its capacity is set by a disk that takes a millisecond for each draft: a thousand a second,
// on any machine. Some of those who speak ask for old history meanwhile, and strangers knock: both are refused before any send is.
import type { Experiment } from "../experiment.ts";
import type { Peer } from "../peer.ts";

const HOLDS_PER_SECOND = 1_000;
const SPEAKERS = 4;
const STEP_MS = 20;
const LONGEST_MS = 20_000;

export const sends: Experiment = {
	name: "sends",
	about: `2 x ${HOLDS_PER_SECOND} sends/s, where the store takes ${HOLDS_PER_SECOND}`,
	flags: ["--limits.commandsInFlightMax=100000"],
	rssBytesMax: 400 * 1024 * 1024,
	async load(stage, seconds) {
		const speakers: Peer[] = [];
		for (let i = 0; i < SPEAKERS; i++) speakers.push(await stage.guest(`speaker${i}`));
		await stage.slowDisk(0, 1_000 / HOLDS_PER_SECOND);
		const beganMs = performance.now();
		let said = 0;
		// What waits grows by a second in two: it takes some of them until sends are refused.
		const isTooShort = () =>
			(stage.vitals.level < 4 || !stage.tally.refused.has("busy")) && performance.now() - beganMs < LONGEST_MS;
		while (performance.now() - beganMs < seconds * 1_000 || isTooShort()) {
			const due = ((performance.now() - beganMs) / 1_000) * HOLDS_PER_SECOND * 2;
			for (; said < due; said++) void speakers[said % SPEAKERS]?.say(`${said} ${"x".repeat(200)}`);
			await Bun.sleep(STEP_MS);
		}
		await stage.slowDisk(0, 0);
		const busy = stage.tally.refused.get("busy") ?? 0;
		return [
			...(busy > 0 ? [] : ["nothing was refused: twice as much as it takes was no overload"]),
			...(stage.vitals.level === 4 ? [] : [`the level went to ${stage.vitals.level} only`]),
		];
	},
};
