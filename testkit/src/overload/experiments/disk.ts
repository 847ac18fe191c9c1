// The disk stalls: each batch takes two and a half seconds for a while. Sends are refused before they are queued, and so are new guests
// and old history; sessions with a token are still resumed, and the newest page is still answered.
import type { Experiment } from "../experiment.ts";

const BATCH_MS = 2_500;
const PER_SECOND = 500;
const STEP_MS = 20;

export const disk: Experiment = {
	name: "disk",
	about: `the disk takes ${BATCH_MS / 1_000} s for each batch, ${PER_SECOND} sends/s go on`,
	flags: ["--limits.commandsInFlightMax=100000"],
	rssBytesMax: 400 * 1024 * 1024,
	async load(context, seconds) {
		const sender = await context.guest("speaker");
		const inside = await context.guest("inside", true);
		await context.slowDisk(BATCH_MS, 0);
		const failures: string[] = [];
		const beganMs = performance.now();
		const lastsMs = Math.max(seconds * 1_000, 2 * BATCH_MS);
		let said = 0;
		let probing: Promise<void> | undefined;
		while (performance.now() - beganMs < lastsMs) {
			const due = ((performance.now() - beganMs) / 1_000) * PER_SECOND;
			for (; said < due; said++) void sender.send(`${said} ${"x".repeat(2_000)}`);
			if (probing === undefined && (await context.monitor.levelNow()) === 4) probing = probe();
			await Bun.sleep(STEP_MS);
		}
		await context.slowDisk(0, 0);
		await probing;
		if (probing === undefined) failures.push("the server never refused sends");
		return failures;

		async function probe(): Promise<void> {
			const { tally } = context;
			const ready = await fetch(`${context.server.ops}/ready`);
			const words = await ready.text();
			if (ready.status !== 503 || !words.includes("overload")) failures.push(`/ready said ${ready.status}, ${words}, at level 4`);
			const history = (before: number) =>
				inside.ask({ case: "history", value: { room: inside.room, before, after: 0, first: false, limit: 10 } });
			const [old, newest] = [await history(2), await history(0)];
			if (old.case === "failure") tally.failed(old.value);
			else failures.push(`old history was answered by ${old.case}, at level 4`);
			if (newest.case !== "page") failures.push(`the newest page was answered by ${newest.case}`);
			const unauthenticated = await context.unauthenticated("stranger");
			const refused = await unauthenticated.hello({ case: "guest", value: { name: "stranger" } });
			if (refused.case === "failure") tally.failed(refused.value);
			else failures.push(`a stranger was answered by ${refused.case}, at level 4`);
			unauthenticated.leave();
			inside.leave();
			const back = await context.unauthenticated("inside");
			const welcome = await back.resume(inside);
			if (welcome.case !== "welcome") failures.push(`who came back with a token was answered by ${welcome.case}`);
		}
	},
};
