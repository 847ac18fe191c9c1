// The core of a node: sessions, rooms and commands around a store and a bus. It uses no sockets, files or system clock, so the
// simulator runs it unchanged.
import type { Timing } from "@verbatim/protocol";
import type { Account, Accounts } from "./account/accounts.ts";
import { Revocations } from "./account/revocations.ts";
import { type HelloLimits, HelloQueue } from "./admit/hello-queue.ts";
import type { Clock, Random } from "./base/clock.ts";
import { createFaults, guardedClock } from "./base/faults.ts";
import { newId } from "./base/ids.ts";
import type { ServerLimits } from "./base/limits.ts";
import type { Log } from "./base/log.ts";
import type { Metrics } from "./base/metrics.ts";
import { batchEvents } from "./batch-events.ts";
import type { Bus } from "./bus/bus.ts";
import { publishCommits } from "./bus/publish-commits.ts";
import { type Commands, createCommands } from "./command/run.ts";
import { Buckets } from "./limit/buckets.ts";
import { FairQueue } from "./limit/fair-queue.ts";
import { LogSampler } from "./limit/log-sampler.ts";
import { ReadLimit } from "./limit/read-limit.ts";
import type { SessionHost, SessionInput } from "./link/host.ts";
import type { Link } from "./link/link.ts";
import { Comparison } from "./node/compare.ts";
import { createReceiver } from "./node/receive.ts";
import type { Shedding } from "./overload/shedding.ts";
import { Directory } from "./people/directory.ts";
import { Presence } from "./people/presence.ts";
import { RemoteSessions } from "./people/remote-sessions.ts";
import { LogCache } from "./room/log-cache.ts";
import { MemberLists } from "./room/member-lists.ts";
import { Rooms } from "./room/rooms.ts";
import { drainSessions } from "./session/drain.ts";
import { EphemeralStates } from "./session/ephemeral-states.ts";
import { Flusher } from "./session/flusher.ts";
import type { SessionParts } from "./session/parts.ts";
import type { Principal } from "./session/principal.ts";
import { Session } from "./session/session.ts";
import { TimerWheel } from "./session/timer-wheel.ts";
import type { Store } from "./store/store.ts";

/**
 * Pages read at once, for all users: one is read while another is encoded, and at most two are encoded in one turn of the event
 * loop.
 */
const PAGES_AT_ONCE_MAX = 2;

export interface CoreOptions {
	readonly store: Store;
	/** Used by this core alone, which closes it on `stop`. */
	readonly bus: Bus;
	readonly accounts: Accounts;
	readonly clock: Clock;
	readonly random: Random;
	readonly log: Log;
	readonly metrics: Metrics;
	readonly limits: ServerLimits;
	readonly timing: Timing;
	readonly shedding: Shedding;
	/** Default: `HELLO_LIMITS`. */
	readonly helloLimits?: HelloLimits;
	/** False: the thread that owns the store publishes what is committed, and tells this one's store of batches that change members. Default: true. */
	readonly publishesCommits?: boolean;
	/** Name and version, for every welcome. */
	readonly version: string;
}

export interface RunningCore extends SessionHost {
	readonly commands: Commands;
	/** Ends the user's sessions of an earlier generation, and those being welcomed. */
	endUser(user: Pick<Account, "id" | "generation">, why: "banned" | "expired"): void;
	/** Sessions open now, those being welcomed among them. */
	readonly sessions: number;
	/**
	 * Waits for commands in flight, then tells every client to reconnect later; spread over half of `withinMs` at most. `sessionsInAll`: with those of other
	 * nodes of this process, which are drained at the same time. Default: these.
	 */
	drain(withinMs: number, sessionsInAll?: number): Promise<void>;
	/** Stops all timers; after `drain`. */
	stop(): void;
}

export function createCore(options: CoreOptions): RunningCore {
	const { store, bus, random, limits, timing, metrics, shedding } = options;
	const faults = createFaults(options);
	const clock = guardedClock(options.clock, faults);
	const node = newId("s", clock, random);
	const directory = new Directory<Principal>(bus);
	const remoteSessions = new RemoteSessions(node);
	const presence = new Presence(
		{ directory, remoteSessions, bus, node, liveRoom: (id) => rooms.get(id), clock, shedding, missed: metrics.compared },
		{ offlineGraceMs: timing.offlineGraceMs, subscribersMax: limits.presenceReadersMax },
	);
	const lists = new MemberLists(store, clock);
	const channels = {
		followRoom(room: string): void {
			bus.followRoom(room);
			comparison.followed(room);
		},
		unfollowRoom: (room: string) => bus.unfollowRoom(room),
	};
	const rooms: Rooms = new Rooms({
		directory,
		presence,
		lists,
		clock,
		faults,
		bus: channels,
		limits,
		store,
		readOn: metrics.roomsReadOn,
	});
	const revocations = new Revocations();
	const receive = createReceiver({
		rooms,
		presence,
		remoteSessions,
		directory,
		revocations,
		faults,
		presenceReadersMax: limits.presenceReadersMax,
	});
	const comparison = new Comparison({
		store,
		bus,
		clock,
		faults,
		rooms,
		directory,
		presence,
		revoke: (user, generation, why) => receive({ kind: "revoked", user, generation, why }),
		missed: metrics.compared,
	});
	const wheel = new TimerWheel(clock);
	let sessionsSoFar = 0;
	const core: SessionParts = {
		...options,
		clock,
		faults,
		directory,
		rooms,
		sends: metrics.sends,
		lists,
		wheel,
		logCache: new LogCache(store, clock, limits, metrics.storeReads),
		pageTurns: new FairQueue(PAGES_AT_ONCE_MAX),
		presence,
		hellos: new HelloQueue(shedding, options.helloLimits),
		ephemeralStates: new EphemeralStates(),
		flusher: new Flusher(clock),
		outboxTotal: { bytes: 0 },
		rateLimits: {
			send: new Buckets({ perSecond: limits.sendsPerSecond, burst: limits.sendsBurst }, clock),
			ask: new Buckets({ perSecond: limits.asksPerSecond, burst: limits.asksBurst }, clock),
			read: new ReadLimit({ perSecond: limits.readBytesPerSecond, burst: limits.readBytesBurst }, limits.pageBytesMax, clock),
		},
		typing: new Buckets({ perSecond: limits.typingPerSecond, burst: limits.typingBurst }, clock),
		unauthenticatedRefusals: new Buckets(
			{
				perSecond: limits.unauthenticatedRefusalsPerAddressPerSecond,
				burst: limits.unauthenticatedRefusalsPerAddressBurst,
			},
			clock,
		),
		sessions: new Set(),
		revocations,
		lines: new LogSampler(options.log, clock),
		node,
		nextSession: () => ++sessionsSoFar,
	};
	metrics.outboxBytes.watch(() => core.outboxTotal.bytes);
	metrics.rooms.watch(() => rooms.size);
	metrics.gapsBytes.watch(() => rooms.gaps.bytes + bus.stats().heldBytes);
	metrics.memberListsBytes.watch(() => lists.bytes);
	metrics.draftsWaiting.watch(() => store.stats().waiting);
	metrics.storeConnections.watch(() => store.stats().connections ?? 0);
	metrics.storeReadsWaiting.watch(() => store.stats().readsWaiting ?? 0);
	metrics.hellosWaiting.watch(() => core.hellos.waiting);
	bus.listen(receive, () => comparison.hurry());
	comparison.start();
	const changed = (room: string): void => lists.changed(room);
	store.listen({
		committed:
			options.publishesCommits === false
				? (batch) => {
						for (const { room } of batch)
							faults.guard("store", "a list of members was not noted as changed", () => changed(room));
					}
				: (batch) => publishCommits(batch, { bus, changed, faults }),
		...batchEvents({ metrics, lines: core.lines, faults }),
	});
	return {
		commands: createCommands(core, core.rateLimits),
		open(link: Link): SessionInput {
			return new Session(core, link);
		},
		endUser({ id, generation }, why) {
			bus.publish({ kind: "revoked", user: id, generation, why });
		},
		get sessions() {
			return core.sessions.size;
		},
		async drain(withinMs, sessionsInAll) {
			// Nearly all clients will reconnect: no absences are published.
			core.presence.stop();
			await drainSessions([...core.sessions], withinMs, { clock, random }, sessionsInAll);
		},
		stop() {
			wheel.stop();
			core.presence.stop();
			rooms.stop();
			comparison.stop();
			bus.close();
			core.logCache.stop();
			core.lines.stop();
		},
	};
}
