// One room, N receivers, R messages a second of 100 bytes, singly or in bursts: what does a delivery cost the server?
import { ServerProcess } from "@verbatim/testkit";
import { ChatPeer } from "./chat-peer.ts";
import { connectAll } from "./connect-all.ts";
import { percentile } from "./percentile.ts";
import { usageOf } from "./proc.ts";
import { BENCH_FLAGS, DURABILITY, type Result } from "./scenario.ts";

export interface FanoutOptions {
	readonly receivers: number;
	/** Messages a second. */
	readonly rate: number;
	readonly seconds: number;
	/** Messages sent together. */
	readonly burst: number;
}

const TEXT_BYTES = 100;
/** Receivers whose latencies are taken. */
const SAMPLED = 50;
const DRAIN_MS = 10_000;

export async function fanout({ receivers, rate, seconds, burst }: FanoutOptions): Promise<Result> {
	const server = await ServerProcess.prepare({ flags: BENCH_FLAGS });
	try {
		await server.start();
		const latencies: number[] = [];
		const peers = await connectAll(server.httpPort, receivers, "bench");
		for (const peer of peers.slice(0, SAMPLED))
			peer.onText = (text) => void latencies.push(performance.now() - Number.parseFloat(text));
		const sender = await ChatPeer.connect(server.httpPort, "sender");
		const room = await sender.join("#bench");
		const messages = Math.floor(rate * seconds);
		const before = usageOf(server.pid);
		const startedMs = performance.now();
		const answers: Promise<unknown>[] = [];
		for (let sent = 0; sent < messages; ) {
			const due = Math.floor(((performance.now() - startedMs) / 1_000) * rate) - sent;
			if (due < burst) {
				await Bun.sleep(1);
				continue;
			}
			for (let i = 0; i < burst && sent < messages; i++, sent++) {
				const text = performance.now().toFixed(3).padEnd(TEXT_BYTES, "x");
				answers.push(sender.ask({ send: { room, cid: `m${sent}`, text } }));
			}
		}
		await Promise.all(answers);
		const expected = messages * receivers;
		const deadlineMs = performance.now() + DRAIN_MS;
		while (count(peers) < expected && performance.now() < deadlineMs) await Bun.sleep(5);
		const tookSeconds = (performance.now() - startedMs) / 1_000;
		const after = usageOf(server.pid);
		const delivered = count(peers);
		const disordered = peers.reduce((sum, peer) => sum + peer.outOfOrder, 0);
		for (const peer of [...peers, sender]) peer.close();
		return {
			scenario: burst === 1 ? "fanout" : `fanout, bursts of ${burst}`,
			durability: DURABILITY,
			receivers,
			delivered,
			expected,
			deliveriesPerSecond: Math.round(delivered / tookSeconds),
			p50Ms: percentile(latencies, 0.5),
			p99Ms: percentile(latencies, 0.99),
			cpuUsPerDelivery: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / delivered,
			failed: delivered !== expected || disordered > 0,
		};
	} finally {
		await server.remove();
	}
}

function count(peers: readonly ChatPeer[]): number {
	return peers.reduce((sum, peer) => sum + peer.received, 0);
}
