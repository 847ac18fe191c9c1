// Start-up time: until the server accepts connections, and until it reports ready; with an empty database, and with a million messages
// stored. Includes the start of the process and the runtime.

import { median } from "../math.ts";
import { prepareServer } from "../peers/verbatim.ts";
import { usageOf } from "../proc.ts";
import type { Result } from "../result.ts";
import { DURABILITY } from "../server-flags.ts";
import { withStored } from "../stored.ts";

export interface StartOptions {
	readonly stored: number;
	/** Starts per case. */
	readonly pairs: number;
}

export async function start({ stored, pairs }: StartOptions): Promise<Result[]> {
	const results: Result[] = [];
	for (const messages of [0, stored]) {
		const one = (data?: string): Promise<Result> => measure(messages, pairs, data);
		results.push(messages === 0 ? await one() : await withStored(messages, one));
	}
	return results;
}

async function measure(stored: number, times: number, data?: string): Promise<Result> {
	const listening: number[] = [];
	const ready: number[] = [];
	let rssBytes = 0;
	for (let i = 0; i < times; i++) {
		const { server, stop } = await prepareServer(data);
		try {
			const startMs = performance.now();
			const isReady = server.start().then(() => performance.now() - startMs);
			listening.push((await whenListening(server.httpPort)) - startMs);
			ready.push(await isReady);
			rssBytes = usageOf(server.pid).rssBytes;
		} finally {
			await stop();
		}
	}
	return {
		scenario: stored === 0 ? "start" : `start with ${stored} stored`,
		peer: "Verbatim",
		durability: DURABILITY,
		failures: [],
		more: {
			storedMessages: stored,
			listeningMs: median(listening) ?? Number.NaN,
			readyMs: median(ready) ?? Number.NaN,
			listeningMsEach: listening,
			rssMiB: rssBytes / 2 ** 20,
		},
	};
}

/** When the port first took a connection. */
async function whenListening(port: number): Promise<number> {
	const deadlineMs = performance.now() + 20_000;
	for (;;) {
		try {
			const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
			const atMs = performance.now();
			socket.end();
			return atMs;
		} catch (error) {
			if (performance.now() > deadlineMs) throw error;
			await Bun.sleep(1);
		}
	}
}
