// Readers that do not read, while their room speaks: more of them than all outboxes together may hold for. Those who read notice nothing.
// In the end all read again, or come back where they were, and have been given everything in order, or told what was left out.
import type { Experiment } from "../experiment.ts";
import type { Peer } from "../peer.ts";

const MiB = 1024 * 1024;
const OUTBOXES_BYTES_MAX = 2 * MiB;
const OUTBOX_BYTES_MAX = 256 * 1024;
/** Twice as many as could fill their outboxes. */
const READERS = (2 * OUTBOXES_BYTES_MAX) / OUTBOX_BYTES_MAX;
const STALLED_MS = 4_000;
const TEXT = "z".repeat(8_000);
const AT_ONCE = 20;

export const stalled: Experiment = {
	name: "stalled",
	about: `${READERS} readers that do not read: 2 x the ${OUTBOXES_BYTES_MAX / MiB} MiB that all outboxes may hold`,
	flags: [
		`--limits.outboxesBytesMax=${OUTBOXES_BYTES_MAX}`,
		`--limits.outboxBytesMax=${OUTBOX_BYTES_MAX}`,
		"--limits.outboxCrowdedBytesMax=65536",
		`--timing.stalledMs=${STALLED_MS}`,
	],
	rssBytesMax: 400 * MiB,
	async load(stage, seconds) {
		const readers: Peer[] = [];
		for (let i = 0; i < READERS; i++) readers.push(await stage.guest(`reader${i}`, true));
		const speaker = await stage.guest("speaker");
		for (const reader of readers) reader.pause(true);
		const endMs = performance.now() + seconds * 1_000;
		let unheard = 0;
		// The kernel's buffers of a loopback connection hold some MiB: only beyond them the server holds anything.
		while (performance.now() < endMs || stage.vitals.outboxBytes < OUTBOXES_BYTES_MAX / 2) {
			const heard = await Promise.all(Array.from({ length: AT_ONCE }, () => speaker.say(TEXT)));
			unheard += heard.filter((ok) => !ok).length;
			if (performance.now() > endMs + 20_000) break;
		}
		// Half of them until they are given up, half of them not as long.
		const patient = readers.filter((_, i) => i % 2 === 0);
		for (const reader of patient) reader.pause(false);
		await Bun.sleep(STALLED_MS * 2.5);
		const again: Peer[] = [];
		let closedAsSlow = 0;
		for (const reader of readers) {
			reader.pause(false);
			if (!patient.includes(reader)) await reader.until(() => reader.ended, "the end of one that does not read");
			if (!reader.ended) continue;
			if (reader.close?.reconnect === true) closedAsSlow++;
			const next = await stage.stranger(reader.name);
			again.push(next);
			const body = await next.resume(reader);
			if (body.case !== "welcome") return [`${reader.name} could not come back: ${body.case}`];
		}
		const most = OUTBOXES_BYTES_MAX + 2 * READERS * 64 * 1024 + OUTBOX_BYTES_MAX;
		return [
			...(unheard === 0 ? [] : [`${unheard} sends of one who reads were refused`]),
			...(stage.vitals.outboxBytes >= OUTBOXES_BYTES_MAX / 2 ? [] : ["the kernel's buffers hid that they stalled"]),
			...(stage.vitals.outboxBytes <= most ? [] : [`the outboxes held ${stage.vitals.outboxBytes} bytes, more than ${most}`]),
			...(again.length >= READERS / 2 ? [] : [`only ${again.length} of those that did not read were given up`]),
			...(closedAsSlow === again.length ? [] : [`only ${closedAsSlow} of ${again.length} were told to come back`]),
		];
	},
};
