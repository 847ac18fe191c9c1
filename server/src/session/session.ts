// A session on the server: the life of one connection, by the state table shared with the client. It authenticates the hello,
// queues commands, and keeps deadlines. What it holds for its user is in the principal. It ends with its link; what lasts are the
// client's cursors.
// One file because every step (receive, answer, charge, end) depends on the same state of the life cycle and may end the session; what
// has state of its own (queue, outbox, deadlines, hello, principal) is beside it.
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
	type Up,
} from "@verbatim/protocol";
import { accountOf, type Identity } from "../account/accounts.ts";
import { laneOf } from "../admit/hello-queue.ts";
import { RefusalRate, type RefusalRateSession } from "../admit/refusal-rate.ts";
import { sessionId } from "../base/ids.ts";
import type { SessionInput } from "../link/host.ts";
import type { Link } from "../link/link.ts";
import { CommandQueue, type QueueSession } from "./command-queue.ts";
import { Deadlines, type DeadlinesPort } from "./deadlines.ts";
import { countRefusedLogin, PendingHello, welcomeBody } from "./hello.ts";
import { Outbox, type OutboxPort } from "./outbox.ts";
import type { SessionParts } from "./parts.ts";
import { Principal, type PrincipalSession } from "./principal.ts";
import { logBegin, logEnd, logRefusal, type SessionFacts, traced } from "./session-log.ts";

/** Refused hellos on one connection before it is closed. */
const REFUSED_HELLOS_MAX = 5;

const PAUSED_BY_COMMANDS = 1;
const PAUSED_BY_REFUSALS = 2;
const PAUSED_BY_HELLO = 4;

export class Session
	implements SessionInput, QueueSession, PrincipalSession, DeadlinesPort, OutboxPort, SessionFacts, RefusalRateSession
{
	readonly number: number;
	readonly link: Link;
	readonly outbox: Outbox;
	/** Set from authentication until the hello is refused after all, or the session ends. */
	principal: Principal | undefined;
	private readonly core: SessionParts;
	private state: ConnectionState = "open";
	/** While a hello is being checked. */
	private hello: PendingHello | undefined;
	/** While commands are in flight. */
	private queue: CommandQueue | undefined;
	private readonly deadlines: Deadlines;
	private refusedHellos = 0;
	private readonly beganMs: number;
	private bytesIn = 0;
	private commands = 0;
	private refused = 0;
	/** Made at the first charge. */
	private refusalRate: RefusalRate | undefined;
	/** Reasons why reading is paused, as bits. */
	private pauses = 0;

	constructor(core: SessionParts, link: Link) {
		this.core = core;
		this.link = link;
		this.number = core.nextSession();
		this.beganMs = core.clock.monotonic();
		this.outbox = new Outbox(link, core, this);
		this.deadlines = new Deadlines(this, core);
		core.sessions.add(this);
	}

	/** For logs and the client; made on demand, since most sessions need it once. */
	get id(): string {
		return sessionId(this.core.node, this.number);
	}

	get userId(): string | undefined {
		return this.principal?.account.id;
	}

	// ------------------------------------------------------------ from the link

	receive(up: Up, bytes = 0): void {
		this.bytesIn += bytes;
		this.commands++;
		try {
			if (this.closed || this.endIfOverfull()) return;
			this.deadlines.hear();
			this.dispatch(up);
		} catch (cause) {
			this.fail(up.id, this.traceOf(up.trace), cause, up.command.case);
		}
	}

	undecodable(code: ErrorCode, message: string, id = 0, bytes = 0, given = ""): void {
		this.bytesIn += bytes;
		this.commands++;
		try {
			if (this.closed || this.endIfOverfull()) return;
			this.deadlines.hear();
			const trace = this.traceOf(given);
			this.noteRefusal(code, trace, id, undefined);
			this.send(id, failureBody(code, message, 0, trace));
			this.charge(code === "unknown_command" ? "refusal" : "malformed");
		} catch (cause) {
			this.broken("what could not be decoded was not answered", cause);
		}
	}

	alive(): void {
		if (this.closed) return;
		this.deadlines.hear();
		this.charge("refusal");
	}

	get frameBytesMax(): number {
		const { limits } = this.core;
		// Commands behind a hello are bounded by `PendingHello` instead.
		return this.state === "open" ? limits.helloBytesMax : limits.frameBytesMax;
	}

	/** Never throws. */
	end(why: CloseName, reason?: string, retryAfterMs?: number): void {
		if (!this.step("close")) return;
		const facts = CLOSES[why];
		this.core.metrics.closes.add(why);
		this.guard(() => {
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
		});
		this.settle(why);
		this.guard(() => this.link.close(why));
	}

	drained(): void {
		if (this.closed) return;
		try {
			this.outbox.progress();
			this.flushed();
		} catch (cause) {
			this.broken("a session did not go on after a write", cause);
		}
	}

	lost(): void {
		if (this.state === "closed") return;
		const settled = this.state === "leaving";
		this.state = "closed";
		this.core.sessions.delete(this);
		if (!settled) this.settle("gone");
	}

	/** Waits for commands in flight, then tells the client to reconnect after `retryAfterMs`. */
	async drain(retryAfterMs: number): Promise<void> {
		if (this.state === "live") await this.queue?.whenIdle();
		this.end("draining", undefined, retryAfterMs);
	}

	// ------------------------------------------------------------ hello

	private dispatch(up: Up): void {
		const { command } = up;
		// A pong is not answered: its id is ignored.
		const answered = up.id > 0 && command.case !== "pong";
		if (answered && (this.hello?.has(up.id) || this.queue?.has(up.id))) {
			// With its own id, the refusal would be taken for the answer to the first.
			this.fail(
				0,
				this.traceOf(up.trace),
				new Refusal("invalid", `id ${up.id} is that of a command under way; nothing of this one was done`),
				command.case,
			);
			return;
		}
		const problem = checkUp(up, this.core.limits);
		if (problem !== undefined) {
			const refusal = new Refusal(problem.code, problem.message);
			if (command.case !== "hello" || !this.step("hello")) throw refusal;
			this.refuseHello(up.id, this.traceOf(up.trace), refusal, command.value);
			return;
		}
		switch (command.case) {
			case "ping":
				this.send(up.id, { case: "pong", value: { nonce: command.value.nonce } });
				this.charge("refusal");
				return;
			case "pong":
				if (!this.deadlines.answered(command.value.nonce)) this.charge("refusal");
				return;
			case "hello":
				if (!this.step("hello")) throw new Refusal("out_of_place", "hello was said already");
				this.hello = new PendingHello(up.id);
				this.admit(up.id, up.trace, command.value).catch((cause: unknown) => this.broken("a hello failed", cause));
				return;
			default:
				if (!this.step("command")) throw new Refusal("out_of_place");
				if (this.hello === undefined) this.enqueue(up);
				else if (this.hello.take(up, this.core.limits)) this.pause(PAUSED_BY_HELLO, true);
		}
	}

	private enqueue(up: Up): void {
		this.queue ??= new CommandQueue(this.core, this);
		this.queue.take(up);
	}

	/** Takes the commands behind the hello, in order, and resumes reading. */
	private takePending(): readonly Up[] {
		const commands = this.hello?.release() ?? [];
		this.hello = undefined;
		if (commands.length > 0) this.pause(PAUSED_BY_HELLO, false);
		return commands;
	}

	/** An invalid trace is not echoed: it may be as long as a frame, and contain anything. */
	private traceOf(trace: string): string {
		return isTrace(trace, this.core.limits) ? trace : "";
	}

	/** A hello that the queue refuses is answered in the same turn: hellos repeated without waiting all count. */
	private async admit(id: number, trace: string, hello: Hello): Promise<void> {
		const lane = laneOf(hello.credential);
		try {
			const turn = this.core.hellos.enter(lane);
			if (turn !== undefined) await turn;
		} catch (cause) {
			this.refuseHello(id, trace, cause, hello);
			return;
		}
		try {
			await this.authenticate(id, trace, hello);
		} finally {
			this.core.hellos.done(lane);
		}
	}

	private async authenticate(id: number, trace: string, hello: Hello): Promise<void> {
		// The connection may have closed while it was queued.
		if (this.state !== "greeting") return;
		try {
			const identity = await this.core.accounts.authenticate(hello.credential, {
				address: this.link.address,
				resumable: this.link.resumable,
			});
			if (this.state !== "greeting") return;
			await this.welcome(id, identity, hello);
		} catch (cause) {
			this.refuseHello(id, trace, cause, hello);
		}
	}

	private refuseHello(id: number, trace: string, cause: unknown, { credential }: Hello): void {
		if (this.state !== "greeting") {
			// Welcomed already: an error then is a bug.
			if (!this.closed) this.broken("a session did not begin", cause);
			return;
		}
		this.dropPrincipal();
		this.guard(() => countRefusedLogin(this, this.core, trace, cause, credential));
		this.fail(id, trace, cause, "hello");
		for (const up of this.takePending()) {
			const refusal = new Refusal("out_of_place", "the hello before it was refused; nothing of this was done");
			// Not charged as a refusal: an expired token is no flood.
			this.guard(() => this.tellRefusal(up.id, up.trace, refusal, up.command.case));
		}
		if (!this.step("refused")) return;
		if (++this.refusedHellos < REFUSED_HELLOS_MAX) return;
		// A client that only has to wait may reconnect.
		if (cause instanceof Refusal && ERRORS[cause.code].retry) this.end("busy", cause.message);
		else this.end("unauthorized");
	}

	private async welcome(id: number, identity: Identity, hello: Hello): Promise<void> {
		const { core } = this;
		const { user } = identity;
		core.revocations.check(user);
		const principal = new Principal(core, this, accountOf(user));
		this.principal = principal;
		principal.enter();
		const views = await core.store.roomsOf(user.id);
		if (!this.step("welcome")) return;
		core.metrics.logins.add("ok");
		this.deadlines.welcomed(this.link.format.codec !== "line");
		this.send(id, welcomeBody(this.id, identity, views, core));
		principal.begin(views, hello.cursors);
		this.deadlines.expireAt(identity.expiresMs);
		this.guard(() => logBegin(core.lines, this, hello.client));
		for (const up of this.takePending()) {
			try {
				this.enqueue(up);
			} catch (cause) {
				this.fail(up.id, up.trace, cause, up.command.case);
			}
		}
	}

	// ------------------------------------------------------------ for the commands

	get caller(): Principal {
		if (this.principal === undefined) throw new Refusal("unauthenticated");
		return this.principal;
	}

	answer(id: number, body: DownBody): void {
		if (id > 0) this.send(id, body);
		this.principal?.places.answered();
	}

	/**
	 * Answers a failed command. A bug is logged under the trace id that the client gets. Where an unexpected error was thrown,
	 * the session ends, resumable: the command may be half done. A refusal `internal` (the store could not decide one draft, and
	 * wrote nothing of it) leaves nothing half done: the session goes on. Never throws.
	 */
	fail(id: number, trace: string, cause: unknown, command: Up["command"]["case"]): void {
		try {
			if (cause instanceof Refusal) this.refuse(id, trace, cause, command);
			else this.failForGood(id, trace, cause, command);
		} catch (worse) {
			this.broken("a failure could not be told", worse);
		}
	}

	private refuse(id: number, given: string, refusal: Refusal, command: Up["command"]["case"]): void {
		this.tellRefusal(id, given, refusal, command);
		// Retryable refusals are the server's doing, except those of rate limits.
		if (!ERRORS[refusal.code].retry || refusal.code === "rate_limited") this.charge("refusal");
	}

	private tellRefusal(id: number, given: string, refusal: Refusal, command: Up["command"]["case"]): void {
		const { code, message, retryAfterMs } = refusal;
		const trace = code === "internal" ? this.report("a command was refused as internal", refusal, given) : given;
		this.noteRefusal(code, trace, id, command);
		this.send(id, failureBody(code, message, retryAfterMs, trace));
	}

	private charge(what: "refusal" | "malformed"): void {
		if (this.closed) return;
		this.refusalRate ??= new RefusalRate(this, this.core);
		this.refusalRate.charge(what);
	}

	private noteRefusal(code: ErrorCode, trace: string, id: number, command: Up["command"]["case"]): void {
		this.refused++;
		this.core.metrics.errors.add(code);
		if (command === "send") this.core.metrics.sends.add(code);
		logRefusal(this.core.lines, this, { code, trace, command: id, name: command ?? "" });
	}

	private failForGood(id: number, given: string, cause: unknown, command: Up["command"]["case"]): void {
		const what = "a command failed unexpectedly";
		const trace = this.report(what, cause, given);
		this.core.metrics.errors.add("internal");
		if (command === "send") this.core.metrics.sends.add("internal");
		if (this.closed) return;
		this.send(id, failureBody("internal", ERRORS.internal.message, ERRORS.internal.afterMs, trace));
		this.end("internal", `${what} (trace ${trace})`);
	}

	executed(id: number, trace: string, command: string): void {
		this.core.log.debug({ ...traced(trace), session: this.id, user: this.userId, command, id }, "carried out");
	}

	prolong(expiresMs: number): void {
		this.deadlines.expireAt(expiresMs);
	}

	queueDone(): void {
		this.queue = undefined;
	}

	get full(): boolean {
		return this.outbox.full;
	}

	get spareBytes(): number {
		return this.outbox.spareBytes;
	}

	pauseReading(paused: boolean): boolean {
		return this.pause(PAUSED_BY_COMMANDS, paused);
	}

	// ------------------------------------------------------------ for the rate of refusals

	get address(): string {
		return this.link.address;
	}

	rest(resting: boolean): void {
		this.pause(PAUSED_BY_REFUSALS, resting);
	}

	// ------------------------------------------------------------ for the principal

	get live(): boolean {
		return this.state === "live";
	}

	get closed(): boolean {
		return this.state === "closed" || this.state === "leaving";
	}

	notify(body: DownBody): void {
		this.send(0, body);
	}

	/** A bug: ends this session, resumable, and no other. Never throws. */
	broken(what: string, cause: unknown): void {
		const trace = this.report(what, cause);
		this.end("internal", `${what} (trace ${trace})`);
	}

	// ------------------------------------------------------------ for the deadlines

	get backpressured(): boolean {
		return this.outbox.backpressured;
	}

	progress(): number {
		return this.outbox.progress();
	}

	ping(nonce: number, intervalMs: number): void {
		this.send(0, { case: "ping", value: { nonce, intervalMs, heads: this.principal?.places.heads() ?? [] } });
	}

	// ------------------------------------------------------------ life

	flushed(): void {
		if (this.outbox.backpressured) {
			this.deadlines.watchStall();
			this.principal?.onBackpressure();
		} else {
			this.deadlines.flowing();
			this.principal?.flushed();
		}
		this.queue?.resume();
	}

	/** Ends a client that sends commands without reading the answers: what is buffered stays bounded. */
	private endIfOverfull(): boolean {
		if (!this.outbox.overfull) return false;
		this.end("slow", "the answers are not being read");
		return true;
	}

	private send(id: number, body: DownBody): void {
		this.outbox.add(this.link.format.encode(create(DownSchema, { id, body })));
	}

	private pause(reason: number, paused: boolean): boolean {
		this.pauses = paused ? this.pauses | reason : this.pauses & ~reason;
		return this.link.pauseReading(this.pauses !== 0);
	}

	private step(event: ConnectionEvent): boolean {
		const next = nextState(this.state, event);
		if (next === undefined) return false;
		this.state = next;
		return true;
	}

	/** Logs and counts a bug; returns its trace id. */
	private report(what: string, cause: unknown, trace = ""): string {
		return this.core.faults.report("session", what, cause, { trace, session: this.id, user: this.userId });
	}

	/** Runs a step of the end; an error in it does not stop the rest. */
	private guard(step: () => void): void {
		try {
			step();
		} catch (cause) {
			this.report("a session did not end cleanly", cause);
		}
	}

	private settle(why: CloseName | "gone"): void {
		this.guard(() => this.logEnd(why));
		this.hello = undefined;
		this.guard(() => this.deadlines.stop());
		this.guard(() => this.queue?.close());
		this.guard(() => this.refusalRate?.stop());
		// In line mode another session may use the connection next.
		if (this.pauses !== 0) this.guard(() => this.link.pauseReading(false));
		this.guard(() => this.outbox.close());
		this.dropPrincipal();
	}

	private logEnd(why: CloseName | "gone"): void {
		// In line mode a session is one attempt to log in; the line-mode client logs the end of the connection.
		if (this.link.format.codec === "line" && this.principal === undefined) return;
		const ageMs = Math.round(this.core.clock.monotonic() - this.beganMs);
		const { bytesIn, commands, refused } = this;
		logEnd(this.core.lines, this, why, { ageMs, bytesIn, bytesOut: this.outbox.progress(), commands, refused });
	}

	private dropPrincipal(): void {
		const { principal } = this;
		this.principal = undefined;
		principal?.drop();
	}
}

function failureBody(code: ErrorCode, message: string, retryAfterMs: number, trace: string): DownBody {
	return { case: "failure", value: { code, message, retry: ERRORS[code].retry, retryAfterMs: Math.ceil(retryAfterMs), trace } };
}
