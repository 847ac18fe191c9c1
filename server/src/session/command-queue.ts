// A session's commands in flight. Those that the store orders (sends to a room by id) run side by side, so that one connection
// can fill a batch; all others are serial. Long answers run a few at a time, and only while the outbox has room: what is buffered
// for a client that does not read stays bounded.
import type { DownBody, Up } from "@verbatim/protocol";
import { JSON_GROWTH_MAX, Refusal } from "@verbatim/protocol";
import type { Account } from "../account/accounts.ts";
import type { Log } from "../base/log.ts";
import type { CommandParts, CommandSession } from "../command/context.ts";
import { charge, execute, type RateLimits } from "../command/run.ts";
import { type AnyCommand, isLong, isSerial, isTableCommand } from "../command/table.ts";

/** Retry delay when too many commands are in flight: several commits. */
const BUSY_RETRY_MS = 100;
/** Pages made at once for one session, if all of them fit its outbox; under backpressure one by one. */
const LONG_AT_ONCE_MAX = 4;

export interface QueueSession {
	/** The user of the commands. Throws `Refusal` `unauthenticated` where there is none (any more). */
	readonly caller: CommandSession & { readonly account: Account };
	answer(id: number, body: DownBody): void;
	/** Never throws. */
	fail(id: number, trace: string, cause: unknown, command: AnyCommand["case"]): void;
	/** A bug: the session ends. Never throws. */
	broken(what: string, cause: unknown): void;
	pauseReading(paused: boolean): boolean;
	/** A command was executed; for a verbose log. */
	executed(id: number, trace: string, command: AnyCommand["case"]): void;
	/** Has the session ended? Then nothing is answered. */
	readonly closed: boolean;
	/** No command is in flight; the queue is dropped. */
	queueDone(): void;
	/** Is the outbox too full for another page? */
	readonly full: boolean;
	/** Does the client read more slowly than it is written to? */
	readonly backpressured: boolean;
	/** Bytes of answers that may be added to the outbox before the session ends as slow. */
	readonly spareBytes: number;
}

export interface QueueParts extends CommandParts {
	readonly rateLimits: RateLimits;
	readonly log: Pick<Log, "verbose">;
}

interface Waiting {
	readonly id: number;
	readonly trace: string;
	readonly command: AnyCommand;
}

/** Shared by all empty queues, which are nearly all; frozen, so that none can fill it. */
const NONE = Object.freeze<Waiting[]>([]) as Waiting[];

export class CommandQueue {
	private readonly parts: QueueParts;
	private readonly session: QueueSession;
	private waiting = NONE;
	/** Of all commands in flight, running and waiting. */
	private readonly ids = new Set<number>();
	private running = 0;
	private serialRunning = false;
	private longRunning = 0;
	private paused = false;
	private idle: (() => void) | undefined;

	constructor(parts: QueueParts, session: QueueSession) {
		this.parts = parts;
		this.session = session;
	}

	/** Takes one command of a live session. Throws `Refusal` when it cannot; then the command has no effect. */
	take(up: Up): void {
		const { id, trace, command } = up;
		if (!isTableCommand(command)) throw new Refusal("unknown_command");
		const max = this.parts.limits.commandsInFlightMax;
		const inFlight = this.running + this.waiting.length;
		if (inFlight >= max) {
			// Where reading can be paused, commands read already still get a place.
			this.paused ||= this.session.pauseReading(true);
			if (!this.paused || inFlight >= max * 8)
				throw new Refusal("busy", "too many commands under way on this connection", BUSY_RETRY_MS);
		}
		charge(this.parts.rateLimits, this.parts.shedding, this.session.caller.account.id, command);
		const next: Waiting = { id, trace, command };
		if (id > 0) this.ids.add(id);
		if (this.waiting.length === 0 && this.mayStart(command)) this.start(next);
		else if (this.waiting === NONE) this.waiting = [next];
		else this.waiting.push(next);
	}

	/** Is a command of this id in flight? */
	has(id: number): boolean {
		return this.ids.has(id);
	}

	/** The client has read: waiting commands may start. */
	resume(): void {
		if (!this.session.closed && this.waiting.length > 0) this.advance();
	}

	/** Resolves when no command is in flight, or only some that wait for the client to read. */
	whenIdle(): Promise<void> {
		if (this.isIdle) return Promise.resolve();
		return new Promise((resolve) => {
			this.idle = resolve;
		});
	}

	/** Drops waiting commands; answers of running ones are discarded. */
	close(): void {
		this.waiting = NONE;
		this.idle?.();
	}

	private get isIdle(): boolean {
		return this.running === 0 && (this.waiting.length === 0 || this.session.full);
	}

	private advance(): void {
		for (let next = this.waiting[0]; next !== undefined && this.mayStart(next.command); next = this.waiting[0]) {
			this.waiting.shift();
			this.start(next);
		}
		if (this.waiting.length === 0) this.waiting = NONE;
		if (this.paused && this.running + this.waiting.length < this.parts.limits.commandsInFlightMax / 2) {
			this.paused = false;
			this.session.pauseReading(false);
		}
	}

	private mayStart(command: AnyCommand): boolean {
		if (this.serialRunning || (isSerial(command) && this.running > 0)) return false;
		// Requests cost the client nothing: the pages buffered for it must be bounded whether or not it reads.
		if (!isLong(command)) return true;
		if (this.session.full) return false;
		if (this.longRunning === 0) return true;
		const pages = (this.longRunning + 1) * this.parts.limits.pageBytesMax * JSON_GROWTH_MAX;
		return !this.session.backpressured && this.longRunning < LONG_AT_ONCE_MAX && pages <= this.session.spareBytes;
	}

	private start(next: Waiting): void {
		this.running++;
		this.serialRunning = isSerial(next.command);
		if (isLong(next.command)) this.longRunning++;
		void this.run(next);
	}

	private async run({ id, trace, command }: Waiting): Promise<void> {
		const { session } = this;
		try {
			const { caller } = session;
			const body = await execute(this.parts.rateLimits, { parts: this.parts, user: caller.account, session: caller }, command);
			if (this.parts.log.verbose === true) session.executed(id, trace, command.case);
			if (!session.closed) session.answer(id, body);
		} catch (cause) {
			// After the end a refusal is discarded, but a bug is logged.
			if (!session.closed || !(cause instanceof Refusal)) session.fail(id, trace, cause, command.case);
		}
		try {
			this.finished(id, command);
		} catch (cause) {
			session.broken("what came after a command was not begun", cause);
		}
	}

	private finished(id: number, command: AnyCommand): void {
		this.ids.delete(id);
		this.running--;
		// A serial command runs alone.
		this.serialRunning = false;
		if (isLong(command)) this.longRunning--;
		if (this.session.closed) return;
		this.advance();
		if (this.isIdle) this.idle?.();
		if (this.running === 0 && this.waiting.length === 0) this.session.queueDone();
	}
}
