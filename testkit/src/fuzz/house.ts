// A whole server for an input to be fed to: its own doors on real sockets of the loopback, its own core on the memory store, real
// accounts. What it would have logged as an error is kept, each connection is listened to at the server's end by the simulation's
// tap, and a witness sits in a room all the while. After so many conversations a new house is built, so that what breaks depends
// on a short past, and what is still held then by connections that are gone is known.
import { TIMING } from "@verbatim/protocol";
import { createAccounts } from "../../../server/src/account/service.ts";
import { ACCOUNT_DEFAULTS } from "../../../server/src/account/settings.ts";
import { systemClock, systemRandom } from "../../../server/src/clock.ts";
import { createCore } from "../../../server/src/core.ts";
import { createFaults } from "../../../server/src/faults.ts";
import { checkedServerLimits, SERVER_LIMITS } from "../../../server/src/limits.ts";
import { createFormats } from "../../../server/src/listen/formats.ts";
import { GATE_LIMITS, Gate } from "../../../server/src/listen/gate.ts";
import { openHttp } from "../../../server/src/listen/http.ts";
import { createOrigins } from "../../../server/src/listen/origin.ts";
import { createProxies } from "../../../server/src/listen/peer.ts";
import { openTcp } from "../../../server/src/listen/tcp.ts";
import { TCP_SETTINGS } from "../../../server/src/listen/tcp-connection.ts";
import { Turns } from "../../../server/src/listen/turns.ts";
import type { Log } from "../../../server/src/ops/log.ts";
import { LogSampler } from "../../../server/src/ops/log-sampler.ts";
import { createMetrics } from "../../../server/src/ops/metrics.ts";
import { LevelShedding } from "../../../server/src/overload/shedding.ts";
import { newMemoryDisk } from "../../../server/src/store/memory/disk.ts";
import { createMemoryStore } from "../../../server/src/store/memory/memory.ts";
import { Waiting } from "../e2e/waiting.ts";
import { tap } from "../sim/tap.ts";
import { Broken, must } from "./target.ts";
import { Visitor } from "./visitor.ts";

/** Inputs fed to one house. */
const INPUTS_MAX = 400;
/** The longest that anything which works takes, on a busy machine. */
const PATIENCE_MS = 8_000;
export const WITNESSED_ROOM = "#tea";
/** The page, instead of a bundle: what else there is on the disk of the server must never be told. */
const PAGE = { body: "<!doctype html><title>page</title>", type: "text/html; charset=utf-8", etag: '"1"', immutable: false };

/** Nobody is refused for being quick: an input should meet something else. */
const UNHURRIED = {
	sendsPerSecond: 1e6,
	sendsBurst: 1e6,
	asksPerSecond: 1e6,
	asksBurst: 1e6,
	refusalsPerSecond: 1e6,
	refusalsBurst: 1e6,
	malformedPerSecond: 1e6,
	malformedBurst: 1e6,
	unauthenticatedRefusalsMax: 1e6,
	unauthenticatedRefusalsPerAddressPerSecond: 1e6,
	unauthenticatedRefusalsPerAddressBurst: 1e6,
	helloBytesMax: SERVER_LIMITS.frameBytesMax,
} as const;

const TIGHT = {
	catchUpEntriesMax: 6,
	historyEntriesMax: 4,
	historyEntriesDefault: 2,
	pageBytesMax: 600,
	outboxBytesMax: 2_048,
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

/** Levels that are nothing when everybody is gone. */
const HELD = ["verbatim_sessions", "verbatim_connections", "verbatim_outbox_bytes"];

export interface House {
	readonly tcpPort: number;
	readonly httpPort: number;
	/** From now on the server lets go of work as in overload of this level, 0 for none, until the next look. */
	overload(level: number): void;
	/** What went wrong on the server since the last look. */
	readonly troubles: readonly string[];
	/** Throws `Broken` for everything that went wrong on the server since the last look, and lets the witness say and hear something. */
	look(): Promise<void>;
	close(): Promise<void>;
}

/** Roomy: the limits of the wire. Tight: so small that a short conversation meets them. */
export type Size = "roomy" | "tight";

/** A house of each size, built anew after so many inputs, and after a failure. */
export class Houses {
	private readonly standing = new Map<Size, { readonly house: House; inputs: number }>();

	/** Gives `visit` a house, and looks after it when the visit is over. */
	async with(size: Size, visit: (house: House) => Promise<string>): Promise<string> {
		const known = this.standing.get(size) ?? { house: await openHouse(size), inputs: 0 };
		this.standing.set(size, known);
		const { house } = known;
		try {
			const outcome = await visit(house);
			await house.look();
			if (++known.inputs < INPUTS_MAX) return outcome;
			this.standing.delete(size);
			await house.close();
			return outcome;
		} catch (error) {
			this.standing.delete(size);
			// The server's own words say more than what the peer has seen of it.
			const troubles = house.troubles.join("\n");
			// What it still holds is no news after a failure.
			await house.close().catch(() => undefined);
			if (troubles !== "" && error instanceof Error) error.stack = `${error.stack}\nmeanwhile ${troubles}`;
			throw error;
		}
	}

	async close(): Promise<void> {
		const all = [...this.standing.values()];
		this.standing.clear();
		for (const { house } of all) await house.close();
	}
}

async function openHouse(size: Size): Promise<House> {
	const broken: string[] = [];
	const log: Log = {
		debug() {},
		info() {},
		warn() {},
		error: ({ err }, msg) => void broken.push(`the server logged an error: ${msg}: ${err instanceof Error ? err.stack : err}`),
	};
	const [clock, random, metrics] = [systemClock, systemRandom, createMetrics()];
	const limits = checkedServerLimits({ ...SERVER_LIMITS, ...UNHURRIED, ...(size === "tight" ? TIGHT : {}) });
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
	const shedding = new LevelShedding(random, metrics.overloadRefused);
	const core = createCore({ store, accounts, clock, random, log, metrics, limits, timing, shedding, version: "fuzzed" });
	const gate = new Gate(
		{
			...GATE_LIMITS,
			connectionsPerAddressMax: 1e6,
			opensPerAddress: { perSecond: 1e6, burst: 1e6 },
			opens: { perSecond: 1e6, burst: 1e6 },
			refusalsPerAddress: { perSecond: 1e6, burst: 1e6 },
			filesPerAddress: { perSecond: 1e6, burst: 1e6 },
		},
		clock,
	);
	const tapped = tap(createFormats(limits), core, {
		broken: (words) => void broken.push(`the tap: ${words}`),
		disk: () => disk,
		waiting() {},
		closed() {},
		call: (_what, task) => task(),
	});
	const parts = {
		...tapped,
		gate,
		turns: new Turns(clock, limits, createFaults({ clock, random, log, metrics })),
		limits,
		timing,
		clock,
		random,
		log,
		lines: new LogSampler(log, clock),
		metrics,
		accounts,
		commands: core.commands,
		shedding,
		page: (path: string) => (path === "/" ? PAGE : undefined),
		origins: createOrigins(["https://listed.example"]),
		proxies: createProxies(["127.0.0.1"]),
	};
	const tcp = await openTcp({ address: "127.0.0.1:0" }, parts, TCP_SETTINGS);
	const http = await openHttp({ address: "127.0.0.1:0" }, parts, TCP_SETTINGS);
	const portOf = (door: typeof tcp): number => (door.address.kind === "tcp" ? door.address.port : 0);
	const ports = { tcpPort: portOf(tcp), httpPort: portOf(http) };

	const witness = await Visitor.open(ports, "tcp/proto+crc");
	await witness.must({ case: "hello", value: { credential: { case: "guest", value: { name: "witness" } } } }, "welcome");
	await witness.must({ case: "create", value: { name: WITNESSED_ROOM.slice(1), kind: 1 } }, "joined");
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
			await witness.must({ case: "send", value: { room: WITNESSED_ROOM, cid: `w${++said}`, text: `line ${said}` } }, "sent");
			must(broken.length === 0, () => broken.splice(0).join("\n"));
		},
		async close() {
			witness.leave();
			try {
				// A link that is cut is gone a few turns of the event loop later.
				const poll = setInterval(() => gone.wake(), 5);
				const isEmpty = (): boolean => gate.open === 0 && HELD.every((name) => level(name) === 0);
				await gone
					.until(isEmpty, () => "", PATIENCE_MS)
					.catch(() => {
						const levels = HELD.map((name) => `${name} ${level(name)}`).join(", ");
						throw new Broken(`connections that are gone are held: ${gate.open} in the gate, ${levels}`);
					})
					.finally(() => clearInterval(poll));
				must(broken.length === 0, () => broken.splice(0).join("\n"));
			} finally {
				tcp.closeAll();
				http.closeAll();
				core.stop();
				accounts.stop();
				await store.close();
			}
		},
	};
}
