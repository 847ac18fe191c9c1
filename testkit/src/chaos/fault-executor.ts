// Injects a plan's faults, each at its time. Faults of the server run one after the other, and so do those of each client; the queues
// are concurrent. Afterwards all faults are lifted (links, clocks, disk) and all processes run.
import type { Fault, Plan } from "./plan.ts";
import type { Testbed, TestbedClient } from "./testbed.ts";

/** Long enough for at least one send, usually. */
const SEND_WAIT_MS = 300;

/** Resolves when all faults are lifted. `onFault`: called as each is injected. */
export async function executeFaults(
	{ faults, endMs }: Plan,
	testbed: Testbed,
	onFault: (fault: Fault, words: string) => void,
): Promise<void> {
	const beginMs = performance.now();
	const waitUntil = (atMs: number): Promise<void> => Bun.sleep(Math.max(0, beginMs + atMs - performance.now()));
	let serverQueue: Promise<void> = Promise.resolve();
	/** By client: a process is not killed while it is stopped. */
	const clientQueues = testbed.clients.map((): Promise<void> => Promise.resolve());
	for (const fault of faults) {
		await waitUntil(fault.atMs);
		const target = "client" in fault ? testbed.clients[fault.client] : undefined;
		const words = `${((performance.now() - beginMs) / 1_000).toFixed(1)} s: ${fault.kind}${target === undefined ? "" : ` (${target.plan.name})`}`;
		if ("client" in fault && target !== undefined) {
			clientQueues[fault.client] = enqueue(clientQueues[fault.client] ?? Promise.resolve(), () => {
				onFault(fault, words);
				return injectClientFault(fault, target);
			});
		} else {
			serverQueue = enqueue(serverQueue, () => {
				onFault(fault, words);
				return injectServerFault(fault, testbed);
			});
		}
	}
	await waitUntil(endMs);
	await serverQueue;
	await Promise.all(clientQueues);
	testbed.serverClock?.set(0);
	for (const { client, proxy } of testbed.clients) {
		proxy.heal();
		client.clock?.set(0);
	}
}

/** A rejection is reported where the queue is awaited; until then it must not count as unhandled. */
function enqueue(before: Promise<void>, task: () => Promise<void>): Promise<void> {
	const done = before.then(task);
	done.catch(() => {});
	return done;
}

/** A fault of one client or its link. */
async function injectClientFault(fault: Fault, { client, proxy }: TestbedClient): Promise<void> {
	const { kind, ms } = fault;
	switch (kind) {
		case "cut by reset":
			return proxy.cut("rst");
		case "cut by end of stream":
			return proxy.cut("fin");
		case "client forgotten":
			proxy.dropEnd("client");
			await Bun.sleep(ms);
			return;
		case "server forgotten":
			return proxy.dropEnd("server");
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
			proxy.setConditions({ sliced: true });
			await Bun.sleep(ms);
			return proxy.setConditions({ sliced: false });
		case "delayed":
			proxy.setConditions({ delayMs: 50 });
			await Bun.sleep(ms);
			return proxy.setConditions({ delayMs: 0 });
		case "bits flipped":
			proxy.setConditions({ flipped: true });
			await Bun.sleep(ms);
			return proxy.setConditions({ flipped: false });
		case "reply lost":
			proxy.dropReply();
			await Bun.sleep(ms);
			return;
		case "client killed":
			await client.kill();
			await Bun.sleep(ms / 4);
			return client.start();
		case "client stopped":
		case "client stopped for long":
			client.stop(true);
			await Bun.sleep(ms);
			return client.stop(false);
		case "client's clock moved":
			return client.clock?.set(fault.byMs);
		case "client's clock put back, then killed":
			proxy.stall(["up", "down"], true);
			await Bun.sleep(SEND_WAIT_MS);
			client.clock?.set(fault.byMs);
			await Bun.sleep(ms);
			await client.kill();
			proxy.cut("rst");
			return client.start();
		default:
			throw new Error(`${kind} is nothing that happens to a client`);
	}
}

/** A fault of the server. */
async function injectServerFault(fault: Fault, { server, serverClock }: Testbed): Promise<void> {
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
