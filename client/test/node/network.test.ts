import { describe, expect, test } from "bun:test";
import type { NetworkInterfaceInfo } from "node:os";
import { ServerProcess } from "@verbatim/testkit";
import { NetworkWatch } from "../../src/node/network.ts";
import { connect, memoryTokens } from "../../src/node.ts";

const at = (address: string, internal = false): NetworkInterfaceInfo =>
	({ address, internal, family: "IPv4", netmask: "", mac: "", cidr: null }) as NetworkInterfaceInfo;

describe("the network of this device", () => {
	test("is told when an address that leads elsewhere comes or changes, and when the device has slept", () => {
		let nowMs = 1_000_000;
		let interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = { lo: [at("127.0.0.1", true)], eth0: [at("192.0.2.1")] };
		const watch = new NetworkWatch(
			() => interfaces,
			() => nowMs,
		);
		const told: string[] = [];
		const off = watch.on(() => told.push("told"));
		const after = (ms: number): string[] => {
			nowMs += ms;
			watch.poll();
			return told.splice(0);
		};
		expect(after(2_000)).toEqual([]);
		interfaces = { ...interfaces, wlan0: [at("198.51.100.7")] };
		expect(after(2_000)).toEqual(["told"]);
		expect(after(2_000)).toEqual([]);
		interfaces = { ...interfaces, lo: [at("127.0.0.1", true), at("127.0.0.2", true)], veth1: [at("fe80::1")] };
		expect(after(2_000)).toEqual([]);
		interfaces = { lo: [at("127.0.0.1", true)] };
		expect(after(2_000)).toEqual([]);
		interfaces = { ...interfaces, eth0: [at("192.0.2.1")] };
		expect(after(2_000)).toEqual(["told"]);
		expect(after(600_000)).toEqual(["told"]);
		off();
		interfaces = {};
		expect(after(2_000)).toEqual([]);
	});

	test("being another one, a client that waits tries at once", async () => {
		const server = await ServerProcess.prepare();
		await server.start();
		let interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = {};
		const watch = new NetworkWatch(() => interfaces);
		const client = connect({
			endpoints: server.webSocket,
			credential: { guest: "roamer" },
			tokens: memoryTokens(),
			timing: { reconnectMinMs: 600_000, reconnectMaxMs: 600_000 },
			wake: (task) => watch.on(task),
		});
		await client.ready();
		const waiting = new Promise<void>((resolve) => {
			const off = client.on("status", (status) => {
				if (status.state !== "waiting" || status.attempt < 3) return;
				off();
				resolve();
			});
		});
		await server.stop("SIGKILL");
		await waiting;
		await server.start();
		expect(client.status.state).toBe("waiting");
		interfaces = { wlan0: [at("198.51.100.7")] };
		watch.poll();
		expect((await client.ready()).name).toBe("roamer");
		await client.close();
		await server.remove();
	}, 30_000);
});
