import { describe, expect, test } from "bun:test";
import { EpollLoop } from "../src/load/epoll-loop.ts";
import { messageText } from "../src/load/message-text.ts";
import { startRelay } from "../src/peers/relay.ts";

const RECEIVERS = 20;
const BURST = 10;
const MESSAGES = 500;
const DELIVERY_BYTES = 20_000;

describe.skipIf(Bun.which("cc") === null)("the C relay (needs cc: apt install gcc libc6-dev)", () => {
	test("gives everything to everybody, in deliveries of the size that it is told, to slow readers too", async () => {
		const loop = new EpollLoop();
		const relay = await startRelay(() => DELIVERY_BYTES);
		try {
			const { receivers, counters, send } = await relay.openRoom(loop, RECEIVERS);
			const [, slow] = receivers;
			if (slow === undefined) throw new Error("no receivers");
			loop.pause(slow);
			for (let n = 0; n < MESSAGES; n += BURST) {
				send(Array.from({ length: BURST }, (_, i) => messageText(n + i + 1, performance.now())));
				loop.poll(0);
			}
			expect(await loop.until(() => counters.delivered === MESSAGES * (RECEIVERS - 1), 20_000)).toBe(true);
			expect(slow.delivered).toBe(0);
			loop.resume(slow);
			expect(await loop.until(() => counters.delivered === MESSAGES * RECEIVERS, 20_000)).toBe(true);
			expect(receivers.map(({ delivered }) => delivered)).toEqual(receivers.map(() => MESSAGES));
			expect(counters).toMatchObject({ disordered: 0, lost: 0, bytes: MESSAGES * RECEIVERS * DELIVERY_BYTES });
		} finally {
			loop.close();
			await relay.stop();
		}
	}, 60_000);
});
