import { describe, expect, test } from "bun:test";
import { Swarm } from "../src/load/swarm.ts";
import { textOf } from "../src/load/text.ts";
import { startRelay } from "../src/peers/relay.ts";

const RECEIVERS = 20;
const BURST = 10;
const MESSAGES = 500;
const DELIVERY_BYTES = 20_000;

describe.skipIf(Bun.which("cc") === null)("the C relay (needs cc: apt install gcc libc6-dev)", () => {
	test("gives everything to everybody, in deliveries of the size that it is told, to slow readers too", async () => {
		const swarm = new Swarm();
		const relay = await startRelay(() => DELIVERY_BYTES);
		try {
			const { receivers, crowd, say } = await relay.audience(swarm, RECEIVERS);
			const [, slow] = receivers;
			if (slow === undefined) throw new Error("no receivers");
			swarm.pause(slow);
			for (let n = 0; n < MESSAGES; n += BURST) {
				say(Array.from({ length: BURST }, (_, i) => textOf(n + i + 1, performance.now())));
				swarm.turn(0);
			}
			expect(await swarm.until(() => crowd.delivered === MESSAGES * (RECEIVERS - 1), 20_000)).toBe(true);
			expect(slow.delivered).toBe(0);
			swarm.resume(slow);
			expect(await swarm.until(() => crowd.delivered === MESSAGES * RECEIVERS, 20_000)).toBe(true);
			expect(receivers.map(({ delivered }) => delivered)).toEqual(receivers.map(() => MESSAGES));
			expect(crowd).toMatchObject({ disordered: 0, lost: 0, bytes: MESSAGES * RECEIVERS * DELIVERY_BYTES });
		} finally {
			swarm.close();
			await relay.stop();
		}
	}, 60_000);
});
