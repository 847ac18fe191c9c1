// One connection's life on the server, by the table shared with the client. It checks who is there, hands commands to the
// table in order, keeps the heartbeat, and holds the user's places in the rooms. It belongs to one link and dies with it; the
// client's cursors are what lasts. Long, because here the contracts of doors, rooms, streams, commands and vigil meet; what stands
// behind each is a file of its own.
import {
	CLOSES,
	type CloseName,
	type ConnectionEvent,
	type ConnectionState,
	checkUp,
	create,
	type DownBody,
	DownSchema,
	ERRORS,
	type ErrorCode,
	type Hello,
	isTrace,
	nextState,
	Refusal,
	Room_Standing,
	type Up,
} from "@verbatim/protocol";
import { type Account, accountOf, type Identity } from "../account/accounts.ts";
import type { Core } from "../core.ts";
import { newId, sessionId } from "../ids.ts";
import type { Format, Link } from "../listen/link.ts";
import { laneOf } from "../overload/hellos.ts";
import type { Device } from "../room/device.ts";
import type { EntriesPush, Push } from "../room/push.ts";
import type { LiveRoom } from "../room/room.ts";
import type { Subscription } from "../room/subscription.ts";
import type { RoomView, UserRef } from "../store/store.ts";
import { roomBody } from "./bodies.ts";
import { type Claimant, claim, settle } from "./claims.ts";
import { CommandQueue, type QueueSession } from "./command-queue.ts";
import type { SessionInput } from "./host.ts";
import { Memberships, type MembershipsPort } from "./memberships.ts";
import { Outbox, type OutboxPort } from "./outbox.ts";
import { Streams, type StreamsPort } from "./streams.ts";
import { Vigil, type VigilPort } from "./vigil.ts";

/** A credential may be refused this often on one connection. */
const REFUSED_HELLOS_MAX = 5;

export class Session
	implements SessionInput, Device, QueueSession, Claimant, StreamsPort, MembershipsPort, VigilPort, OutboxPort
{
	readonly number: number;
	/** Sends that came over a newer connection of the user. */
	voided: Set<string> | undefined;
	readonly link: Link;
	private readonly core: Core;
	private state: ConnectionState = "open";
	private readonly outbox: Outbox;
	private readonly streams: Streams;
	private readonly memberships: Memberships;
	private welcomed = false;
	/** While commands are under way. */
	private queue: CommandQueue | undefined;
	private readonly vigil: Vigil;
	private accountNow: Account | undefined;
	private refusedHellos = 0;

	constructor(core: Core, link: Link) {
		this.core = core;
		this.link = link;
		this.number = core.nextSession();
		this.outbox = new Outbox(link, core, this);
		this.streams = new Streams(this, core);
		this.memberships = new Memberships(this, core, this.streams);
		this.vigil = new Vigil(this, core);
	}

	/** For logs and for the client; made when it is asked for, since most sessions are asked once. */
	get id(): string {
		return sessionId(this.core.process, this.number);
	}

	// ------------------------------------------------------------ from the door

	receive(up: Up): void {
		if (this.closed || this.drowned()) return;
		this.vigil.hear();
		try {
			this.dispatch(up);
		} catch (cause) {
			if (up.command.case === "hello" && this.state === "open") this.countLogin(cause);
			// A trace that is none is not repeated: it may be as long as a frame, and hold anything.
			this.fail(up.id, isTrace(up.trace, this.core.limits) ? up.trace : "", cause);
		}
	}

	undecodable(code: ErrorCode, message: string, id = 0): void {
		if (this.closed || this.drowned()) return;
		this.vigil.hear();
		this.core.metrics.errors.add(code);
		this.send(id, failureBody(code, message, 0, ""));
	}

	end(why: CloseName, reason?: string, retryAfterMs?: number): void {
		if (!this.step("close")) return;
		const facts = CLOSES[why];
		this.core.metrics.closes.add(why);
		this.send(0, {
			case: "close",
			value: {
				code: facts.code,
				reason: reason ?? facts.reason,
				reconnect: facts.reconnect,
				retryAfterMs: retryAfterMs ?? facts.afterMs,
			},
		});
		this.outbox.flush();
		this.settle();
		this.link.close(why);
	}

	drained(): void {
		if (this.closed) return;
		this.outbox.progress();
		this.flushed();
	}

	lost(): void {
		if (this.state === "closed") return;
		const settled = this.state === "leaving";
		this.state = "closed";
		if (!settled) this.settle();
		this.core.sessions.delete(this);
	}

	/** Lets commands under way finish, then tells the client to come back after `retryAfterMs`. */
	async drain(retryAfterMs: number): Promise<void> {
		if (this.state === "live") await this.queue?.whenIdle();
		this.end("draining", undefined, retryAfterMs);
	}

	// ------------------------------------------------------------ hello

	private dispatch(up: Up): void {
		const problem = checkUp(up, this.core.limits);
		if (problem !== undefined) throw new Refusal(problem.code, problem.message);
		const { command } = up;
		switch (command.case) {
			case "ping":
				this.send(up.id, { case: "pong", value: { nonce: command.value.nonce } });
				return;
			case "pong":
				this.vigil.answered(command.value.nonce);
				return;
			case "hello":
				if (!this.step("hello")) throw new Refusal("out_of_place", "hello was said already");
				void this.greet(up.id, up.trace, command.value);
				return;
			default:
				if (!this.step("command")) throw new Refusal("out_of_place");
				this.queue ??= new CommandQueue(this.core, this);
				this.queue.take(up);
		}
	}

	private async greet(id: number, trace: string, hello: Hello): Promise<void> {
		const lane = laneOf(hello.credential);
		try {
			const turn = this.core.hellos.enter(lane);
			if (turn !== undefined) await turn;
		} catch (cause) {
			this.refuseHello(id, trace, cause);
			return;
		}
		try {
			await this.greetNow(id, trace, hello);
		} finally {
			this.core.hellos.done(lane);
		}
	}

	private async greetNow(id: number, trace: string, hello: Hello): Promise<void> {
		// It may have waited for its turn, and be gone.
		if (this.state !== "greeting") return;
		try {
			const identity = await this.core.accounts.authenticate(hello.credential, {
				address: this.link.address,
				lasting: this.link.lasting,
			});
			if (this.state !== "greeting") return;
			await this.welcome(id, identity, hello);
		} catch (cause) {
			this.refuseHello(id, trace, cause);
		}
	}

	private refuseHello(id: number, trace: string, cause: unknown): void {
		if (this.state !== "greeting") return;
		this.leaveDirectory();
		this.countLogin(cause);
		this.fail(id, trace, cause);
		this.step("refused");
		if (++this.refusedHellos < REFUSED_HELLOS_MAX) return;
		// Whoever was only told to wait may come back.
		if (cause instanceof Refusal && ERRORS[cause.code].retry) this.end("busy", cause.message);
		else this.end("unauthorized");
	}

	private countLogin(cause: unknown): void {
		this.core.metrics.logins.add(cause instanceof Refusal ? cause.code : "internal");
	}

	private async welcome(id: number, identity: Identity, hello: Hello): Promise<void> {
		const { core } = this;
		const { user } = identity;
		this.accountNow = accountOf(user);
		core.directory.add(this);
		core.accounts.began(user);
		const views = await core.store.roomsOf(user.id);
		if (!this.step("welcome")) return;
		const first = !core.directory.isOnline(user.id);
		this.welcomed = true;
		core.metrics.logins.add("ok");
		this.vigil.welcomed(this.link.format.codec !== "line");
		const body: DownBody = {
			case: "welcome",
			value: {
				session: this.id,
				user: { id: user.id, name: user.name },
				rooms: views.map(roomBody),
				heartbeatMs: core.timing.heartbeatMs,
				server: core.version,
				frameBytesMax: core.limits.frameBytesMax,
				textBytesMax: core.limits.textBytesMax,
				nowMs: core.clock.now(),
			},
		};
		if (identity.tokens !== undefined) body.value.tokens = identity.tokens;
		this.send(id, body);
		this.beginStreams(views, hello);
		this.vigil.expireAt(identity.expiresMs);
		if (first) core.presence.online(this.user, this.roomsNow());
		core.metrics.sessions.add(1);
		core.log.debug(
			{ session: this.id, user: user.id, address: this.link.address, format: this.link.format.name, client: hello.client },
			"session begins",
		);
	}

	private beginStreams(views: readonly RoomView[], hello: Hello): void {
		const cursors = new Map(hello.cursors.map((cursor) => [cursor.room, cursor]));
		for (const view of views) {
			if (!isMember(view)) continue;
			this.streams.resume(this.core.rooms.open(view.id, view.epoch, view.head), view, cursors.get(view.id));
		}
		this.memberships.welcomed();
	}

	// ------------------------------------------------------------ for the commands

	get account(): Account {
		if (this.accountNow === undefined) throw new Refusal("unauthenticated");
		return this.accountNow;
	}

	answer(id: number, body: DownBody): void {
		if (id > 0) this.send(id, body);
		this.memberships.answered();
	}

	/** A command has failed: says so to the client, and for what is our own fault to the log as well. */
	fail(id: number, trace: string, cause: unknown): void {
		const { core } = this;
		if (cause instanceof Refusal) {
			core.metrics.errors.add(cause.code);
			this.send(id, failureBody(cause.code, cause.message, cause.retryAfterMs, trace));
			return;
		}
		const traced = trace === "" ? newId("t", core.clock, core.random) : trace;
		core.metrics.errors.add("internal");
		core.log.error({ err: cause, trace: traced, session: this.id, user: this.accountNow?.id }, "a command failed unexpectedly");
		this.send(id, failureBody("internal", ERRORS.internal.message, ERRORS.internal.afterMs, traced));
	}

	expect(room: string): void {
		this.memberships.expect(room);
	}

	unexpect(room: string): void {
		this.memberships.unexpect(room);
	}

	restart(view: RoomView, cursor: number): void {
		this.memberships.restart(view, cursor);
	}

	reads(room: string): boolean {
		return this.streams.subscriptions.has(room);
	}

	claim(cid: string): void {
		claim(cid, this, this.core.directory.of(this.account.id));
	}

	settled(cid: string): void {
		if (this.accountNow !== undefined) settle(cid, this, this.core.directory.of(this.accountNow.id));
	}

	prolong(expiresMs: number): void {
		this.vigil.expireAt(expiresMs);
	}

	queueDone(): void {
		this.queue = undefined;
	}

	get full(): boolean {
		return this.outbox.full;
	}

	pauseReading(paused: boolean): boolean {
		return this.link.pauseReading(paused);
	}

	// ------------------------------------------------------------ for the rooms

	get user(): UserRef {
		return this.account;
	}

	get present(): boolean {
		return this.welcomed;
	}

	takePush(push: EntriesPush): boolean {
		if (this.outbox.full) return false;
		this.sendPush(push);
		return true;
	}

	fallBehind(subscription: Subscription): void {
		this.core.metrics.catchUps.add(1);
		this.streams.fallBehind(subscription);
	}

	pushEphemeral(push: Push): boolean {
		if (this.state === "live" && this.outbox.roomy) {
			if (push.key !== undefined) this.core.heldStates.drop(this, push.key);
			this.outbox.add(push.encoded(this.link.format));
			return true;
		}
		let dropped: Push | undefined = push;
		if (this.state === "live" && push.key !== undefined) dropped = this.core.heldStates.hold(this, push.key, push);
		if (dropped !== undefined) this.core.metrics.shed.add(dropped.kind);
		return false;
	}

	memberNow(room: LiveRoom, seq: number): void {
		this.memberships.memberNow(room, seq);
	}

	memberNoLonger(room: string): void {
		this.memberships.memberNoLonger(room);
	}

	invited(room: string, by: UserRef): void {
		this.memberships.invited(room, by);
	}

	// ------------------------------------------------------------ for the streams

	get device(): Device {
		return this;
	}

	get format(): Format {
		return this.link.format;
	}

	get roomy(): boolean {
		return this.outbox.roomy;
	}

	get closed(): boolean {
		return this.state === "closed" || this.state === "leaving";
	}

	tell(body: DownBody): void {
		if (body.case === "skipped") this.core.metrics.skipped.add(1);
		this.send(0, body);
	}

	sendPush(push: EntriesPush): void {
		this.outbox.add(push.encoded(this.link.format));
		this.core.metrics.deliveries.add(push.count);
	}

	broken(cause: unknown): void {
		this.fault("a read of the store failed", cause);
	}

	// ------------------------------------------------------------ for the vigil

	get clogged(): boolean {
		return this.outbox.clogged;
	}

	progress(): number {
		return this.outbox.progress();
	}

	ping(nonce: number, intervalMs: number): void {
		this.send(0, { case: "ping", value: { nonce, intervalMs } });
	}

	// ------------------------------------------------------------ life

	flushed(): void {
		if (this.outbox.clogged) {
			this.vigil.watchStall();
		} else {
			this.vigil.flowing();
			for (const push of this.core.heldStates.take(this)) this.pushEphemeral(push);
			this.streams.pump();
		}
		this.queue?.resume();
	}

	/** A peer that asks and asks and reads no answer is ended: what waits for it stays bounded. */
	private drowned(): boolean {
		if (!this.outbox.drowned) return false;
		this.end("slow", "the answers are not being read");
		return true;
	}

	private send(id: number, body: DownBody): void {
		this.outbox.add(this.link.format.encode(create(DownSchema, { id, body })));
	}

	private step(event: ConnectionEvent): boolean {
		const next = nextState(this.state, event);
		if (next === undefined) return false;
		this.state = next;
		return true;
	}

	/** Our bug or the disk's: this session ends, resumable; no other is touched. */
	private fault(what: string, cause: unknown): void {
		const trace = newId("t", this.core.clock, this.core.random);
		this.core.metrics.faults.add("session");
		this.core.log.error({ err: cause, trace, session: this.id, user: this.accountNow?.id }, what);
		this.end("internal", `${what} (trace ${trace})`);
	}

	private roomsNow(): LiveRoom[] {
		return Array.from(this.streams.subscriptions, (subscription) => subscription.room);
	}

	private settle(): void {
		this.vigil.stop();
		this.queue?.close();
		const rooms = this.roomsNow();
		this.streams.close();
		this.outbox.close();
		this.core.heldStates.take(this);
		this.leaveDirectory(rooms);
	}

	private leaveDirectory(rooms: readonly LiveRoom[] = []): void {
		const account = this.accountNow;
		if (account === undefined) return;
		const last = this.core.directory.remove(this);
		this.accountNow = undefined;
		if (this.welcomed) this.core.metrics.sessions.add(-1);
		if (this.welcomed && !this.core.directory.isOnline(account.id)) this.core.presence.offline(account, rooms);
		if (last) this.core.accounts.ended(account, this.link.lasting);
	}
}

function isMember(view: RoomView): boolean {
	return view.standing === Room_Standing.MEMBER || view.standing === Room_Standing.OWNER;
}

function failureBody(code: ErrorCode, message: string, retryAfterMs: number, trace: string): DownBody {
	return { case: "failure", value: { code, message, retry: ERRORS[code].retry, retryAfterMs: Math.ceil(retryAfterMs), trace } };
}
