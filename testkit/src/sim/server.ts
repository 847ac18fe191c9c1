// The server of a run: its own core and listeners over the simulated disk and network, in a process that can die and be restarted. Left
// out: passwords and tokens (accounts.ts), and HTTP, of whose API there are the commands.

import { type Command, create, type Down, DownSchema, LIMITS, Refusal, Room_Kind, UpSchema } from "@verbatim/protocol";
import {
	type AssembledServer,
	assembleServer,
	type Bus,
	createMemoryStore,
	createMetrics,
	type Draft,
	joinDraft,
	LocalBus,
	type Log,
	leaveDraft,
	type MemoryStore,
	REFUSED_LIMITS,
	SERVER_LIMITS,
	type Store,
	type UserRef,
} from "@verbatim/server/parts";
import { createSimAccounts } from "./accounts.ts";
import { SimBus } from "./bus.ts";
import type { Chance } from "./chance.ts";
import { SimDisk } from "./disk.ts";
import type { ErrorInjector } from "./injected-errors.ts";
import { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { SimOptions } from "./options.ts";
import { isPoison, Poison } from "./poison.ts";
import type { Recorder } from "./recorder.ts";
import type { Scheduler } from "./scheduler.ts";
import { tap } from "./tap.ts";
import { SIM_TIMING } from "./timing.ts";

export class SimServer {
	readonly disk: SimDisk;
	/** Log-ins are refused for now. */
	loginsBusy = false;
	/** The most that ever waited for one peer, in bytes. */
	waitingMost = 0;
	/** An identity has to be proved again after this long; 0: never. */
	expiresMs: number;
	private readonly scheduler: Scheduler;
	private readonly chance: Chance;
	private readonly network: Network;
	private readonly recorder: Recorder;
	private readonly options: SimOptions;
	private readonly injector: ErrorInjector;
	private readonly wall = { offsetMs: 0 };
	private readonly poison: Poison | undefined;
	/** Users of whom a hello is being refused, and when. */
	private readonly refusing = new Map<string, number>();
	private machine: Machine | undefined;
	private server: AssembledServer | undefined;
	private ageGrowth = AGE_GROWTH;
	private store: MemoryStore | undefined;
	private boots = 0;
	private isHealed = false;

	constructor(
		scheduler: Scheduler,
		chance: Chance,
		network: Network,
		recorder: Recorder,
		injector: ErrorInjector,
		options: SimOptions,
	) {
		this.injector = injector;
		this.scheduler = scheduler;
		this.chance = chance;
		this.network = network;
		this.recorder = recorder;
		this.options = options;
		this.expiresMs = options.expiresMs;
		// Clocks jump by an hour, more than once.
		const rules = { ...LIMITS, ...REFUSED_LIMITS, refusedSendsMs: DAY_MS };
		this.disk = new SimDisk(chance.fork("disk"), recorder, { ...options, rules });
		if (options.crowd !== undefined) this.disk.populate(crowdOf(options.rooms[0] ?? "", options.crowd.members));
		if (options.poison === undefined) return;
		const poison = new Poison(options.poison, {
			roomNamed: (name) => this.disk.roomNamed(name),
		});
		this.poison = poison;
		scheduler.at(options.poison.fromMs, () => {
			poison.active = true;
			recorder.note(`sends in ${options.poison?.room} are poisoned`);
		});
	}

	/** Does it let go of anything? */
	get overloaded(): boolean {
		return (this.server?.shedding.level ?? 0) > 0;
	}

	get up(): boolean {
		return this.machine?.alive === true;
	}

	start(): void {
		if (this.up) return;
		const { options } = this;
		const machine = new Machine(`server ${++this.boots}`, this.scheduler, this.chance.fork(`server ${this.boots}`), this.wall);
		this.machine = machine;
		const sound = createMemoryStore({
			clock: machine,
			disk: this.disk.memory,
			io: this.disk.io(machine),
			limits: { batchDraftsMax: options.batchDraftsMax, refusedSendsMs: DAY_MS },
		});
		const store = this.poison?.store(sound) ?? sound;
		this.store = store;
		const { roomsOf } = store;
		const served: Store = {
			...store,
			append: (draft) =>
				draft.kind === "entry" && draft.body.case === "message"
					? this.injector.call("append", () => store.append(draft))
					: store.append(draft),
			roomsOf: (user) => this.lateOr(user, machine, () => roomsOf(user)),
		};
		const limits = {
			...SERVER_LIMITS,
			catchUpEntriesMax: options.catchUpEntriesMax,
			historyEntriesMax: options.historyEntriesMax,
			historyEntriesDefault: options.historyEntriesDefault,
			ringEntriesMax: options.ringEntriesMax,
			outboxBytesMax: options.outboxBytesMax,
			outboxCrowdedBytesMax: Math.min(SERVER_LIMITS.outboxCrowdedBytesMax, options.outboxBytesMax),
			pageBytesMax: options.pageBytesMax,
			...(options.crowd && {
				membersPageMax: options.crowd.membersPageMax,
				presenceReadersMax: options.crowd.presenceReadersMax,
			}),
			commandsInFlightMax: options.commandsInFlightMax,
			sendsPerSecond: options.sendsPerSecond,
			sendsBurst: options.sendsPerSecond,
			asksPerSecond: 1e6,
			asksBurst: 1e6,
			readBytesPerSecond: 1e9,
			readBytesBurst: 1e9,
			// As small as its pages: what waits for another turn must keep its order.
			turnBytesMax: options.pageBytesMax,
		};
		const log = this.log();
		const server = assembleServer({
			store: served,
			bus: this.bus(machine),
			accounts: createSimAccounts({
				store,
				machine,
				log,
				injector: this.injector,
				newGuests: options.newGuests > 0,
				isBusy: () => this.loginsBusy,
				expiresMs: () => this.expiresMs,
			}),
			clock: machine,
			random: machine,
			log,
			metrics: METRICS,
			limits,
			timing: SIM_TIMING,
			load: { loopLagMs: () => 0, memory: ENDLESS, draftAgeMs: () => this.ageGrowth * store.stats().oldestMs },
			helloLimits: HELLO_LIMITS,
			version: "verbatim-sim",
		});
		this.server = server;
		const tapped = tap(server.connections.formats, server.core, {
			broken: (words) => this.recorder.fault(machine.name, words),
			disk: () => this.disk.memory,
			waiting: (bytes) => {
				this.waitingMost = Math.max(this.waitingMost, bytes);
			},
			received: (up, session) => this.poison?.received(up, session),
			closed: (why) => this.injector.closed(why),
			call: (what, task) => this.injector.call(what, task),
		});
		const parts = { ...server.connections, ...tapped };
		const fault = (cause: unknown): void => this.recorder.fault("the server", cause);
		this.network.listener = { host: { machine, parts, fault } };
		this.recorder.note(`${machine.name} starts`);
	}

	/** kill: the process is gone, its peers hear of it. power: the machine is gone, and nobody hears anything until it is back. */
	kill(how: "kill" | "power"): void {
		if (!this.up) return;
		this.recorder.note(`${this.machine?.name}: ${how}`);
		this.machine?.kill();
		this.injector.killed();
		this.server?.stop();
		this.network.listener = { silent: how === "power" };
		this.network.serverGone(how === "power");
		this.disk.crash();
	}

	/** Stops as a server should: drains, finishes what is under way, closes. */
	drain(stopped: () => void): void {
		const { server, machine, store } = this;
		if (server === undefined || machine === undefined || store === undefined || !this.up) return;
		this.recorder.note(`${machine.name} drains`);
		this.network.listener = { silent: false };
		const end = (): void => {
			if (!machine.alive) return;
			this.kill("kill");
			stopped();
		};
		machine.after(SIM_TIMING.drainMs, end);
		server.core
			.drain(SIM_TIMING.drainMs)
			.then(() => store.close())
			.then(
				() => machine.after(5, end),
				(cause: unknown) => this.recorder.fault("draining", cause),
			);
	}

	/** One command of a user without a session, as the HTTP API runs it. What a server does not live to answer is never answered. */
	request(user: string, command: Command, answered: (body: Down["body"] | Error) => void): void {
		const record = this.disk.memory.users.get(user);
		const { server, machine } = this;
		if (record === undefined || server === undefined) return;
		machine?.do(() => {
			server.core.commands.run({ user: record }, create(UpSchema, { command }).command, "").then(
				(body) => machine.do(() => answered(create(DownSchema, { body }).body)),
				(cause: unknown) => {
					// As the HTTP API does.
					const isLogged = this.injector.logged(cause, "http");
					const error = isLogged ? new Refusal("internal") : cause instanceof Error ? cause : new Error(String(cause));
					machine.do(() => answered(error));
				},
			);
		});
	}

	/** A member without a client joins or leaves the first room. */
	move(who: number, joins: boolean): void {
		const { machine, store } = this;
		machine?.do(() => {
			const room = this.disk.roomNamed(this.options.rooms[0] ?? "") ?? "";
			const draft = { room, sender: crowdUser(who), atMs: machine.now() };
			void store?.append(joins ? joinDraft(draft) : leaveDraft(draft));
		});
	}

	/** The machine is up again, and its old connections are unknown to it. */
	back(): void {
		if (this.up) return;
		this.network.reset();
		this.start();
	}

	pause(ms: number): void {
		this.machine?.pause(ms);
	}

	jump(ms: number): void {
		this.wall.offsetMs += ms;
	}

	heal(): void {
		this.isHealed = true;
		this.ageGrowth = 1;
		if (this.poison !== undefined && this.options.poison?.heals === true) this.poison.active = false;
		this.machine?.unpause();
		this.disk.slowCommitsMs = 0;
		this.disk.slowReadsMs = 0;
		this.disk.failing = false;
		this.disk.failingReads = false;
		this.refusing.clear();
		this.injector.disarm();
		this.loginsBusy = false;
		this.expiresMs = 0;
	}

	/** Hellos of `user` are refused, `ms` from now, after its credential was accepted. */
	refuseLate(user: string, ms: number): void {
		this.refusing.set(user, this.scheduler.nowMs + ms);
	}

	private bus(machine: Machine): Bus {
		const { bus } = this.options;
		if (bus === undefined) return new LocalBus();
		return new SimBus(bus, this.chance.fork(`bus ${this.boots}`), machine, () => this.isHealed);
	}

	private lateOr<T>(user: string, machine: Machine, read: () => Promise<T>): Promise<T> {
		const atMs = this.refusing.get(user) ?? 0;
		if (atMs <= this.scheduler.nowMs) return read();
		return new Promise((_resolve, reject) => {
			machine.after(atMs - this.scheduler.nowMs, () => reject(new Refusal("unavailable")));
		});
	}

	/** L3, as far as it is stated: what answers may pile up to (twice the log's bound), and the pages that were under way then. */
	get waitingMax(): number {
		const { outboxBytesMax, pageBytesMax } = this.options;
		return 2 * outboxBytesMax + PAGES_UNDER_WAY_MAX * (2 * pageBytesMax + MESSAGE_BYTES_MAX);
	}

	stop(): void {
		this.server?.stop();
		this.machine?.kill();
	}

	/** What the server logs as an error is a fault, except that a disk was out of order or had been closed. */
	private log(): Log {
		return {
			debug() {},
			info() {},
			warn: ({ level }, msg) => {
				if (msg.startsWith("overload")) this.recorder.note(`the server is in overload: level ${level}`);
			},
			error: ({ err, trace }, msg) => {
				if (this.injector.logged(err, trace)) return;
				const isDisk = msg.startsWith("the store could not write") || (err instanceof Refusal && err.code === "unavailable");
				if (!isDisk && !isPoison(err)) this.recorder.fault(msg, err);
			},
		};
	}
}

function crowdUser(n: number): UserRef {
	// Sorted before the users of the clients, and after them.
	const name = `${n % 2 === 0 ? "a" : "z"}${String(n).padStart(5, "0")}`;
	return { id: `u-${name}`, name };
}

/** The room and its members, as drafts. */
function crowdOf(name: string, members: number): Draft[] {
	const [room, owner] = ["r-crowd", crowdUser(0)];
	const made: Draft = {
		kind: "create",
		room,
		epoch: 7,
		roomKind: Room_Kind.PUBLIC,
		name,
		skeleton: name,
		sender: owner,
		atMs: 1,
	};
	const joins = Array.from({ length: Math.max(0, members - 1) }, (_, n): Draft => {
		return joinDraft({ room, sender: crowdUser(n + 1), atMs: 1 });
	});
	return [made, ...joins];
}

/** Long answers that are made at once, and one push. */
const PAGES_UNDER_WAY_MAX = 5;
/** What surrounds the texts of a page, or is no page, about. */
const MESSAGE_BYTES_MAX = 1024;

const DAY_MS = 86_400_000;
/** Counted and never read; one for all runs. */
const METRICS = createMetrics();
/** A disk is slow by tenths of a second here: until all is mended, that must be enough for every level of overload. */
const AGE_GROWTH = 4;
/** So few that hellos wait for each other. */
const HELLO_LIMITS = { atOnceMax: 4, newAtOnceMax: 2, waitingMax: 3 };
/** Memory is no part of the simulation. */
const ENDLESS = { residentBytes: () => 0, bytesMax: 1, collect() {} };
