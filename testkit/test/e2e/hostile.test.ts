// Clients that are not nice. Each attack is bounded, comes over the loopback, and goes on beside two ordinary people: they must
// notice nothing and lose nothing, and the server's memory must stay under a bound that is stated with the attack.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "@verbatim/client/node";
import { CLOSES, create, jsonCodec, UpSchema } from "@verbatim/protocol";
import { Canary } from "../../src/e2e/canary.ts";
import { Crowd } from "../../src/e2e/crowd.ts";
import { ROOMY } from "../../src/e2e/flags.ts";
import { tcpFraming, webSocketUpgrade } from "../../src/e2e/framing.ts";
import { RawPeer } from "../../src/e2e/raw-peer.ts";
import { MEMORY_KNOWN, metric, peakBytes, resetPeak, residentBytes } from "../../src/e2e/server-usage.ts";
import { eventually, PATIENCE_MS } from "../../src/e2e/waiting.ts";
import { type Way, WirePeer } from "../../src/e2e/wire-peer.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const TEST_MS = 120_000;
const MIB = 1024 * 1024;
const HANDSHAKE_MS = 2_000;
const FRAME_MS = 2_000;
const STALLED_MS = 3_000;
/** Between the bytes of a client that drips: many of them within every deadline. */
const DRIP_MS = 200;
/** Connections of one address, by default. */
const PER_ADDRESS = 64;

let server: ServerProcess;
let canary: Canary;
/** Bun's own deadline for headers is 12 s and cannot be set: these are sent away while the attacks go on. */
let headers: readonly RawPeer[] = [];
const drips: Array<() => void> = [];
let guests = 0;

beforeAll(async () => {
	const timing = [`handshakeMs=${HANDSHAKE_MS}`, `frameMs=${FRAME_MS}`, `stalledMs=${STALLED_MS}`];
	server = await ServerProcess.prepare({ flags: [...ROOMY, ...timing.map((time) => `--timing.${time}`)] });
	await server.start();
	canary = await Canary.begin(server);
	await canary.play(50);
	headers = await Promise.all(Array.from({ length: 20 }, () => RawPeer.open(server.httpPort)));
	for (const peer of headers) drip(peer, Buffer.from(`GET / HTTP/1.1\r\nX-Long: ${"x".repeat(4_000)}`));
}, TEST_MS);

afterAll(async () => {
	const verdict = await canary.verdict();
	const { anomalies } = canary;
	const faults = await metric(server, "verbatim_faults_total");
	for (const stop of drips) stop();
	for (const peer of headers) peer.close();
	await canary.end();
	await server.remove();
	expect(verdict).toMatchObject({ ok: true, violations: [] });
	expect(anomalies).toEqual([]);
	expect(faults).toBe(0);
}, TEST_MS);

// The attacks come in the order of the memory that their load takes anyway, because what a process has once had it may keep.

describe("whoever says nothing, or nearly", () => {
	// 48 KiB for each, of which an idle connection needs a tenth; the rest is the heap's, which is collected when it likes.
	test(
		"2,000 connections without a word: who must say who is there is sent away in time, the others cost little",
		async () => {
			const crowds: Crowd[] = [];
			const gather = async (port: number, count: number, says = ""): Promise<Crowd> => {
				const crowd = await Crowd.gather(port, count, says);
				crowds.push(crowd);
				return crowd;
			};
			const noHello = `{"close":{"code":${CLOSES.late.code},"reason":"no hello in time"`;
			try {
				await besieged(96 * MIB, async () => {
					const silent = await gather(server.tcpPort, 700);
					const agreed = await gather(server.tcpPort, 500, "VERBATIM/1 codec=json\n");
					const half = await gather(server.tcpPort, 200, "VERBATIM/1 cod");
					const sockets = await gather(server.httpPort, 600, webSocketUpgrade("json"));
					await silent.until((crowd) => crowd.heard.every((heard) => heard.startsWith("- Verbatim.")), "people are greeted");
					await agreed.until((crowd) => crowd.over === crowd.size, "who says no hello is sent away");
					await half.until((crowd) => crowd.over === crowd.size, "who says half a preface is sent away");
					await sockets.until((crowd) => crowd.over === crowd.size, "WebSockets without a hello are closed");
					for (const heard of half.heard) expect(heard).toStartWith("VERBATIM/1 error late no whole preface");
					for (const heard of [...agreed.heard, ...sockets.heard]) expect(heard).toContain(noHello);
					expect(silent.over).toBe(0);
					expect(await metric(server, "verbatim_connections", "line")).toBe(700);
				});
			} finally {
				for (const crowd of crowds) crowd.leave();
			}
			await eventually(
				async () => ((await metric(server, "verbatim_connections", "line")) === 0 ? true : undefined),
				() => "all places are free again",
			);
		},
		TEST_MS,
	);

	test(
		"a byte at a time: frames and prefaces have a deadline from their first byte; a slow typist has none",
		async () => {
			const framers = await Promise.all(Array.from({ length: 20 }, () => RawPeer.open(server.tcpPort)));
			const prefaces = await Promise.all(Array.from({ length: 20 }, () => RawPeer.open(server.tcpPort)));
			const driver = await RawPeer.open(server.tcpPort);
			try {
				await besieged(64 * MIB, async () => {
					drip(driver, Buffer.from("/nick typist\n/join slow\nI do\n"));
					for (const peer of prefaces) drip(peer, Buffer.from(`VERBATIM/1 ${" ".repeat(200)}`));
					for (const peer of framers) {
						const framing = tcpFraming({ codec: "json", check: "crc32c", frame: "length" });
						await framing.open(peer);
						const credential = { case: "guest" as const, value: { name: `drip-${++guests}` } };
						const hello = jsonCodec.encodeUp(create(UpSchema, { id: 1, command: { case: "hello", value: { credential } } }));
						peer.write(framing.wrap(hello));
						drip(peer, framing.wrap("x".repeat(4_000)));
					}
					for (const peer of framers) expect(await peer.toEnd()).toContain(`a frame was not whole after ${FRAME_MS / 1_000} s`);
					for (const peer of prefaces) expect(await peer.toEnd()).toStartWith("VERBATIM/1 error late");
					await driver.line(/^#slow \d+ <typist> I do$/);
				});
			} finally {
				for (const peer of [...framers, ...prefaces, driver]) peer.close();
			}
		},
		TEST_MS,
	);
});

describe("whoever says too much", () => {
	test(
		"endless HTTP headers and bodies are refused at their limits",
		async () => {
			const header = await RawPeer.open(server.httpPort);
			const body = await RawPeer.open(server.httpPort);
			try {
				await besieged(64 * MIB, async () => {
					header.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ${"x".repeat(64 * 1024)}`);
					expect(await header.toEnd()).toMatch(/^HTTP\/1\.1 431 /);
					body.write("POST /api/v1/guest HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n");
					const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536, "x"), Buffer.from("\r\n")]);
					for (let n = 0; n < 16 && !body.ended; n++) await body.written(chunk);
					expect(await body.line(/^HTTP\/1\.1 /)).toStartWith("HTTP/1.1 413 ");
				});
			} finally {
				header.close();
				body.close();
			}
		},
		TEST_MS,
	);

	// Four lines of 128 MiB: nothing of them may be kept.
	test(
		"endless lines are dropped, and complained of once",
		async () => {
			const peers = await Promise.all(Array.from({ length: 4 }, () => RawPeer.open(server.tcpPort)));
			try {
				await besieged(192 * MIB, async () => {
					const chunk = Buffer.alloc(256 * 1024, "x");
					const endless = peers.map(async (peer, i) => {
						for (let n = 0; n < 512; n++) await peer.written(chunk);
						peer.write(`\n/nick endless-${i}\n`);
						await peer.line(`- you are endless-${i}`);
						expect(peer.text.match(/^! too_large/gm)?.length).toBe(1);
					});
					await Promise.all(endless);
				});
			} finally {
				for (const peer of peers) peer.close();
			}
		},
		TEST_MS,
	);
});

describe("whoever does not read", () => {
	// The same load without anybody hostile, so that the store's caches and the heap have their size.
	beforeAll(() => fill("#warm", 1_500), TEST_MS);

	// Without a bound, twenty readers of 24 MiB each would hold nearly half a gigabyte. Each may have its outbox of 1 MiB.
	test(
		"in a busy room is closed as slow, and costs no more than its outbox",
		async () => {
			const deaf = await Promise.all(Array.from({ length: 20 }, (_, i) => guestInTea(i % 2 === 0 ? "tcp/proto" : "ws/json")));
			for (const peer of deaf) peer.pause(true);
			try {
				await besieged(160 * MIB, async () => {
					await fill("#tea", 3_000);
					await eventually(
						async () => ((await metric(server, "verbatim_connections_closed_total", "slow")) >= deaf.length ? true : undefined),
						() => "all that do not read are closed as slow",
					);
				});
				expect(await metric(server, "verbatim_catch_ups_total")).toBeGreaterThanOrEqual(deaf.length);
			} finally {
				for (const peer of deaf) peer.close();
			}
		},
		TEST_MS,
	);

	// Their answers would be 5 × 2,000 pages of more than 100 KiB: a gigabyte.
	test(
		"and asks for page after page is answered no further than it reads",
		async () => {
			const greedy = await Promise.all(Array.from({ length: 5 }, (_, i) => guestInTea(i % 2 === 0 ? "tcp/json" : "ws/proto")));
			for (const peer of greedy) peer.pause(true);
			try {
				await besieged(160 * MIB, async () => {
					for (const peer of greedy) {
						for (let i = 0; i < 2_000; i++) peer.say({ case: "history", value: { room: "#tea", limit: 200 } }, 10_000 + i);
					}
					await canary.further(100);
				});
			} finally {
				for (const peer of greedy) peer.close();
			}
		},
		TEST_MS,
	);
});

test(
	"HTTP headers that come a byte at a time are not waited for",
	async () => {
		for (const peer of headers) expect(await peer.toEnd()).not.toContain("200 OK");
		await canary.play(2);
	},
	TEST_MS,
);

describe("a flood from one address", () => {
	test(
		"beyond its share each is told when to try again; who is inside notices nothing; when it is over there is room",
		async () => {
			// The limits that a server has by default.
			const guarded = await ServerProcess.prepare({ flags: ["--log.level=warn"] });
			await guarded.start();
			const inside = await Canary.begin(guarded);
			const crowds: Crowd[] = [];
			try {
				inside.start();
				const flood = await Crowd.gather(guarded.tcpPort, 300, "VERBATIM/1 codec=json\n");
				crowds.push(flood);
				await flood.until((crowd) => crowd.heard.every((heard) => heard.includes("\n")), "each is answered");
				const sockets = await Crowd.gather(guarded.httpPort, 100, webSocketUpgrade("json"));
				crowds.push(sockets);
				await sockets.until((crowd) => crowd.heard.every((heard) => heard.includes("\r\n\r\n")), "each WebSocket is answered");

				const refused = flood.heard.filter((heard) => !heard.startsWith("VERBATIM/1 ok"));
				expect(refused.length).toBeGreaterThanOrEqual(flood.size - PER_ADDRESS);
				for (const heard of refused)
					expect(heard).toMatch(
						/^VERBATIM\/1 error busy too many (connections from your IP address|new connections at once), try again in \d+\.\d s\n/,
					);
				for (const heard of sockets.heard) {
					expect(heard).toStartWith("HTTP/1.1 503 ");
					expect(heard).toMatch(/\r\nretry-after: [1-9]\d*\r\n/i);
				}
				await inside.further(10);

				for (const crowd of crowds) crowd.leave();
				const newcomer = connect({ endpoints: guarded.tcp, credential: { guest: "newcomer" } });
				await newcomer.ready({ timeoutMs: PATIENCE_MS });
				await newcomer.close();
				await inside.stop();
				expect(await inside.verdict()).toMatchObject({ ok: true, violations: [] });
				expect(inside.anomalies).toEqual([]);
			} finally {
				for (const crowd of crowds) crowd.leave();
				await inside.end();
				await guarded.remove();
			}
		},
		TEST_MS,
	);
});

// ------------------------------------------------------------ helpers

/** Carries out an attack while the rally goes on, and holds the server's memory under `bytesMax` more than it had before. */
async function besieged(bytesMax: number, attack: () => Promise<void>): Promise<void> {
	const beforeBytes = MEMORY_KNOWN ? residentBytes(server.pid) : 0;
	if (MEMORY_KNOWN) resetPeak(server.pid);
	canary.start();
	try {
		await canary.further(2);
		await attack();
		await canary.further(10);
	} finally {
		await canary.stop();
	}
	if (MEMORY_KNOWN) expect(peakBytes(server.pid) - beforeBytes).toBeLessThan(bytesMax);
}

/** Somebody harmless says so many lines, of nearly the longest kind, in a room. */
async function fill(ref: string, count: number): Promise<void> {
	const talker = connect({ endpoints: server.tcp, credential: { guest: `talker-${++guests}` } });
	try {
		await talker.ready({ timeoutMs: PATIENCE_MS });
		const room = await talker.join(ref, { create: true });
		const text = "word ".repeat(1_600);
		await Promise.all(Array.from({ length: count }, (_, i) => room.send(`${i} ${text}`).done));
	} finally {
		await talker.close();
	}
}

async function guestInTea(way: Way): Promise<WirePeer> {
	const peer = await WirePeer.open(server, way);
	const credential = { case: "guest" as const, value: { name: `hostile-${++guests}` } };
	expect(await peer.ask({ case: "hello", value: { credential, client: "test" } })).toMatchObject({ case: "welcome" });
	expect(await peer.ask({ case: "join", value: { room: "#tea", create: true, history: 1 } })).toMatchObject({ case: "joined" });
	return peer;
}

/** Sends one byte after the other until the connection is over. */
function drip(peer: RawPeer, bytes: Uint8Array): void {
	let at = 0;
	const timer = setInterval(() => {
		if (at >= bytes.length || peer.ended) clearInterval(timer);
		else peer.write(bytes.subarray(at, ++at));
	}, DRIP_MS);
	drips.push(() => clearInterval(timer));
}
