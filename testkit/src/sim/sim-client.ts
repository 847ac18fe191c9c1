// A client program: an application on the SDK that records what it is told. The program can die and restart; it keeps its outbox and the
// cursors of rooms that it reads by `entries`.
// One file because each step of a script is a method here, and all of them share what a program forgets when it dies.
import {
	type Client,
	connect,
	type Delivery,
	memoryTokens,
	RefusedError,
	type Room,
	UnknownOutcomeError,
	VerbatimError,
} from "@verbatim/client";
import { Room_Standing, type Timing } from "@verbatim/protocol";
import type { Chance } from "./chance.ts";
import { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { ClientOptions } from "./options.ts";
import { SimOutboxStore } from "./outbox-store.ts";
import type { Route } from "./pipe.ts";
import { Readings } from "./readings.ts";
import { factsOf, type Recorder } from "./recorder.ts";
import type { Scheduler } from "./scheduler.ts";

/** What all devices of a run share. */
export interface SimClientParts {
	readonly scheduler: Scheduler;
	readonly network: Network;
	readonly recorder: Recorder;
	/** Rooms that each user wants to be in, by name. */
	readonly wanted: ReadonlyMap<string, Set<string>>;
	/** Rooms that were created by the HTTP API. */
	readonly made: ReadonlySet<string>;
	nextAsk(): number;
	/** Does each member's presence come by itself? */
	readonly presenceIsTold: boolean;
	/** Ids of the users that have a client. */
	readonly users: readonly string[];
	/** Of the SDK. */
	readonly timing: Timing;
}

/** An application tries again after this, ms. */
const AGAIN_MS = 150;

export class SimClient {
	readonly options: ClientOptions;
	readonly route: Route;
	readonly user: string;
	/** Connections that it has lost, in all its lives. */
	losses = 0;
	private readonly parts: SimClientParts;
	private readonly chance: Chance;
	private readonly wall = { offsetMs: 0 };
	private readonly outboxStore: SimOutboxStore;
	private readonly readings: Readings;
	private readonly watched = new Set<Delivery>();
	private readonly said = new Map<string, "open" | "ended">();
	/** Sends that the user has tried again. */
	private readonly triedAgain = new Set<string>();
	private readonly againChance: Chance;
	private machine: Machine | undefined;
	private clientNow: Client | undefined;
	/** Of all lives. */
	private readonly clients: Client[] = [];
	private stop = new AbortController();
	private readonly entering = new Set<string>();
	/** Rooms whose members were asked for. */
	private readonly listed = new WeakSet<Room>();
	private lives = 0;
	private texts = 0;

	constructor(options: ClientOptions, route: Route, parts: SimClientParts, chance: Chance) {
		this.options = options;
		this.route = route;
		this.user = `u-${options.user}`;
		this.parts = parts;
		this.chance = chance;
		this.againChance = chance.fork("again");
		this.outboxStore = new SimOutboxStore(options.outboxMs);
		const self = this;
		this.readings = new Readings(options, this.user, {
			recorder: parts.recorder,
			chance,
			get process() {
				return self.machine;
			},
			holds: (room) => this.client?.rooms.get(room.id) === room,
			expected: (cause) => this.expected(cause),
		});
	}

	get name(): string {
		return this.options.name;
	}
	get up(): boolean {
		return this.machine?.alive === true;
	}
	get client(): Client | undefined {
		return this.up ? this.clientNow : undefined;
	}
	/** Of the present life. */
	get process(): Machine | undefined {
		return this.machine;
	}

	// ------------------------------------------------------------ life

	start(): void {
		if (this.up) return;
		const { options, parts } = this;
		const life = ++this.lives;
		const machine = new Machine(`${this.name}/${life}`, parts.scheduler, this.chance.fork(`life ${life}`), this.wall);
		const [scheme, codec] = options.connection.split("/") as ["ws" | "tcp", "json" | "proto"];
		this.machine = machine;
		this.stop = new AbortController();
		this.watched.clear();
		this.entering.clear();
		const client = connect({
			endpoints: `${scheme}://server/ws`,
			codec,
			credential: { guest: options.user },
			tokens: memoryTokens(),
			transports: [parts.network.transport(machine, this.route)],
			outbox: this.outboxStore.store(
				machine,
				() => this.watchAll(),
				(cid) => this.removed(cid),
			),
			sendsInFlightMax: options.sendsInFlightMax,
			timing: parts.timing,
			clock: machine,
			random: machine,
		});
		this.clientNow = client;
		this.clients.push(client);
		client.on("status", (status) => {
			if (status.state === "live" && client.status.state === "live" && !status.suspect) this.enterAll();
			if (status.state === "waiting") {
				this.losses++;
				parts.recorder.note(`${this.name} lost its connection: ${status.why.message}`);
			}
			if (status.state === "stopped" && status.why !== "closed") parts.recorder.fault(`${this.name} has stopped`, status.why);
		});
		client.on("roomAdded", (room) => {
			this.readings.begin(room, this.stop.signal);
			if (options.lists) this.list(room);
		});
		client.on("roomRemoved", (room) => {
			this.readings.left(room);
			// Lost to a restore rather than left: it is wanted all the same.
			machine.after(AGAIN_MS, () => this.enterAll());
		});
	}

	/** The program dies, without a word to anybody. */
	crash(): void {
		if (!this.up) return;
		this.parts.recorder.note(`${this.machine?.name} dies`);
		const machine = this.machine as Machine;
		machine.kill();
		for (const wire of this.parts.network.of(machine)) wire.cut(this.chance.hit(0.5));
		this.readings.over();
	}

	/** The program ends as it should. */
	close(): void {
		const { client, machine } = this;
		if (client === undefined || machine === undefined) return;
		this.parts.recorder.note(`${machine.name} closes`);
		this.stop.abort("the run");
		client.close().then(
			() => machine.kill(),
			(cause: unknown) => this.parts.recorder.fault(`${this.name} could not close`, cause),
		);
		this.readings.over();
	}

	/** Ends all that would outlive the run: a client listens to its page until it is closed, even where it died with its process. */
	dispose(): void {
		this.stop.abort("the run");
		for (const client of this.clients) void client.close();
	}

	jump(ms: number): void {
		this.wall.offsetMs += ms;
	}

	// ------------------------------------------------------------ what it does

	say(roomName: string, count: number): void {
		const room = this.room(roomName);
		if (room === undefined) return;
		for (let i = 0; i < count; i++) {
			const text = `${this.name}-${++this.texts}`;
			const delivery = room.send(text);
			const { cid } = delivery;
			this.said.set(cid, "open");
			this.parts.recorder.add({ kind: "invoke", session: this.name, user: this.user, room: room.id, cid, text });
			this.watch(delivery);
		}
	}

	leave(roomName: string): void {
		const room = this.room(roomName);
		this.parts.wanted.get(this.user)?.delete(roomName);
		if (room !== undefined) this.quietly(room.leave());
	}

	join(roomName: string): void {
		this.parts.wanted.get(this.user)?.add(roomName);
		this.enterAll();
	}

	/** Another way to write its name: who looks for it by name finds it all the same. */
	rename(roomName: string): void {
		const room = this.room(roomName);
		if (room === undefined) return;
		const name = this.chance.pick([roomName, roomName.toUpperCase(), `${roomName[0]?.toUpperCase()}${roomName.slice(1)}`]);
		this.quietly(room.rename(name));
	}

	typing(roomName: string): void {
		this.room(roomName)?.sendTyping();
	}

	who(roomName: string): void {
		const room = this.room(roomName);
		if (room !== undefined) this.list(room);
	}

	/** Asks for members and presence; from then on the room keeps them. */
	private list(room: Room): void {
		this.quietly(room.who().then(() => void this.listed.add(room)));
	}

	/** The next page of the members, and the presence of the users that have a client. */
	members(roomName: string, limit: number): void {
		const room = this.room(roomName);
		if (room === undefined) return;
		this.quietly(room.loadMembers(limit));
		this.quietly(room.lookAt(this.parts.users));
	}

	page(roomName: string, newest: boolean): void {
		const room = this.room(roomName);
		if (room === undefined) return;
		const { recorder } = this.parts;
		const ask = this.parts.nextAsk();
		// Of the past, or of what has just been said.
		const after = this.chance.hit(0.5)
			? this.chance.below(Math.max(1, room.head))
			: Math.max(0, room.head - this.chance.below(4));
		const bound = newest ? {} : { after };
		recorder.add({ kind: "ask", session: this.name, ask, room: room.id });
		const asked = room
			.history({ ...bound, limit: 1 + this.chance.below(20) })
			.then(({ room: id, epoch, from, to, head, entries }) => {
				const facts = entries.map(factsOf);
				recorder.add({ kind: "page", session: this.name, user: this.user, ask, room: id, epoch, from, to, head, entries: facts });
			});
		this.quietly(asked);
	}

	wake(): void {
		this.client?.reconnect();
	}

	/** Retries what waits now. Not while it is connecting already. */
	hurry(): void {
		if (this.client?.status.state === "connecting") return;
		if (this.client?.outbox.some(({ status }) => status.state === "waiting") === true) this.client.reconnect();
	}

	// ------------------------------------------------------------ when everything has healed

	/** What it still waits for, in words; empty if nothing. `heads`: the logs' ends, by room name. `except`: a room whose sends need not be answered. */
	waitsFor(heads: ReadonlyMap<string, { readonly epoch: number; readonly head: number }>, except?: string): string {
		const { client } = this;
		if (client === undefined) return "it does not run";
		const { status } = client;
		if (status.state !== "live") return `it is ${status.state}${"why" in status ? ` (${String(status.why)})` : ""}`;
		const open = client.outbox.filter(
			({ room, status: { state } }) => room !== except && (state === "waiting" || state === "sent"),
		);
		if (open.length > 0) return `${open.length} sends are not answered`;
		const wanted = this.parts.wanted.get(this.user) ?? new Set<string>();
		for (const room of client.rooms.values()) {
			if (wanted.has(room.name.toLowerCase())) continue;
			// It was to be left, and the answer never came.
			this.quietly(room.leave());
			return `it is still in ${room.name}`;
		}
		for (const name of wanted) {
			const room = this.room(name);
			const log = heads.get(name);
			const at = room === undefined ? undefined : this.readings.at(room);
			if (room === undefined && log !== undefined && this.parts.made.has(name)) return `it was not told of ${name}`;
			if (room === undefined || log === undefined || at === undefined) {
				// Another client of the user may have wanted it, and died.
				this.enterAll();
				return `it is not in ${name}`;
			}
			if (room.epoch !== log.epoch || room.to < log.head) return `its timeline of ${name} ends at ${room.to} of ${log.head}`;
			if (at < log.head) return `it has read ${name} up to ${at} of ${log.head}`;
			if (this.listed.has(room) && !room.membersComplete) return `it does not know all members of ${name}`;
		}
		if (this.readings.leftOver > 0) return "it still reads in a room that it has left";
		return "";
	}

	/** Writes down how a room looks now. */
	look(roomName: string): void {
		const { recorder } = this.parts;
		const room = this.room(roomName);
		if (room === undefined) return;
		const { presenceIsTold, users } = this.parts;
		const state = (): void => {
			const members = [...room.members.values()].filter(isMember).map(({ user }) => user.id);
			const { id, epoch, to: asOf, name } = room;
			recorder.add({ kind: "state", session: this.name, room: id, epoch, asOf, name, members });
		};
		// As the log and the pushes have left it: nobody has asked just now.
		if (this.listed.has(room) && room.membersComplete) state();
		// In a large room nothing is said of anybody.
		const shown = presenceIsTold && this.listed.has(room) ? [...room.members.values()].filter(isMember) : [];
		const online = shown.filter((each) => each.online === true).map(({ user }) => user.id);
		if (shown.length > 0) recorder.add({ kind: "presence", session: this.name, room: room.id, online });
		const looked = async (): Promise<void> => {
			await room.who();
			state();
			await room.lookAt(users);
			const there = [...room.members.values()].filter((each) => isMember(each) && each.online === true);
			recorder.add({ kind: "presence", session: this.name, room: room.id, online: there.map(({ user }) => user.id) });
		};
		this.quietly(looked());
	}

	/** Sends that nothing can come of any more: they were never kept, or went with a life that nobody watched to its end. */
	forget(): void {
		for (const [cid, state] of this.said) {
			if (state === "open" && (!this.up || !this.outboxStore.has(cid))) {
				this.parts.recorder.add({ kind: "unknown", session: this.name, cid });
			}
		}
	}

	// ------------------------------------------------------------ rooms

	private room(name: string): Room | undefined {
		for (const room of this.client?.rooms.values() ?? []) if (room.name.toLowerCase() === name) return room;
		return undefined;
	}

	private enterAll(): void {
		if (this.client?.status.state !== "live") return;
		for (const name of this.parts.wanted.get(this.user) ?? []) {
			if (this.room(name) === undefined && !this.entering.has(name)) void this.enter(name);
		}
	}

	private async enter(name: string): Promise<void> {
		const { client, machine } = this;
		this.entering.add(name);
		try {
			await client?.join(`#${name}`, { create: true });
			this.entering.delete(name);
		} catch (cause) {
			this.expected(cause);
			machine?.after(AGAIN_MS, () => {
				this.entering.delete(name);
				this.enterAll();
			});
		}
	}

	// ------------------------------------------------------------ writing down

	/** The outbox has forgotten a send: it must have told what became of it. */
	private removed(cid: string): void {
		if (this.said.get(cid) === "open") this.parts.recorder.fault(this.name, `${cid} was forgotten and never answered`);
	}

	private watchAll(): void {
		for (const delivery of this.client?.outbox ?? []) this.watch(delivery);
	}

	private watch(delivery: Delivery): void {
		if (this.watched.has(delivery)) return;
		this.watched.add(delivery);
		this.follow(delivery);
	}

	private follow(delivery: Delivery): void {
		const { cid } = delivery;
		const { recorder } = this.parts;
		delivery.done.then(
			({ room, epoch, seq }) => {
				this.said.set(cid, "ended");
				recorder.add({ kind: "ok", session: this.name, cid, room, epoch, seq });
			},
			(cause: unknown) => {
				if (cause instanceof UnknownOutcomeError) this.givenUp(delivery);
				// Closed: the outbox has it, and the next life will tell.
				if (!(cause instanceof RefusedError)) return;
				this.said.set(cid, "ended");
				recorder.add({ kind: "fail", session: this.name, cid, code: cause.code });
				this.refused(delivery);
			},
		);
	}

	/** The user may try it again, once. */
	private givenUp(delivery: Delivery): void {
		const { cid } = delivery;
		const { recorder } = this.parts;
		this.said.set(cid, "ended");
		recorder.add({ kind: "unknown", session: this.name, cid });
		if (this.triedAgain.has(cid) || this.chance.hit(0.5)) return;
		this.triedAgain.add(cid);
		this.machine?.after(AGAIN_MS, () => {
			if (delivery.status.state !== "failed") return;
			recorder.add({ kind: "retry", session: this.name, cid });
			delivery.retry();
			this.follow(delivery);
		});
	}

	/** The user may send again what was refused for good, once: it is another send then. */
	private refused(delivery: Delivery): void {
		const { cid: before, room, text } = delivery;
		if (this.triedAgain.has(before) || this.againChance.hit(0.5)) return;
		this.triedAgain.add(before);
		this.machine?.after(AGAIN_MS, () => {
			if (delivery.status.state !== "failed") return;
			delivery.retry();
			const { cid } = delivery;
			if (cid === before) this.parts.recorder.fault(this.name, `${cid} was refused for good, and is sent again`);
			this.triedAgain.add(cid);
			this.said.set(cid, "open");
			this.parts.recorder.add({ kind: "invoke", session: this.name, user: this.user, room, cid, text });
			this.follow(delivery);
		});
	}

	private quietly(task: Promise<unknown>): void {
		task.catch((cause: unknown) => this.expected(cause));
	}

	/** The SDK's own errors are results; anything else is a bug. */
	private expected(cause: unknown): void {
		if (!(cause instanceof VerbatimError)) this.parts.recorder.fault(this.name, cause);
	}
}

function isMember({ standing }: { readonly standing: Room_Standing }): boolean {
	return standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER;
}
