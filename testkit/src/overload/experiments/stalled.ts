// Stalled readers in an active room: more than the limit of all outboxes together allows. Other readers are not affected. In the end all
// read again or resume, and have received everything in order or reported as skipped.
import { eventually } from "../../e2e/waiting.ts";
import type { Experiment } from "../experiment.ts";
import type { LoadClient } from "../load-client.ts";

const MiB = 1024 * 1024;
const OUTBOXES_BYTES_MAX = 2 * MiB;
const OUTBOX_BYTES_MAX = 128 * 1024;
const PAGE_BYTES_MAX = 16 * 1024;
/** What a piece of the log may be longer than was said, on the wire. */
const GROWTH = 2;
const STEADY_MS = 500;
const LONGEST_MS = 20_000;
/** Twice as many as could fill their outboxes. */
const READERS = (2 * OUTBOXES_BYTES_MAX) / OUTBOX_BYTES_MAX;
const STALLED_MS = 8_000;
const TEXT = "z".repeat(8_000);
const AT_ONCE = 20;

export const stalled: Experiment = {
	name: "stalled",
	about: `${READERS} readers that do not read: 2 x the ${OUTBOXES_BYTES_MAX / MiB} MiB that all outboxes may hold`,
	flags: [
		`--limits.outboxesBytesMax=${OUTBOXES_BYTES_MAX}`,
		`--limits.outboxBytesMax=${OUTBOX_BYTES_MAX}`,
		`--limits.pageBytesMax=${PAGE_BYTES_MAX}`,
		"--limits.roomsPerUserMax=64",
		`--limits.outboxCrowdedBytesMax=${PAGE_BYTES_MAX}`,
		`--timing.stalledMs=${STALLED_MS}`,
	],
	rssBytesMax: 400 * MiB,
	async load(context, seconds) {
		const readers: LoadClient[] = [];
		for (let i = 0; i < READERS; i++) readers.push(await context.guest(`reader${i}`, true));
		const sender = await context.guest("speaker");
		for (const reader of readers) reader.pause(true);
		const endMs = performance.now() + Math.min(seconds * 1_000, STALLED_MS / 2);
		let unheard = 0;
		const haveStalled = () => performance.now() - context.monitor.outboxSteadySinceMs > STEADY_MS;
		// The kernel's buffers of a loopback connection hold some MiB: only beyond them the server holds anything.
		while (performance.now() < endMs || !haveStalled()) {
			const heard = await Promise.all(Array.from({ length: AT_ONCE }, () => sender.send(TEXT)));
			unheard += heard.filter((ok) => !ok).length;
			if (performance.now() > endMs + LONGEST_MS) return ["the kernel's buffers hid that they stalled"];
		}
		// Half of them read again at once. The others do only after they were given up: what was under way to them is lost with their
		// connection, perhaps the words of its end too, and what counts is that they can come back.
		const patient = readers.slice(READERS / 2);
		for (const reader of readers.slice(0, READERS / 2)) reader.pause(false);
		await eventually(
			async () => ((await context.monitor.closedAs("slow")) >= READERS / 2 ? true : undefined),
			() => "the end of those that do not read",
		);
		for (const reader of patient) {
			reader.pause(false);
			await reader.until(() => reader.ended, "the end of one that did not read");
			const body = await (await context.unauthenticated(reader.name)).resume(reader);
			if (body.case !== "welcome") return [`${reader.name} could not come back: ${body.case}`];
		}
		// Once the sum is reached, each is given no more than one piece of the log.
		const most = OUTBOXES_BYTES_MAX + READERS * GROWTH * PAGE_BYTES_MAX;
		const { outboxBytes } = context.monitor;
		return [
			...(unheard === 0 ? [] : [`${unheard} sends of one who reads were refused`]),
			...(outboxBytes <= most ? [] : [`the outboxes held ${outboxBytes} bytes, more than ${most}`]),
		];
	},
};
