import { expect, test } from "bun:test";
import { ROOMY } from "../../src/e2e/flags.ts";
import { HistoryRecorder } from "../../src/overload/history-recorder.ts";
import { LoadClient, Tally } from "../../src/overload/load-client.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const PEOPLE = 600;
const AT_ONCE = 50;

test("a server that stops sends everybody home with a time of their own to come back, and ends in time with all that was acknowledged", async () => {
	const server = await ServerProcess.prepare({ flags: ROOMY });
	const [recorder, tally] = [new HistoryRecorder(), new Tally()];
	const clients: LoadClient[] = [];
	try {
		await server.start();
		for (let from = 0; from < PEOPLE; from += AT_ONCE) {
			const some = Array.from({ length: AT_ONCE }, (_, i) =>
				LoadClient.guest({ port: server.tcpPort, name: `p${from + i}`, recorder, tally }),
			);
			clients.push(...(await Promise.all(some)));
		}
		const [first] = clients;
		await first?.join("#tea", false);
		const acknowledged = first?.send("just in time");
		expect(await server.stop("SIGTERM")).toBe(0);
		for (const client of clients) await client.until(() => client.ended, "the end");
		expect(await acknowledged).toBe(true);
		const closes = clients.map(({ close }) => close);
		expect(new Set(closes.map((close) => close?.code))).toEqual(new Set([4001]));
		const backMs = closes.map((close) => close?.retryAfterMs ?? 0);
		// The goodbyes take 120 ms, and those who come back are spread over as much again.
		expect(new Set(backMs).size).toBeGreaterThan(50);
		expect(Math.max(...backMs)).toBeLessThan(1_000);
	} finally {
		for (const client of clients) client.leave();
		await server.remove();
	}
}, 60_000);
