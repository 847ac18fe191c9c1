// A whole server as a test fixture: listeners on loopback sockets, core on the memory store, real accounts. Errors in its log fail the
// input, each connection is checked at the server's end by the simulation's tap, and a witness client stays in a room. The server is
// replaced after a number of inputs, so that a failure depends on few of them, and then checked for leaks of closed connections.

import { TIMING } from "@verbatim/protocol";
import {
	ACCOUNT_DEFAULTS,
	ADMISSION_LIMITS,
	assembleServer,
	CONNECTION_SETTINGS,
	checkedServerLimits,
	createAccounts,
	createMemoryStore,
	createMetrics,
	createOrigins,
	createProxies,
	LocalBus,
	type Log,
	newMemoryDisk,
	openHttp,
	openTcp,
	SERVER_LIMITS,
	systemClock,
	systemRandom,
} from "@verbatim/server/parts";
import { Waiting } from "../e2e/waiting.ts";
import { tap } from "../sim/tap.ts";
import { FuzzClient } from "./fuzz-client.ts";
import { must, PropertyViolation } from "./target.ts";

/** Inputs per server. */
const INPUTS_MAX = 400;
/** Timeout, for a busy machine. */
const PATIENCE_MS = 8_000;
export const WITNESS_ROOM = "#tea";
/** Served as the web page. No other file of the disk may be served. */
const PAGE = { body: "<!doctype html><title>page</title>", type: "text/html; charset=utf-8", etag: '"1"', immutable: false };

/** No rate limits: inputs should reach other code. */
const WIDE_LIMITS = {
	sendsPerSecond: 1e6,
	sendsBurst: 1e6,
	asksPerSecond: 1e6,
	asksBurst: 1e6,
	readBytesPerSecond: 1e9,
	readBytesBurst: 1e9,
	refusalsPerSecond: 1e6,
	refusalsBurst: 1e6,
	malformedPerSecond: 1e6,
	malformedBurst: 1e6,
	unauthenticatedRefusalsMax: 1e6,
	unauthenticatedRefusalsPerAddressPerSecond: 1e6,
	unauthenticatedRefusalsPerAddressBurst: 1e6,
	helloBytesMax: SERVER_LIMITS.frameBytesMax,
} as const;

const TIGHT_LIMITS = {
	catchUpEntriesMax: 6,
	historyEntriesMax: 4,
	historyEntriesDefault: 2,
	pageBytesMax: 600,
	outboxBytesMax: 4_096,
	outboxCrowdedBytesMax: 1_024,
	outboxesBytesMax: 4_096,
	ringEntriesMax: 2,
	commandsInFlightMax: 4,
	roomsPerUserMax: 3,
	invitationsPerUserMax: 2,
	invitationsPerInviterMax: 2,
	presenceReadersMax: 2,
	turnBytesMax: 64,
} as const;

/** Gauges that are 0 without connections. */
const GAUGES_ZERO_WHEN_IDLE = ["verbatim_sessions", "verbatim_connections", "verbatim_outbox_bytes"];

export interface ServerFixture {
	readonly tcpPort: number;
	readonly httpPort: number;
	/** Sets the overload level, 0 for none, until the next check. */
	overload(level: number): void;
	/** Errors of the server since the last check. */
	readonly troubles: readonly string[];
	/** Throws `PropertyViolation` for errors of the server since the last check, or if the witness cannot send. */
	look(): Promise<void>;
	close(): Promise<void>;
}

/** Roomy: the limits of the wire. Tight: so small that a short conversation reaches them. */
export type Size = "roomy" | "tight";

/** One server of each size, replaced after `INPUTS_MAX` inputs and after a failure. */
export class ServerFixtures {
	private readonly running = new Map<Size, { readonly server: ServerFixture; inputs: number }>();

	/** Runs `run` on a server and checks the server afterwards. */
	async with(size: Size, run: (server: ServerFixture) => Promise<string>): Promise<string> {
		const known = this.running.get(size) ?? { server: await openServerFixture(size), inputs: 0 };
		this.running.set(size, known);
		const { server } = known;
		try {
			const outcome = await run(server);
			await server.look();
			if (++known.inputs < INPUTS_MAX) return outcome;
			this.running.delete(size);
			await server.close();
			return outcome;
		} catch (error) {
			this.running.delete(size);
			// The server's errors say more than what the client has seen.
			const troubles = server.troubles.join("\n");
			// Leaks are expected after a failure.
			await server.close().catch(() => undefined);
			if (troubles !== "" && error instanceof Error) error.stack = `${error.stack}\nmeanwhile ${troubles}`;
			throw error;
		}
	}

	async close(): Promise<void> {
		const all = [...this.running.values()];
		this.running.clear();
		for (const { server } of all) await server.close();
	}
}

async function openServerFixture(size: Size): Promise<ServerFixture> {
	const broken: string[] = [];
	const log: Log = {
		debug() {},
		info() {},
		warn() {},
		error: ({ err }, msg) => void broken.push(`the server logged an error: ${msg}: ${err instanceof Error ? err.stack : err}`),
	};
	const [clock, random, metrics] = [systemClock, systemRandom, createMetrics()];
	const limits = checkedServerLimits({ ...SERVER_LIMITS, ...WIDE_LIMITS, ...(size === "tight" ? TIGHT_LIMITS : {}) });
	const timing = { ...TIMING, handshakeMs: 60_000, frameMs: 60_000, offlineGraceMs: 20, lineModeAfterMs: 10_000 };
	const disk = newMemoryDisk();
	const store = createMemoryStore({ clock, disk, limits: { ...limits, seqMax: SERVER_LIMITS.seqMax } });
	const accounts = await createAccounts({
		store,
		clock,
		random,
		log,
		settings: {
			...ACCOUNT_DEFAULTS,
			passwords: { ...ACCOUNT_DEFAULTS.passwords, memoryKib: 8, passes: 1 },
			limits: { ...ACCOUNT_DEFAULTS.limits, perAddress: { perSecond: 1e6, burst: 1e6 } },
		},
		fetch: () => Promise.reject(new Error("there is no network here")),
	});
	const server = assembleServer({
		store,
		bus: new LocalBus(),
		accounts,
		clock,
		random,
		log,
		metrics,
		limits,
		timing,
		admission: {
			...ADMISSION_LIMITS,
			connectionsPerAddressMax: 1e6,
			opensPerAddress: { perSecond: 1e6, burst: 1e6 },
			opens: { perSecond: 1e6, burst: 1e6 },
			refusalsPerAddress: { perSecond: 1e6, burst: 1e6 },
			filesPerAddress: { perSecond: 1e6, burst: 1e6 },
		},
		version: "fuzzed",
	});
	const { shedding } = server;
	const { admission } = server.connections;
	const tapped = tap(server.connections.formats, server.core, {
		broken: (words) => void broken.push(`the tap: ${words}`),
		disk: () => disk,
		waiting() {},
		closed() {},
		call: (_what, task) => task(),
	});
	const parts = {
		...server.connections,
		...tapped,
		page: (path: string) => (path === "/" ? PAGE : undefined),
		origins: createOrigins(["https://listed.example"]),
		proxies: createProxies(["127.0.0.1"]),
	};
	const tcp = await openTcp({ address: "127.0.0.1:0" }, parts, CONNECTION_SETTINGS);
	const http = await openHttp({ address: "127.0.0.1:0" }, parts, CONNECTION_SETTINGS);
	const portOf = (door: typeof tcp): number => (door.address.kind === "tcp" ? door.address.port : 0);
	const ports = { tcpPort: portOf(tcp), httpPort: portOf(http) };

	const witness = await FuzzClient.open(ports, "tcp/proto+crc");
	await witness.must({ case: "hello", value: { credential: { case: "guest", value: { name: "witness" } } } }, "welcome");
	await witness.must({ case: "create", value: { name: WITNESS_ROOM.slice(1), kind: 1 } }, "joined");
	let said = 0;

	const level = (name: string): number => {
		const family = metrics.families.find((each) => each.name === name);
		return family?.samples().reduce((sum, { value }) => sum + value, 0) ?? Number.NaN;
	};
	const gone = new Waiting();
	return {
		...ports,
		troubles: broken,
		overload(level) {
			shedding.level = level;
		},
		async look() {
			shedding.level = 0;
			must(broken.length === 0, () => broken.splice(0).join("\n"));
			await witness.must({ case: "send", value: { room: WITNESS_ROOM, cid: `w${++said}`, text: `line ${said}` } }, "sent");
			must(broken.length === 0, () => broken.splice(0).join("\n"));
		},
		async close() {
			witness.leave();
			try {
				// A closed link is removed a few turns of the event loop later.
				const poll = setInterval(() => gone.wake(), 5);
				const isEmpty = (): boolean => admission.open === 0 && GAUGES_ZERO_WHEN_IDLE.every((name) => level(name) === 0);
				await gone
					.until(isEmpty, () => "", PATIENCE_MS)
					.catch(() => {
						const levels = GAUGES_ZERO_WHEN_IDLE.map((name) => `${name} ${level(name)}`).join(", ");
						throw new PropertyViolation(`connections that are gone are held: ${admission.open} in admission, ${levels}`);
					})
					.finally(() => clearInterval(poll));
				must(broken.length === 0, () => broken.splice(0).join("\n"));
			} finally {
				tcp.closeAll();
				http.closeAll();
				server.stop();
				accounts.stop();
				await store.close();
			}
		},
	};
}
