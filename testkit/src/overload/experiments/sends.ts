// Twice as many sends as the store's capacity, which is set to a thousand a second on any machine by a disk latency of a millisecond for
// each draft.
import type { Experiment } from "../experiment.ts";
import type { LoadClient } from "../load-client.ts";

const HOLDS_PER_SECOND = 1_000;
const SENDERS = 4;
const STEP_MS = 20;
const LONGEST_MS = 20_000;

export const sends: Experiment = {
	name: "sends",
	about: `2 x ${HOLDS_PER_SECOND} sends/s, where the store takes ${HOLDS_PER_SECOND}`,
	flags: ["--limits.commandsInFlightMax=100000"],
	rssBytesMax: 400 * 1024 * 1024,
	async load(context, seconds) {
		const senders: LoadClient[] = [];
		for (let i = 0; i < SENDERS; i++) senders.push(await context.guest(`speaker${i}`));
		await context.slowDisk(0, 1_000 / HOLDS_PER_SECOND);
		const beganMs = performance.now();
		let said = 0;
		// What waits grows by a second in two: it takes some of them until sends are refused.
		const isTooShort = () =>
			(context.monitor.level < 4 || !context.tally.refused.has("busy")) && performance.now() - beganMs < LONGEST_MS;
		while (performance.now() - beganMs < seconds * 1_000 || isTooShort()) {
			const due = ((performance.now() - beganMs) / 1_000) * HOLDS_PER_SECOND * 2;
			for (; said < due; said++) void senders[said % SENDERS]?.send(`${said} ${"x".repeat(200)}`);
			await Bun.sleep(STEP_MS);
		}
		await context.slowDisk(0, 0);
		const busy = context.tally.refused.get("busy") ?? 0;
		return [
			...(busy > 0 ? [] : ["nothing was refused: twice as much as it takes was no overload"]),
			...(context.monitor.level === 4 ? [] : [`the level went to ${context.monitor.level} only`]),
		];
	},
};
