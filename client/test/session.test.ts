import { expect, spyOn, test } from "bun:test";
import { create, jsonCodec, TIMING, WhoSchema } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import type { ConnectionEvents, Transport } from "../src/api/transport.ts";
import { PongTimeout } from "../src/session/heartbeat.ts";
import { Session } from "../src/session/session.ts";
import { Statistics } from "../src/session/statistics.ts";

test("every request and the owner hear of the end of a session, though what hears of one throws; that error is uncaught", () => {
	let events: ConnectionEvents | undefined;
	const transport: Transport = {
		schemes: ["ws"],
		open(_endpoint, _codec, to) {
			events = to;
			return { send() {}, bufferedBytes: () => 0, close() {}, abandon() {} };
		},
	};
	const told: string[] = [];
	const session = new Session(
		{ clock: new VirtualClock(), timing: TIMING },
		transport,
		new URL("ws://localhost"),
		jsonCodec,
		new PongTimeout(TIMING.pongMs),
		new Statistics(),
		{ opened() {}, push() {}, suspect() {}, damaged() {}, ended: () => void told.push("ended") },
	);
	events?.opened();
	const ask = (failed: () => void): void =>
		session.request({ case: "who", value: create(WhoSchema) }, 1_000, { answered() {}, failed });
	session.request({ case: "hello", value: {} as never }, 1_000, { answered() {}, failed() {} });
	events?.frame('{"id":1,"welcome":{}}');
	// Runs no microtask of ours, since an uncaught error fails the test.
	const later = spyOn(globalThis, "queueMicrotask").mockImplementation(() => {});
	ask(() => {
		throw new Error("a bug");
	});
	ask(() => void told.push("the second request failed"));
	events?.closed({ reason: "cut" });
	expect(told).toEqual(["the second request failed", "ended"]);
	const [task] = later.mock.calls[0] ?? [];
	later.mockRestore();
	expect(task).toThrow("a bug");
});
