import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import type { Client } from "../../src/bus/redis/client.ts";
import { Subscriptions } from "../../src/bus/redis/subscriptions.ts";

/** A Redis that lets in and refuses every subscription. */
class RefusingClient extends EventEmitter {
	isOpen = true;
	isReady = false;

	async connect(): Promise<void> {
		this.isReady = true;
		this.emit("ready");
	}

	sSubscribe(): Promise<void> {
		return Promise.reject(new Error("NOPERM"));
	}

	destroy(): void {
		this.isOpen = false;
	}
}

test("a Redis that refuses to subscribe is connected to with growing waits, and its refusal harms nothing else", async () => {
	const waits: number[] = [];
	let retry: (() => void) | undefined;
	const subscriptions = new Subscriptions({
		open: () => new RefusingClient() as unknown as Client,
		clock: {
			after(ms, task) {
				waits.push(ms);
				retry = task;
				return () => {};
			},
		},
		random: { float: () => 1 },
		received() {},
		restored: () => expect.unreachable(),
	});
	subscriptions.add("channel");
	subscriptions.start();
	for (let i = 0; i < 7; i++) {
		while (waits.length === i) await Promise.resolve();
		retry?.();
	}
	expect(waits.slice(0, 7)).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
	subscriptions.close();
});
