// One run: a seed becomes options and a script, the script is executed on the simulated system, everything heals, and the history is
// checked. A run is a function of its seed (and of the steps left out): the same in every byte, on every machine.
//
// In the first phase steps are executed and faults happen. In the second nothing fails any more, and everything must settle: every send
// answered, every reader at the head. What has not settled within a bound is a violation.
// One file because it is the run from top to bottom: the steps of both phases, in their order.
import { check } from "../history/check.ts";
import type { HistoryEvent } from "../history/events.ts";
import type { Verdict } from "../history/verdict.ts";
import { ApiRequests } from "./api-requests.ts";
import { Chance } from "./chance.ts";
import { DuplicateSends } from "./duplicate-sends.ts";
import { withoutGlobals } from "./globals.ts";
import { ErrorInjector } from "./injected-errors.ts";
import { Network } from "./network.ts";
import { NewGuest } from "./new-guest.ts";
import { type ConnectionKind, optionsOf, type SimOptions } from "./options.ts";
import { factsOf, Recorder } from "./recorder.ts";
import { Scheduler } from "./scheduler.ts";
import { type Step, scriptOf } from "./script.ts";
import { SimServer } from "./server.ts";
import { SharedConnection } from "./shared-connection.ts";
import { SimClient, type SimClientParts } from "./sim-client.ts";
import { SIM_TIMING } from "./timing.ts";

export interface Outcome {
	readonly options: SimOptions;
	readonly script: readonly Step[];
	readonly history: readonly HistoryEvent[];
	readonly verdict: Verdict;
	/** Errors that our own code threw or logged: as bad as a violation. */
	readonly faults: readonly string[];
	readonly ok: boolean;
	/** Virtual time and events. */
	readonly endMs: number;
	readonly steps: number;
}

/** Healing takes at least this long, and no longer than that. */
const HEAL_MIN_MS = 1_600;
const HEAL_MAX_MS = 40_000;
const LOOK_EVERY_MS = 200;
/** Poisoned sends take longer, because each may cost a session; beside them all others settle in half of the time of a slow try. */
const HEAL_POISONED_MAX_MS = 120_000;
const HEAL_BESIDE_MAX_MS = 25_000;
const SLOW_FAULT_MS = 60_000;
/** Time for what should not come to come all the same, and for those who are gone to be missed. */
const AFTERMATH_MS = SIM_TIMING.offlineGraceMs + 100;
/** Time for the last questions: presence first settles. */
const ASK_MS = 1_100;

/** `script`: to be carried out instead of the seed's own. */
export function simulate(seed: number, script?: readonly Step[]): Outcome {
	const options = optionsOf(seed);
	const steps = script ?? scriptOf(options, new Chance(seed).fork("script"));
	return withoutGlobals(() => new Run(options, steps).execute());
}

class Run {
	private readonly options: SimOptions;
	private readonly script: readonly Step[];
	private readonly scheduler = new Scheduler();
	private readonly recorder = new Recorder(this.scheduler);
	private readonly chance: Chance;
	private readonly network: Network;
	private readonly injector: ErrorInjector;
	private readonly server: SimServer;
	private readonly apiRequests: ApiRequests;
	private readonly clients: SimClient[] = [];
	private readonly retired = new Set<SimClient>();
	private readonly sharedConnections: SharedConnection[] = [];
	private readonly newGuests: NewGuest[] = [];
	private readonly duplicates: DuplicateSends[] = [];
	private readonly wanted = new Map<string, Set<string>>();
	/** Rooms of which the clients of their makers have to be told. */
	private readonly made = new Set<string>();
	private healing = false;
	/** A backup, by the place in the disk's journal. */
	private backup = 0;

	constructor(options: SimOptions, script: readonly Step[]) {
		this.options = options;
		this.script = script;
		this.chance = new Chance(options.seed).fork("run");
		this.network = new Network(this.scheduler, this.chance.fork("network"));
		this.injector = new ErrorInjector({
			nowMs: () => this.scheduler.nowMs,
			note: (words) => this.recorder.note(words),
			fault: (words) => this.recorder.fault("errors thrown by seed", words),
		});
		this.server = new SimServer(this.scheduler, this.chance.fork("server"), this.network, this.recorder, this.injector, options);
		const { wanted, made } = this;
		for (const { user } of options.clients) wanted.set(`u-${user}`, new Set(options.rooms));
		let asks = 0;
		const parts: SimClientParts = {
			scheduler: this.scheduler,
			network: this.network,
			recorder: this.recorder,
			wanted,
			made,
			nextAsk: () => ++asks,
			presenceIsTold: options.crowd === undefined,
			users: options.clients.map(({ user }) => `u-${user}`),
			timing:
				options.poison?.slow === true ? { ...SIM_TIMING, faultMinMs: SLOW_FAULT_MS, faultMaxMs: SLOW_FAULT_MS } : SIM_TIMING,
		};
		this.apiRequests = new ApiRequests({ ...parts, server: this.server, chance: this.chance.fork("visitor") });
		for (const client of options.clients) {
			const { latencyMs, jitterMs, capacityBytes, slices, corrupt } = options;
			const route = { latencyMs, jitterMs, capacityBytes, slices, corrupt, stalledUntilMs: 0, deadUntilMs: 0 };
			this.clients.push(new SimClient(client, route, parts, this.chance.fork(client.name)));
		}
	}

	execute(): Outcome {
		return this.options.faults.throw > 0 ? this.injector.during(() => this.run()) : this.run();
	}

	private run(): Outcome {
		const { scheduler, options } = this;
		try {
			this.server.start();
			for (const [i, client] of this.clients.entries()) scheduler.at(5 + i * 7, () => client.start());
			scheduler.at(options.faultsMs / 3, () => {
				this.backup = this.server.disk.synced;
			});
			for (const step of this.script) scheduler.at(step.atMs, () => this.step(step));
			scheduler.run(options.faultsMs);
			this.heal();
			this.finalReads();
		} catch (cause) {
			this.recorder.fault("the run", cause);
		}
		this.end();
		const { history, faults } = this.recorder;
		const verdict = check(history);
		const { script } = this;
		return {
			options,
			script,
			history,
			verdict,
			faults,
			ok: verdict.ok && faults.length === 0,
			endMs: scheduler.nowMs,
			steps: scheduler.steps,
		};
	}

	// ------------------------------------------------------------ the first phase

	private step(step: Step): void {
		const client = "client" in step && step.client !== undefined ? this.clients[step.client] : undefined;
		const room = "room" in step ? (this.options.rooms[step.room] ?? "") : "";
		if (client !== undefined && this.retired.has(client)) return;
		if (client !== undefined) this.stepOf(client, room, step);
		else this.stepOfServer(step, room);
	}

	private stepOf(client: SimClient, room: string, step: Step): void {
		const { scheduler, network } = this;
		const wires = client.process === undefined ? [] : network.of(client.process);
		if (step.do !== "say" && step.do !== "page") this.recorder.note(`${client.name}: ${step.do}`);
		switch (step.do) {
			case "say":
				// A program that is paused does nothing.
				client.process?.do(() => client.say(room, step.count));
				break;
			case "leave":
			case "join":
			case "typing":
			case "who":
				client.process?.do(() => client[step.do](room));
				break;
			case "members":
				client.process?.do(() => client.members(this.options.rooms[0] ?? "", step.limit));
				break;
			case "page":
				client.process?.do(() => client.page(room, step.newest));
				break;
			case "rename":
				client.process?.do(() => client.rename(room));
				break;
			case "request":
				this.apiRequests.send(step.what, client.user, room);
				break;
			case "make":
				this.apiRequests.make(client.user, step.name, () => {
					if (this.healing) return;
					this.made.add(step.name);
					this.wanted.get(client.user)?.add(step.name);
				});
				break;
			case "wake":
				client.process?.do(() => client.wake());
				break;
			case "cut":
				for (const wire of wires) wire.cut(step.tail);
				break;
			case "blacken":
				for (const wire of wires) wire.blacken(step.up, step.down);
				break;
			case "lostFrame":
				for (const wire of wires) wire.loseEntries();
				break;
			case "stall":
				client.route.stalledUntilMs = scheduler.nowMs + step.ms;
				break;
			case "dead":
				client.route.deadUntilMs = scheduler.nowMs + step.ms;
				for (const wire of wires) wire.blacken(true, true);
				break;
			case "slowReader":
				for (const wire of wires) wire.stallDown(scheduler.nowMs + step.ms);
				break;
			case "pauseClient":
				client.process?.pause(step.ms);
				break;
			case "crashClient":
				client.crash();
				this.later(step.ms, () => this.startAgain(client));
				break;
			case "closeClient":
				client.process?.do(() => client.close());
				this.later(step.ms, () => this.startAgain(client));
				break;
			case "retireClient":
				this.retired.add(client);
				client.crash();
				break;
			case "shareConnection":
				this.server.refuseLate(client.user, step.ms);
				this.share(client, step.connection);
				break;
			case "jump":
				client.jump(step.ms);
				break;
			default:
		}
	}

	private share(client: SimClient, connection: ConnectionKind): void {
		const { scheduler, network, recorder, chance, sharedConnections } = this;
		sharedConnections.push(
			new SharedConnection(client.options.user, connection, {
				scheduler,
				network,
				recorder,
				chance: chance.fork(`sharer ${sharedConnections.length}`),
			}),
		);
	}

	private stepOfServer(step: Step, room: string): void {
		const { server } = this;
		const { disk } = server;
		this.recorder.note(step.do === "throw" ? `throw in ${step.what}` : step.do);
		switch (step.do) {
			case "pauseServer":
				server.pause(step.ms);
				break;
			case "killServer":
				server.kill("kill");
				this.later(step.ms, () => server.back());
				break;
			case "powerLoss":
				server.kill("power");
				this.later(step.ms, () => server.back());
				break;
			case "drainServer":
				server.drain(() => this.later(step.ms, () => server.back()));
				break;
			case "restore":
				server.kill("kill");
				if (this.backup > 0 && this.backup < disk.synced) {
					disk.restore(this.backup, () => 1 + this.chance.below(0xffff_fffe));
					for (const newGuest of this.newGuests) newGuest.restored();
					// What was refused since the backup is forgotten, as everything is.
					for (const duplicates of this.duplicates) duplicates.end();
				}
				this.later(step.ms, () => server.back());
				break;
			case "jump":
				server.jump(step.ms);
				break;
			case "slowDisk":
				disk.slowCommitsMs = step.byMs;
				this.later(step.ms, () => {
					disk.slowCommitsMs = 0;
				});
				break;
			case "slowReads":
				disk.slowReadsMs = step.byMs;
				this.later(step.ms, () => {
					disk.slowReadsMs = 0;
				});
				break;
			case "failDisk":
				disk.failing = true;
				this.later(step.ms, () => {
					disk.failing = false;
				});
				break;
			case "failReads":
				disk.failingReads = true;
				this.later(step.ms, () => {
					disk.failingReads = false;
				});
				break;
			case "throw":
				this.injector.arm(step);
				break;
			case "newGuest": {
				const { scheduler, network, recorder, chance } = this;
				this.newGuests.push(new NewGuest(step, { scheduler, network, recorder, chance: chance.fork(`newcomer ${step.who}`) }));
				break;
			}
			case "duplicates": {
				const { scheduler, network, recorder, chance } = this;
				const parts = {
					...{ scheduler, network, recorder, chance: chance.fork(`copies ${step.who}`) },
					roomNamed: (name: string) => disk.roomNamed(name),
					request: server.request.bind(server),
				};
				this.duplicates.push(new DuplicateSends(step, room, parts));
				break;
			}
			case "crowd":
				server.move(step.who, step.joins);
				break;
			case "busyLogins":
				server.loginsBusy = true;
				this.later(step.ms, () => {
					server.loginsBusy = false;
				});
				break;
			default:
		}
	}

	private startAgain(client: SimClient): void {
		if (!this.retired.has(client)) client.start();
	}

	private later(ms: number, task: () => void): void {
		this.scheduler.at(this.scheduler.nowMs + ms, () => {
			if (!this.healing) task();
		});
	}

	// ------------------------------------------------------------ the second

	private heal(): void {
		const { server } = this;
		this.healing = true;
		this.recorder.add({ kind: "healed" });
		for (const shared of this.sharedConnections) shared.end();
		for (const duplicates of this.duplicates) duplicates.end();
		this.network.heal();
		server.heal();
		server.back();
		for (const newGuest of this.newGuests) newGuest.heal();
		for (const client of this.clients) {
			client.process?.unpause();
			this.startAgain(client);
		}
		const { poison } = this.options;
		if (poison?.slow === true && !this.waitUntilSettled(HEAL_BESIDE_MAX_MS, this.server.disk.roomNamed(poison.room))) return;
		if (!this.waitUntilSettled(poison === undefined ? HEAL_MAX_MS : HEAL_POISONED_MAX_MS)) return;
	}

	/** Waits until nobody waits for anything, but for the sends of the room `except`; false if that does not come. */
	private waitUntilSettled(maxMs: number, except?: string): boolean {
		const { scheduler, server } = this;
		const since = scheduler.nowMs;
		for (let ms = LOOK_EVERY_MS; ms <= maxMs; ms += LOOK_EVERY_MS) {
			scheduler.run(since + ms);
			// A drain, or a client that was about to close, may have ended only now.
			server.back();
			for (const client of this.clients) this.startAgain(client);
			// A user who does not wait for the back-off.
			if (this.options.poison?.slow === true && except === undefined) for (const client of this.clients) client.hurry();
			// What has to be proved again is so once more.
			if (ms >= HEAL_MIN_MS + 2 * this.options.expiresMs && this.settled(except) && this.staysSettled(except)) return true;
		}
		this.recorder.fault("healing", this.unsettled(except));
		return false;
	}

	/** A connection that the server has given up may still be about to tell its client so. */
	private staysSettled(except?: string): boolean {
		const losses = (): number => this.clients.reduce((sum, client) => sum + client.losses, 0);
		const before = losses();
		this.scheduler.run(this.scheduler.nowMs + AFTERMATH_MS);
		// What is poisoned may end sessions meanwhile.
		return (losses() === before || except !== undefined) && this.settled(except);
	}

	private settled(except?: string): boolean {
		return this.unsettled(except) === "";
	}

	/** Who still waits for something, and for what; empty if nobody does. */
	private unsettled(except?: string): string {
		const heads = new Map<string, { epoch: number; head: number }>();
		for (const { row } of this.server.disk.memory.rooms.values())
			heads.set(row.name.toLowerCase(), { epoch: row.epoch, head: row.head });
		for (const client of this.clients) {
			const waits = this.retired.has(client) ? "" : client.waitsFor(heads, except);
			if (waits !== "") return `${client.name} waits: ${waits}`;
		}
		for (const { waitsFor } of this.newGuests) if (waitsFor !== "") return waitsFor;
		if (this.server.overloaded) return "the server is in overload";
		return this.network.deceived ? "a dead connection is not noticed" : "";
	}

	private finalReads(): void {
		const { scheduler } = this;
		// One room each: between them they look at all.
		const { rooms } = this.options;
		for (const [i, client] of this.clients.entries()) client.look(rooms[i % rooms.length] ?? "");
		scheduler.run(scheduler.nowMs + ASK_MS);
	}

	private end(): void {
		const { recorder, server, clients, injector } = this;
		injector.judge(this.options.poison === undefined);
		for (const client of clients) client.forget();
		this.apiRequests.forget();
		const online = new Set(clients.filter((client) => !this.retired.has(client)).map(({ user }) => user));
		recorder.add({ kind: "online", users: [...online] });
		recorder.add({ kind: "bound", what: "bytes that wait for one peer", value: server.waitingMost, max: server.waitingMax });
		for (const { room, epoch, entries } of server.disk.logs()) {
			recorder.add({ kind: "log", room, epoch, entries: entries.map(factsOf) });
		}
		recorder.close();
		for (const client of clients) client.dispose();
		for (const newGuest of this.newGuests) newGuest.dispose();
		server.stop();
		this.scheduler.settle();
	}
}
