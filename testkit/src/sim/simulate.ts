// One run: a seed becomes options and a script, the script is carried out on the simulated system, then everything heals, and
// what was written down is judged. A run is a function of its seed (and of the steps left out of its script): the same in every
// byte, on every machine.
//
// Two phases. In the first, things are done and things go wrong. Then the network, the disk, the clocks and the processes work,
// and everybody must arrive: every send answered, every reader at the head. What is still open when the patience is over is a
// violation.
import { check } from "../history/check.ts";
import type { HistoryEvent } from "../history/events.ts";
import type { Verdict } from "../history/verdict.ts";
import { Chance } from "./chance.ts";
import { Device, type DeviceParts } from "./device.ts";
import { withoutGlobals } from "./globals.ts";
import { Network } from "./network.ts";
import { Newcomer } from "./newcomer.ts";
import { type DoorKind, drawOptions, type SimOptions } from "./options.ts";
import { factsOf, Recorder } from "./recorder.ts";
import { drawScript, type Step } from "./script.ts";
import { SimServer } from "./server.ts";
import { Sharer } from "./sharer.ts";
import { Thrower } from "./throwing.ts";
import { SIM_TIMING } from "./timing.ts";
import { Visitor } from "./visitor.ts";
import { World } from "./world.ts";

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
	const options = drawOptions(seed);
	const steps = script ?? drawScript(options, new Chance(seed).fork("script"));
	return withoutGlobals(() => new Run(options, steps).carryOut());
}

class Run {
	private readonly options: SimOptions;
	private readonly script: readonly Step[];
	private readonly world = new World();
	private readonly recorder = new Recorder(this.world);
	private readonly chance: Chance;
	private readonly network: Network;
	private readonly thrower: Thrower;
	private readonly server: SimServer;
	private readonly visitor: Visitor;
	private readonly devices: Device[] = [];
	private readonly retired = new Set<Device>();
	private readonly sharers: Sharer[] = [];
	private readonly newcomers: Newcomer[] = [];
	private readonly wanted = new Map<string, Set<string>>();
	/** Rooms of which the devices of their makers have to be told. */
	private readonly made = new Set<string>();
	private healing = false;
	/** A backup, by the place in the disk's journal. */
	private backup = 0;

	constructor(options: SimOptions, script: readonly Step[]) {
		this.options = options;
		this.script = script;
		this.chance = new Chance(options.seed).fork("run");
		this.network = new Network(this.world, this.chance.fork("network"));
		this.thrower = new Thrower({
			nowMs: () => this.world.nowMs,
			note: (words) => this.recorder.note(words),
			fault: (words) => this.recorder.fault("errors thrown by seed", words),
		});
		this.server = new SimServer(this.world, this.chance.fork("server"), this.network, this.recorder, this.thrower, options);
		const { wanted, made } = this;
		for (const { user } of options.devices) wanted.set(`u-${user}`, new Set(options.rooms));
		let asks = 0;
		const parts: DeviceParts = {
			world: this.world,
			network: this.network,
			recorder: this.recorder,
			wanted,
			made,
			nextAsk: () => ++asks,
			presenceIsTold: options.crowd === undefined,
			users: options.devices.map(({ user }) => `u-${user}`),
			timing:
				options.poison?.slow === true ? { ...SIM_TIMING, faultMinMs: SLOW_FAULT_MS, faultMaxMs: SLOW_FAULT_MS } : SIM_TIMING,
		};
		this.visitor = new Visitor({ ...parts, server: this.server, chance: this.chance.fork("visitor") });
		for (const device of options.devices) {
			const { latencyMs, jitterMs, capacityBytes, slices, corrupt } = options;
			const route = { latencyMs, jitterMs, capacityBytes, slices, corrupt, stalledUntilMs: 0, deadUntilMs: 0 };
			this.devices.push(new Device(device, route, parts, this.chance.fork(device.name)));
		}
	}

	carryOut(): Outcome {
		return this.options.faults.throw > 0 ? this.thrower.during(() => this.run()) : this.run();
	}

	private run(): Outcome {
		const { world, options } = this;
		try {
			this.server.start();
			for (const [i, device] of this.devices.entries()) world.at(5 + i * 7, () => device.start());
			world.at(options.faultsMs / 3, () => {
				this.backup = this.server.disk.synced;
			});
			for (const step of this.script) world.at(step.atMs, () => this.step(step));
			world.run(options.faultsMs);
			this.heal();
			this.lastQuestions();
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
			endMs: world.nowMs,
			steps: world.steps,
		};
	}

	// ------------------------------------------------------------ the first phase

	private step(step: Step): void {
		const device = "device" in step && step.device !== undefined ? this.devices[step.device] : undefined;
		const room = "room" in step ? (this.options.rooms[step.room] ?? "") : "";
		if (device !== undefined && this.retired.has(device)) return;
		if (device !== undefined) this.stepOf(device, room, step);
		else this.stepOfServer(step);
	}

	private stepOf(device: Device, room: string, step: Step): void {
		const { world, network } = this;
		const wires = device.process === undefined ? [] : network.of(device.process);
		if (step.do !== "say" && step.do !== "page") this.recorder.note(`${device.name}: ${step.do}`);
		switch (step.do) {
			case "say":
				// A program that is paused does nothing.
				device.process?.do(() => device.say(room, step.count));
				break;
			case "leave":
			case "join":
			case "typing":
			case "who":
				device.process?.do(() => device[step.do](room));
				break;
			case "members":
				device.process?.do(() => device.members(this.options.rooms[0] ?? "", step.limit));
				break;
			case "page":
				device.process?.do(() => device.page(room, step.newest));
				break;
			case "rename":
				device.process?.do(() => device.rename(room));
				break;
			case "visit":
				this.visitor.visit(step.what, device.user, room);
				break;
			case "make":
				this.visitor.make(device.user, step.name, () => {
					if (this.healing) return;
					this.made.add(step.name);
					this.wanted.get(device.user)?.add(step.name);
				});
				break;
			case "wake":
				device.process?.do(() => device.wake());
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
				device.route.stalledUntilMs = world.nowMs + step.ms;
				break;
			case "dead":
				device.route.deadUntilMs = world.nowMs + step.ms;
				for (const wire of wires) wire.blacken(true, true);
				break;
			case "slowReader":
				for (const wire of wires) wire.stallDown(world.nowMs + step.ms);
				break;
			case "pauseDevice":
				device.process?.pause(step.ms);
				break;
			case "crashDevice":
				device.crash();
				this.later(step.ms, () => this.startAgain(device));
				break;
			case "closeDevice":
				device.process?.do(() => device.close());
				this.later(step.ms, () => this.startAgain(device));
				break;
			case "retireDevice":
				this.retired.add(device);
				device.crash();
				break;
			case "shareWire":
				this.server.refuseLate(device.user, step.ms);
				this.share(device, step.door);
				break;
			case "jump":
				device.jump(step.ms);
				break;
			default:
		}
	}

	private share(device: Device, door: DoorKind): void {
		const { world, network, recorder, chance, sharers } = this;
		sharers.push(
			new Sharer(device.options.user, door, { world, network, recorder, chance: chance.fork(`sharer ${sharers.length}`) }),
		);
	}

	private stepOfServer(step: Step): void {
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
					for (const newcomer of this.newcomers) newcomer.restored();
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
				this.thrower.arm(step);
				break;
			case "newcomer": {
				const { world, network, recorder, chance } = this;
				this.newcomers.push(new Newcomer(step, { world, network, recorder, chance: chance.fork(`newcomer ${step.who}`) }));
				break;
			}
			case "crowd":
				server.move(step.who, step.joins);
				break;
			case "busyDoor":
				server.doorIsBusy = true;
				this.later(step.ms, () => {
					server.doorIsBusy = false;
				});
				break;
			default:
		}
	}

	private startAgain(device: Device): void {
		if (!this.retired.has(device)) device.start();
	}

	private later(ms: number, task: () => void): void {
		this.world.at(this.world.nowMs + ms, () => {
			if (!this.healing) task();
		});
	}

	// ------------------------------------------------------------ the second

	private heal(): void {
		const { server } = this;
		this.healing = true;
		this.recorder.add({ kind: "healed" });
		for (const sharer of this.sharers) sharer.end();
		this.network.heal();
		server.heal();
		server.back();
		for (const newcomer of this.newcomers) newcomer.heal();
		for (const device of this.devices) {
			device.process?.unpause();
			this.startAgain(device);
		}
		const { poison } = this.options;
		if (poison?.slow === true && !this.comeToRest(HEAL_BESIDE_MAX_MS, this.server.disk.roomNamed(poison.room))) return;
		if (!this.comeToRest(poison === undefined ? HEAL_MAX_MS : HEAL_POISONED_MAX_MS)) return;
	}

	/** Waits until nobody waits for anything, but for the sends of the room `except`; false if that does not come. */
	private comeToRest(maxMs: number, except?: string): boolean {
		const { world, server } = this;
		const since = world.nowMs;
		for (let ms = LOOK_EVERY_MS; ms <= maxMs; ms += LOOK_EVERY_MS) {
			world.run(since + ms);
			// A drain, or a device that was about to close, may have ended only now.
			server.back();
			for (const device of this.devices) this.startAgain(device);
			// Somebody is tired of waiting.
			if (this.options.poison?.slow === true && except === undefined) for (const device of this.devices) device.hurry();
			// What has to be proved again is so once more.
			if (ms >= HEAL_MIN_MS + 2 * this.options.expiresMs && this.settled(except) && this.staysSettled(except)) return true;
		}
		this.recorder.fault("healing", this.unsettled(except));
		return false;
	}

	/** A connection that the server has given up may still be about to tell its client so. */
	private staysSettled(except?: string): boolean {
		const losses = (): number => this.devices.reduce((sum, device) => sum + device.losses, 0);
		const before = losses();
		this.world.run(this.world.nowMs + AFTERMATH_MS);
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
		for (const device of this.devices) {
			const waits = this.retired.has(device) ? "" : device.waitsFor(heads, except);
			if (waits !== "") return `${device.name} waits: ${waits}`;
		}
		for (const { waitsFor } of this.newcomers) if (waitsFor !== "") return waitsFor;
		if (this.server.overloaded) return "the server is in overload";
		return this.network.deceived ? "a dead connection is not noticed" : "";
	}

	private lastQuestions(): void {
		const { world } = this;
		// One room each: between them they look at all.
		const { rooms } = this.options;
		for (const [i, device] of this.devices.entries()) device.look(rooms[i % rooms.length] ?? "");
		world.run(world.nowMs + ASK_MS);
	}

	private end(): void {
		const { recorder, server, devices, thrower } = this;
		thrower.judge(this.options.poison === undefined);
		for (const device of devices) device.forget();
		this.visitor.forget();
		const online = new Set(devices.filter((device) => !this.retired.has(device)).map(({ user }) => user));
		recorder.add({ kind: "online", users: [...online] });
		recorder.add({ kind: "bound", what: "bytes that wait for one peer", value: server.waitingMost, max: server.waitingMax });
		for (const { room, epoch, entries } of server.disk.logs()) {
			recorder.add({ kind: "log", room, epoch, entries: entries.map(factsOf) });
		}
		recorder.close();
		for (const device of devices) device.dispose();
		for (const newcomer of this.newcomers) newcomer.dispose();
		server.stop();
		this.world.settle();
	}
}
