// Lets a plan's faults happen, each at its time. What concerns the server waits for what happened to it before; everything else goes
// on beside it. Afterwards everything is mended: lines, clocks, disk; all processes run.
import type { Fault, Plan } from "./plan.ts";
import type { Post, Stage } from "./stage.ts";

/** Something is said in this time, mostly. */
const SAYING_MS = 300;

/** Resolves when all is mended. `tell`: what happens, as it happens. */
export async function carryOut(
	{ faults, endMs }: Plan,
	stage: Stage,
	tell: (fault: Fault, words: string) => void,
): Promise<void> {
	const beginMs = performance.now();
	const untilMs = (atMs: number): Promise<void> => Bun.sleep(Math.max(0, beginMs + atMs - performance.now()));
	let server: Promise<void> = Promise.resolve();
	/** By client: a process is not killed while it is being stopped. */
	const clients = stage.posts.map((): Promise<void> => Promise.resolve());
	for (const fault of faults) {
		await untilMs(fault.atMs);
		const post = "who" in fault ? stage.posts[fault.who] : undefined;
		const words = `${((performance.now() - beginMs) / 1_000).toFixed(1)} s: ${fault.kind}${post === undefined ? "" : ` (${post.member.name})`}`;
		if ("who" in fault && post !== undefined) {
			clients[fault.who] = after(clients[fault.who] ?? Promise.resolve(), () => {
				tell(fault, words);
				return befall(fault, post);
			});
		} else {
			server = after(server, () => {
				tell(fault, words);
				return strike(fault, stage);
			});
		}
	}
	await untilMs(endMs);
	await server;
	await Promise.all(clients);
	stage.serverClock?.set(0);
	for (const { crew, proxy } of stage.posts) {
		proxy.heal();
		crew.clock?.set(0);
	}
}

/** A failure is told by whoever waits at the end; until then it is nobody's. */
function after(before: Promise<void>, task: () => Promise<void>): Promise<void> {
	const done = before.then(task);
	done.catch(() => {});
	return done;
}

/** What happens to one client or its line. */
async function befall(fault: Fault, { crew, proxy }: Post): Promise<void> {
	const { kind, ms } = fault;
	switch (kind) {
		case "cut by reset":
			return proxy.cut("rst");
		case "cut by end of stream":
			return proxy.cut("fin");
		case "client forgotten":
			proxy.forget("client");
			await Bun.sleep(ms);
			return;
		case "server forgotten":
			return proxy.forget("server");
		case "stalled up":
		case "stalled down":
		case "stalled both ways": {
			const directions =
				kind === "stalled both ways" ? (["up", "down"] as const) : ([kind === "stalled up" ? "up" : "down"] as const);
			proxy.stall(directions, true);
			await Bun.sleep(ms);
			return proxy.stall(directions, false);
		}
		case "sliced":
			proxy.behave({ sliced: true });
			await Bun.sleep(ms);
			return proxy.behave({ sliced: false });
		case "delayed":
			proxy.behave({ delayMs: 50 });
			await Bun.sleep(ms);
			return proxy.behave({ delayMs: 0 });
		case "bits flipped":
			proxy.behave({ flipped: true });
			await Bun.sleep(ms);
			return proxy.behave({ flipped: false });
		case "reply lost":
			proxy.dropReply();
			await Bun.sleep(ms);
			return;
		case "client killed":
			await crew.kill();
			await Bun.sleep(ms / 4);
			return crew.start();
		case "client stopped":
		case "client stopped for long":
			crew.stop(true);
			await Bun.sleep(ms);
			return crew.stop(false);
		case "client's clock moved":
			return crew.clock?.set(fault.byMs);
		case "client's clock put back, then killed":
			proxy.stall(["up", "down"], true);
			await Bun.sleep(SAYING_MS);
			crew.clock?.set(fault.byMs);
			await Bun.sleep(ms);
			await crew.kill();
			proxy.cut("rst");
			return crew.start();
		default:
			throw new Error(`${kind} is nothing that happens to a client`);
	}
}

/** What happens to the server. */
async function strike(fault: Fault, { server, serverClock }: Stage): Promise<void> {
	const { kind, ms } = fault;
	switch (kind) {
		case "server killed":
			await server.kill();
			await Bun.sleep(ms / 2);
			return server.process.start();
		case "server restarted":
			return server.restart();
		case "server stopped":
		case "server stopped for long":
			server.stop(true);
			await Bun.sleep(ms);
			return server.stop(false);
		case "disk full":
			server.fill(true);
			await Bun.sleep(ms);
			return server.fill(false);
		case "killed with a full disk":
			server.fill(true);
			await Bun.sleep(ms);
			await server.kill();
			return server.process.start();
		case "server's clock moved":
			return serverClock?.set(fault.byMs);
		default:
			throw new Error(`${kind} is nothing that happens to a server`);
	}
}
