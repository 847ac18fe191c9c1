// What a seed means: a table of options, printed with every failure. Swarm testing: most faults are absent in most runs, because faults
// hide each other; over many seeds every combination occurs.
import { type BusOptions, busOptionsOf } from "./bus.ts";
import { Chance } from "./chance.ts";

export type ConnectionKind = "ws/json" | "ws/proto" | "tcp/json" | "tcp/proto";

/** How an application reads its rooms: every entry; told of what was left out; by events as they come. */
export type ReadMode = "fill" | "told" | "events";

export interface ClientOptions {
	readonly name: string;
	readonly user: string;
	readonly connection: ConnectionKind;
	readonly read: ReadMode;
	/** Begins with the first entry, or where the room stands. */
	readonly fromFirst: boolean;
	/** Time an application takes for an entry, ms, now and then. */
	readonly thinkMs: number;
	/** Time the outbox's store takes, ms. */
	readonly outboxMs: number;
	readonly sendsInFlightMax: number;
	/** Asks for the members of its rooms, and so has them shown. */
	readonly lists: boolean;
}

/** A bug of the server that hits the sends of one room (poison.ts). */
export interface PoisonOptions {
	readonly room: string;
	readonly fromMs: number;
	/** It is mended with all the rest. */
	readonly heals: boolean;
	/** What it hits was committed before. */
	readonly committed: boolean;
	/** What becomes of the session: it goes on, ends after the answer, or ends without one. */
	readonly ends: "never" | "answered" | "unanswered";
	/** It hits one of so many sends, the same ones at every try. */
	readonly every: number;
	/** A client waits so long before it tries a send again that all other rooms have settled before. */
	readonly slow: boolean;
}

/** How many of each fault happen. */
export interface FaultCounts {
	readonly cut: number;
	readonly blacken: number;
	readonly stall: number;
	readonly dead: number;
	readonly slowReader: number;
	readonly pauseClient: number;
	readonly crashClient: number;
	readonly closeClient: number;
	readonly retireClient: number;
	readonly pauseServer: number;
	readonly killServer: number;
	readonly powerLoss: number;
	readonly drainServer: number;
	readonly restore: number;
	readonly jump: number;
	readonly slowDisk: number;
	readonly failDisk: number;
	readonly slowReads: number;
	readonly busyLogins: number;
	/** Reads fail. */
	readonly failReads: number;
	/** A connection on which a user's hello is refused late, and then another's is taken. */
	readonly shareConnection: number;
	/** Errors that the server's own code throws. */
	readonly throw: number;
	readonly lostFrame: number;
}

export interface SimOptions {
	readonly seed: number;
	readonly rooms: readonly string[];
	readonly clients: readonly ClientOptions[];
	/** Length of the phase of faults, ms; then everything heals. */
	readonly faultsMs: number;
	/** Messages per client and second. */
	readonly sendRate: number;
	/** Membership changes, pages and the like, in all. */
	readonly actions: number;
	/** Clients of one user that come and go in the same moments. */
	readonly joinLeaveRaces: number;
	/** Requests at the HTTP API. */
	readonly apiRequests: number;
	/** Renames of rooms. */
	readonly renames: number;
	readonly latencyMs: number;
	readonly jitterMs: number;
	readonly capacityBytes: number;
	readonly slices: boolean;
	readonly corrupt: number;
	/** A commit takes up to this, ms; and the news of it comes late by up to that. A read takes up to twice its number. */
	readonly commitMs: number;
	readonly commitReplyMs: number;
	readonly readMs: number;
	/** Limits that make the rare common. */
	readonly catchUpEntriesMax: number;
	readonly historyEntriesMax: number;
	readonly historyEntriesDefault: number;
	readonly ringEntriesMax: number;
	readonly outboxBytesMax: number;
	readonly pageBytesMax: number;
	readonly commandsInFlightMax: number;
	readonly batchDraftsMax: number;
	readonly sendsPerSecond: number;
	/** Identities have to be proved again after this long by the wall clock, ms; 0: never. */
	readonly expiresMs: number;
	readonly faults: FaultCounts;
	/** Guests that come for the first time, and whose first welcomes are lost (newGuest.ts). */
	readonly newGuests: number;
	/** Sends that are refused for good, and of which copies follow (duplicate-sends.ts). */
	readonly duplicates: number;
	readonly poison: PoisonOptions | undefined;
	readonly crowd: CrowdOptions | undefined;
	/** Absent: the bus of one process, which loses nothing. */
	readonly bus: BusOptions | undefined;
}

/** A first room that is large: presence is not told there, and its members come in pages. */
export interface CrowdOptions {
	/** Members who have no client: made before the run, and coming and going in it. */
	readonly members: number;
	/** How often one of them comes or goes. */
	readonly moves: number;
	readonly membersPageMax: number;
	/** Rooms with more members or readers do not hear of presence. */
	readonly presenceReadersMax: number;
}

const FAULTS_MS = 5_000;
const CLIENTS = 5;
const ROOMS = ["tea", "den"];
const USERS = ["ann", "ben", "cat", "dan", "eve"] as const;
export const CONNECTION_KINDS: readonly ConnectionKind[] = ["ws/json", "ws/proto", "tcp/proto", "tcp/json"];
const MODES: readonly ReadMode[] = ["fill", "fill", "told", "events"];

export function optionsOf(seed: number): SimOptions {
	const chance = new Chance(seed).fork("options");
	const some = (max: number, p: number): number => (chance.hit(p) ? 1 + chance.below(max) : 0);
	const small = chance.hit(0.5);
	const limit = (...among: readonly number[]): number => (small ? chance.pick(among) : (among.at(-1) ?? 0));
	const historyEntriesMax = limit(3, 10, 200);
	const chaos = chance.float() < 0.9 ? 1 : 0;
	const base: SimOptions = {
		seed,
		rooms: ROOMS,
		clients: Array.from({ length: CLIENTS }, (_, i) => ({
			name: `d${i}`,
			// Now and then two clients of one user.
			user: USERS[i > 0 && chance.hit(0.25) ? i - 1 : i] ?? "ann",
			connection: chance.pick(CONNECTION_KINDS),
			read: chance.pick(MODES),
			fromFirst: chance.hit(0.5),
			thinkMs: chance.hit(0.2) ? 100 : 0,
			outboxMs: chance.hit(0.3) ? 20 : 0,
			sendsInFlightMax: chance.pick([1, 4, 64]),
			lists: chance.hit(0.4),
		})),
		faultsMs: FAULTS_MS,
		sendRate: chance.pick([0.4, 0.6, 1, 2]),
		actions: chance.below(9),
		joinLeaveRaces: some(4, 0.4),
		apiRequests: some(8, 0.4),
		renames: some(3, 0.3),
		latencyMs: chance.pick([1, 5, 20, 80]),
		jitterMs: chance.pick([0, 2, 30]),
		capacityBytes: chance.pick([400, 4_000, 64_000, 64_000]),
		slices: chance.hit(0.5),
		corrupt: chance.hit(0.2) ? chance.pick([0.02, 0.08]) : 0,
		commitMs: chance.pick([0.2, 2, 20, 60]),
		commitReplyMs: chance.pick([0, 1, 10, 60]),
		readMs: chance.pick([0, 0.5, 10, 40]),
		catchUpEntriesMax: Math.max(historyEntriesMax, limit(5, 20, 1_000)),
		historyEntriesMax,
		historyEntriesDefault: Math.min(historyEntriesMax, limit(1, 3, 50)),
		ringEntriesMax: limit(1, 4, 256),
		outboxBytesMax: limit(1_500, 6_000, 1_048_576),
		pageBytesMax: limit(300, 1_000, 131_072),
		commandsInFlightMax: limit(2, 8, 256),
		batchDraftsMax: limit(1, 3, 4_096),
		sendsPerSecond: limit(3, 1e6),
		expiresMs: some(1, 0.15) * 2_500,
		faults: {
			cut: chaos * some(5, 0.5),
			blacken: chaos * some(2, 0.25),
			stall: chaos * some(4, 0.35),
			dead: chaos * some(3, 0.25),
			slowReader: chaos * some(4, 0.3),
			pauseClient: chaos * some(3, 0.25),
			crashClient: chaos * some(2, 0.35),
			closeClient: chaos * some(1, 0.2),
			retireClient: chaos * some(1, 0.2),
			pauseServer: chaos * some(2, 0.25),
			killServer: chaos * some(2, 0.3),
			powerLoss: chaos * some(1, 0.25),
			drainServer: chaos * some(1, 0.15),
			restore: chaos * some(1, 0.2),
			jump: chaos * some(3, 0.3),
			slowDisk: chaos * some(3, 0.3),
			failDisk: chaos * some(3, 0.25),
			slowReads: chaos * some(3, 0.3),
			busyLogins: chaos * some(2, 0.15),
			failReads: chaos * some(2, 0.15),
			shareConnection: chaos * some(3, 0.2),
			throw: chaos * some(12, 0.3),
			lostFrame: chaos * some(6, 0.4),
		},
		poison: chaos === 1 && chance.hit(0.15) ? poisonOptionsOf(chance) : undefined,
		crowd: crowdOptionsOf(new Chance(seed).fork("crowd")),
		bus: busOptionsOf(new Chance(seed).fork("bus")),
		newGuests: newGuestsOf(new Chance(seed).fork("lost welcomes")),
		duplicates: duplicatesOf(new Chance(seed).fork("copies")),
	};
	if ((base.crowd?.members ?? 0) > THOUSANDS_MIN) return withThousands(base);
	// A client that waits so long after an error of the server's would do so for one that is thrown beside the poison, too.
	return base.poison?.slow === true ? { ...base, faults: { ...base.faults, throw: 0 } } : base;
}

/** More members than this need limits of an ordinary size, or their joins alone fill the run. */
const THOUSANDS_MIN = 100;

function crowdOptionsOf(chance: Chance): CrowdOptions | undefined {
	if (!chance.hit(0.15)) return undefined;
	// Rare, because such a run takes as long as ten others.
	const thousands = chance.hit(0.07);
	return {
		members: thousands ? 1_000 + chance.below(2_000) : chance.below(30),
		moves: chance.below(40),
		membersPageMax: thousands ? chance.pick([300, 1_000]) : chance.pick([1, 3, 10]),
		presenceReadersMax: 2,
	};
}

function newGuestsOf(chance: Chance): number {
	return chance.hit(0.1) ? 1 + chance.below(3) : 0;
}

function duplicatesOf(chance: Chance): number {
	return chance.hit(0.15) ? 1 + chance.below(3) : 0;
}

/** A day of thousands: each fault as base, limits and lines of an ordinary size. */
function withThousands(base: SimOptions): SimOptions {
	return {
		...base,
		// Who takes a moment for each of thousands of joins is not done in time.
		clients: base.clients.map((client) => ({ ...client, thinkMs: 0 })),
		capacityBytes: 64_000,
		corrupt: 0,
		catchUpEntriesMax: 1_000,
		historyEntriesMax: 200,
		historyEntriesDefault: 50,
		outboxBytesMax: 1_048_576,
		pageBytesMax: 131_072,
		poison: undefined,
	};
}

function poisonOptionsOf(chance: Chance): PoisonOptions {
	const ends = chance.pick(["never", "answered", "unanswered"] as const);
	const heals = chance.hit(0.3);
	return {
		room: chance.pick(ROOMS),
		fromMs: chance.below(FAULTS_MS),
		heals,
		committed: chance.hit(0.4),
		ends,
		every: ends === "never" ? chance.pick([1, 3]) : 3,
		slow: !heals && chance.hit(0.4),
	};
}

/** The table as lines: what is zero or ordinary is left out of the faults. */
export function showOptions({ clients, faults, poison, crowd, bus, ...rest }: SimOptions): string {
	const lines = Object.entries(rest).map(([name, value]) => `${name.padEnd(22)} ${String(value)}`);
	for (const { name, user, connection, read, ...more } of clients) {
		const details = Object.entries(more).map(([key, value]) => `${key}=${value}`);
		lines.push(`${name.padEnd(22)} ${[user, connection, read, ...details].join(" ")}`);
	}
	if (poison !== undefined) lines.push(`${"poison".padEnd(22)} ${JSON.stringify(poison)}`);
	if (crowd !== undefined) lines.push(`${"crowd".padEnd(22)} ${JSON.stringify(crowd)}`);
	if (bus !== undefined) lines.push(`${"bus".padEnd(22)} ${JSON.stringify(bus)}`);
	const happening = Object.entries(faults).filter(([, count]) => count > 0);
	lines.push(`${"faults".padEnd(22)} ${happening.map(([name, count]) => `${name}×${count}`).join(" ") || "none"}`);
	return lines.join("\n");
}
