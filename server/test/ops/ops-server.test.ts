import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { VirtualClock } from "@verbatim/testkit";
import { systemClock } from "../../src/base/clock.ts";
import { LogSampler } from "../../src/limit/log-sampler.ts";
import { showAddress } from "../../src/listen/socket/address.ts";
import { createReadiness } from "../../src/ops/http/readiness.ts";
import { type OpsServer, openOpsServer } from "../../src/ops/http/server.ts";
import { watchLoop } from "../../src/ops/metrics/loop.ts";
import { createMetrics } from "../../src/ops/metrics/metrics.ts";
import { silentLog } from "../silent-log.ts";

describe("the operator's port", () => {
	let server: OpsServer;
	let url = "";
	let reasons: string[] = [];

	beforeEach(async () => {
		reasons = [];
		server = await openOpsServer({
			spec: { address: "127.0.0.1:0" },
			version: "1.2.3",
			families: async () => createMetrics().families,
			readiness: async () => reasons,
			clock: systemClock,
			metrics: createMetrics(),
			lines: new LogSampler(silentLog, systemClock),
		});
		url = `http://${showAddress(server.address)}`;
	});
	afterEach(() => server.stop());

	test("/health answers that the process is alive", async () => {
		const response = await fetch(`${url}/health`);
		expect(response.status).toBe(200);
		expect(await response.json()).toEqual({ status: "ok", version: "1.2.3", uptimeSeconds: expect.any(Number) });
	});

	test("/ready is 200, or 503 with every reason", async () => {
		const ready = await fetch(`${url}/ready`);
		expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [] }]);
		reasons = ["store: it cannot commit just now"];
		const unready = await fetch(`${url}/ready`);
		expect([unready.status, await unready.json()]).toEqual([503, { ready: false, reasons }]);
	});

	test("/metrics is a page for Prometheus", async () => {
		const response = await fetch(`${url}/metrics`);
		expect(response.headers.get("content-type")).toContain("version=0.0.4");
		expect(await response.text()).toContain("# TYPE verbatim_sends_total counter");
	});

	test("/ lists the endpoints; other paths are 404, other methods are 405", async () => {
		expect(await (await fetch(url)).json()).toMatchObject({ paths: { "/health": expect.any(String) } });
		expect((await fetch(`${url}/debug`)).status).toBe(404);
		expect((await fetch(`${url}/health`, { method: "POST" })).status).toBe(405);
	});

	test("an invalid Host is 400 with our own text, without any of the sources", async () => {
		const { port } = new URL(url);
		const answer = await new Promise<string>((resolve, reject) => {
			let text = "";
			void Bun.connect({
				hostname: "127.0.0.1",
				port: Number(port),
				socket: {
					open: (socket) => void socket.write("GET /health HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n"),
					data: (_, chunk) => {
						text += chunk.toString();
					},
					close: () => resolve(text),
					error: (_, error) => reject(error),
				},
			});
		});
		expect(answer).toStartWith("HTTP/1.1 400 ");
		expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toEqual({ error: "the address of this request cannot be read" });
	});

	test("an address in use is an error that says what to do", async () => {
		const again = openOpsServer({
			spec: { address: showAddress(server.address) },
			version: "1",
			families: async () => [],
			readiness: async () => [],
			clock: systemClock,
			metrics: createMetrics(),
			lines: new LogSampler(silentLog, systemClock),
		});
		expect(again).rejects.toThrow(/in use: stop what listens there or choose another with --ops/);
	});
});

describe("readiness", () => {
	test("names the store, the event loop, overload and a drain", async () => {
		const clock = new VirtualClock();
		let [healthy, worstMs, draining] = [true, 0, false];
		let overloaded: string | undefined;
		const ready = createReadiness({
			clock,
			storeHealthy: async () => healthy,
			loopWorstMs: () => worstMs,
			draining: () => draining,
			overloaded: () => overloaded,
		});
		expect(await ready()).toEqual([]);
		healthy = false;
		worstMs = 1_500;
		await clock.advance(1_000);
		expect(await ready()).toEqual(["store: it cannot commit just now", "event loop: up to 1500 ms late in the last seconds"]);
		overloaded = "overload: sends are refused (the event loop is 1500 ms late)";
		expect(await ready()).toContain(overloaded);
		draining = true;
		expect(await ready()).toEqual(["draining: this server is about to stop"]);
	});

	test("probes the store at most once a second, whatever the number of requests", async () => {
		const clock = new VirtualClock();
		let probes = 0;
		const storeHealthy = async () => {
			probes++;
			return true;
		};
		const ready = createReadiness({
			clock,
			storeHealthy,
			loopWorstMs: () => 0,
			draining: () => false,
			overloaded: () => undefined,
		});
		await Promise.all(Array.from({ length: 100 }, () => ready()));
		expect(probes).toBe(1);
		await clock.advance(1_000);
		await ready();
		expect(probes).toBe(2);
	});

	test("a store that does not answer is not ready", async () => {
		const clock = new VirtualClock();
		const storeHealthy = () => new Promise<boolean>(() => {});
		const ready = createReadiness({
			clock,
			storeHealthy,
			loopWorstMs: () => 0,
			draining: () => false,
			overloaded: () => undefined,
		});
		const answer = ready();
		await clock.advance(2_000);
		expect(await answer).toEqual(["store: it cannot commit just now"]);
	});
});

test("the event loop's watch sees what blocked it, and forgets it after a while", async () => {
	let nowMs = 0;
	let due: { readonly atMs: number; readonly task: () => void } | undefined;
	const clock = {
		monotonic: () => nowMs,
		after(ms: number, task: () => void) {
			due = { atMs: nowMs + ms, task };
			return () => {};
		},
	};
	const run = (lateMs: number) => {
		const timer = due;
		nowMs = (timer?.atMs ?? 0) + lateMs;
		timer?.task();
	};
	const metrics = createMetrics();
	const watch = watchLoop(clock, metrics.loopLagSeconds);
	run(0);
	expect(watch.worstMs()).toBe(0);
	run(700);
	expect(watch.worstMs()).toBe(700);
	// One late turn is no lasting lag.
	expect(watch.standingMs()).toBe(0);
	run(300);
	run(500);
	expect(watch.standingMs()).toBe(300);
	for (let i = 0; i < 110; i++) run(0);
	expect(watch.worstMs()).toBe(0);
});
