// Ways in which other systems lose or repeat messages around a reconnect, each tried on a real server over a real line that is cut:
// what is missed comes once and in order, and what the server sends on each connection is judged before the SDK mends anything.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type Client, type ConnectOptions, connect, type Room, tcpTransport, webSocketTransport } from "@verbatim/client/node";
import { jsonCodec } from "@verbatim/protocol";
import { checkedTransport } from "../../src/chaos/checked-transport.ts";
import { BlockableProxy } from "../../src/e2e/blockable-proxy.ts";
import { ROOMY } from "../../src/e2e/flags.ts";
import { PATIENCE_MS, Waiting } from "../../src/e2e/waiting.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const TEST_MS = 120_000;
const HEARTBEAT_MS = 200;
/** More than are missed before a silent peer is given up. */
const QUIET_HEARTBEATS = 10;

let server: ServerProcess;
let proxy: BlockableProxy;
/** Says what is missed; its line is sound. */
let writer: Client;
let theirs: Room;
/** What was sent on a connection and should not have been. */
let broken: string[];

/** Somebody behind the line that is cut, and what its application is given. */
class Reader {
	readonly client: Client;
	readonly seqs: number[] = [];
	private readonly waiting = new Waiting();
	/** Bodies off the wire, over all connections, by case. */
	readonly heard: string[] = [];

	constructor(way: "tcp" | "ws", name: string, options: Partial<ConnectOptions> = {}) {
		const transport = way === "tcp" ? tcpTransport() : webSocketTransport();
		const heard = this.heard;
		const { waiting } = this;
		this.client = connect({
			endpoints: way === "tcp" ? `tcp://127.0.0.1:${proxy.port}` : `ws://127.0.0.1:${proxy.port}/ws`,
			codec: "json",
			credential: { guest: name },
			timing: { reconnectMinMs: 20, reconnectMaxMs: 200, stableMs: 100 },
			transports: [
				checkedTransport(
					{
						schemes: transport.schemes,
						open: (endpoint, codec, events) =>
							transport.open(endpoint, codec, {
								opened: () => events.opened(),
								frame(body) {
									heard.push(jsonCodec.decodeDown(body).body.case ?? "");
									waiting.wake();
									events.frame(body);
								},
								damaged: () => events.damaged(),
								closed: (ending) => events.closed(ending),
							}),
					},
					(words) => broken.push(words),
				),
			],
			...options,
		});
	}

	async join(): Promise<Room> {
		return this.client.join("#tea", { create: true, timeoutMs: PATIENCE_MS });
	}

	/** Keeps each entry from now on. */
	follow(room: Room): void {
		room.on("entry", ({ seq }) => {
			this.seqs.push(seq);
			this.waiting.wake();
		});
	}

	until(holds: () => boolean, what: string): Promise<void> {
		return this.waiting.until(holds, () => `${what}; it was given ${this.seqs.join(", ")} and heard ${this.heard.slice(-20)}`);
	}

	upTo(seq: number): Promise<void> {
		return this.until(() => this.seqs.at(-1) === seq, `entry ${seq}`);
	}
}

async function say(count: number): Promise<number> {
	let seq = 0;
	for (let i = 0; i < count; i++) seq = (await theirs.send(`line ${i}`).done).seq;
	return seq;
}

function range(from: number, to: number): number[] {
	return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

describe.each(["tcp", "ws"] as const)("a connection by %s", (way) => {
	beforeEach(async () => {
		broken = [];
		const heartbeats = ["heartbeatMs", "heartbeatUnsteadyMs", "heartbeatSlowMs"].map(
			(name) => `--timing.${name}=${HEARTBEAT_MS}`,
		);
		server = await ServerProcess.prepare({ flags: [...ROOMY, ...heartbeats, "--timing.offlineGraceMs=200"] });
		await server.start();
		proxy = await BlockableProxy.to(way === "tcp" ? server.tcpPort : server.httpPort);
		writer = connect({ endpoints: server.tcp, credential: { guest: "writer" } });
		theirs = await writer.join("#tea", { create: true, timeoutMs: PATIENCE_MS });
	}, TEST_MS);

	afterEach(async () => {
		await writer.close();
		proxy.close();
		await server.remove();
		expect(broken).toEqual([]);
	}, TEST_MS);

	test(
		"that was cut before it had received anything brings what was said meanwhile",
		async () => {
			const reader = new Reader(way, "fresh");
			const room = await reader.join();
			reader.follow(room);
			const joined = room.to;
			expect(reader.heard).not.toContain("entries");
			proxy.block();
			const head = await say(5);
			proxy.unblock();
			await reader.upTo(head);
			expect(reader.seqs).toEqual(range(joined + 1, head));
			await reader.client.close();
		},
		TEST_MS,
	);

	test(
		"brings what was missed each time that it is cut, and never what it has brought before",
		async () => {
			const reader = new Reader(way, "often");
			const room = await reader.join();
			reader.follow(room);
			const joined = room.to;
			let head = joined;
			for (let time = 0; time < 6; time++) {
				proxy.block();
				// Now and then nothing was missed.
				if (time % 3 !== 2) head = await say(3);
				proxy.unblock();
				const welcomes = reader.heard.filter((what) => what === "welcome").length;
				await reader.until(() => reader.heard.filter((what) => what === "welcome").length > welcomes, "a welcome");
				if (time % 2 === 1) head = await say(1);
				await reader.upTo(head);
			}
			expect(reader.seqs).toEqual(range(joined + 1, head));
			await reader.client.close();
		},
		TEST_MS,
	);

	test(
		"that was quiet for longer than a silent one is borne goes on, and brings what is missed when it is cut after that",
		async () => {
			const reader = new Reader(way, "quiet");
			const room = await reader.join();
			reader.follow(room);
			const joined = room.to;
			const before = reader.heard.length;
			const beats = (): number => reader.heard.slice(before).filter((what) => what === "ping" || what === "pong").length;
			await reader.until(() => beats() >= QUIET_HEARTBEATS, `${QUIET_HEARTBEATS} heartbeats`);
			expect(reader.heard.filter((what) => what === "welcome").length).toBe(1);
			const live = await say(1);
			await reader.upTo(live);
			proxy.block();
			const head = await say(4);
			proxy.unblock();
			await reader.upTo(head);
			expect(reader.seqs).toEqual(range(joined + 1, head));
			await reader.client.close();
		},
		TEST_MS,
	);

	test(
		"is not moved along the log by what is not in the log: typing and presence",
		async () => {
			const reader = new Reader(way, "watcher");
			const room = await reader.join();
			reader.follow(room);
			const joined = room.to;
			theirs.sendTyping();
			await reader.until(() => reader.heard.includes("typist"), "that somebody is typing");
			await writer.close();
			await reader.until(() => reader.heard.includes("presence"), "that somebody has gone");
			proxy.block();
			writer = connect({ endpoints: server.tcp, credential: { guest: "another" } });
			theirs = await writer.join("#tea", { timeoutMs: PATIENCE_MS });
			const head = await say(3);
			proxy.unblock();
			await reader.upTo(head);
			expect(reader.seqs).toEqual(range(joined + 1, head));
			await reader.client.close();
		},
		TEST_MS,
	);

	test(
		"that joins while the room is talking has every entry from the first on, once",
		async () => {
			let talking = true;
			const talk = (async () => {
				while (talking) await theirs.send("on and on").done;
			})();
			for (let i = 0; i < 5; i++) {
				const reader = new Reader(way, `joiner-${i}`);
				const room = await reader.join();
				const until = room.head + 20;
				for await (const { seq } of room.entries({ after: 0 })) {
					reader.seqs.push(seq);
					if (seq === until) break;
				}
				expect(reader.seqs).toEqual(range(1, until));
				await reader.client.close();
			}
			talking = false;
			await talk;
		},
		TEST_MS,
	);
});
