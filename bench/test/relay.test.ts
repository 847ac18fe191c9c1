import { describe, expect, test } from "bun:test";
import { Swarm } from "../src/load/swarm.ts";
import { Stage } from "../src/load/window.ts";
import { startRelay } from "../src/peers/relay.ts";

describe.skipIf(Bun.which("cc") === null)("the C relay (needs cc: apt install gcc libc6-dev)", () => {
	test("gives everything to everybody, in deliveries of the size that it is told, to slow readers too", async () => {
		const swarm = new Swarm();
		const relay = await startRelay(() => 20_000);
		try {
			const audience = await relay.audience(swarm, 20);
			const stage = new Stage(swarm, audience, relay.pid);
			const [slow] = audience.receivers.slice(1);
			if (slow === undefined) throw new Error("no receivers");
			swarm.pause(slow);
			const stalled = await stage.window({ rate: 1_000, seconds: 0.5, burst: 10 }, 500);
			expect(stalled.delivered).toBe((stalled.expected / 20) * 19);
			swarm.resume(slow);
			expect(await swarm.until(() => audience.crowd.delivered === stalled.expected, 10_000)).toBe(true);
			expect(audience.crowd.disordered).toBe(0);
			expect(audience.crowd.bytes).toBe(stalled.expected * 20_000);
		} finally {
			swarm.close();
			await relay.stop();
		}
	}, 30_000);
});
