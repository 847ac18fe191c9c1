// A session's commands under way. Those that the store orders (sends to a room by id) run side by side, so that one
// connection can fill a batch; all others wait for what came before, and what comes after waits for them. Long answers are made
// a few at a time, and only while there is room for them: what waits for a peer that asks and does not read stays bounded.
import type { DownBody, Up } from "@verbatim/protocol";
import { JSON_GROWTH_MAX, Refusal } from "@verbatim/protocol";
import type { Account } from "../account/accounts.ts";
import type { Log } from "../base/log.ts";
import type { CommandParts, CommandSession } from "../command/context.ts";
import { charge, execute, type RateLimits } from "../command/run.ts";
import { type AnyCommand, isLong, isSerial, isTableCommand } from "../command/table.ts";

/** Worth waiting before trying again when too many commands are under way: several commits' time. */
const CROWDED_MS = 100;
/** Pages made for one session at once, where all of them fit what may wait for it; for one that does not keep up, one by one. */
const LONG_AT_ONCE_MAX = 4;

export interface QueueSession {
	/** For whom commands are carried out. Throws `Refusal` `unauthenticated` when that is nobody (any more). */
	readonly caller: CommandSession & { readonly account: Account };
	answer(id: number, body: DownBody): void;
	/** Never throws. */
	fail(id: number, trace: string, cause: unknown, command: AnyCommand["case"]): void;
	/** Our bug: the session ends. Never throws. */
	broken(what: string, cause: unknown): void;
	pauseReading(paused: boolean): boolean;
	/** A command was carried out, for a log that tells everything. */
	executed(id: number, trace: string, command: AnyCommand["case"]): void;
	/** Is it over? Then nobody is answered any more. */
	readonly closed: boolean;
	/** Nothing is under way any more; the next command gets a queue of its own. */
	queueDone(): void;
	/** Has the peer so much to read that no page should be made for it? */
	readonly full: boolean;
	/** Does it read more slowly than it is written to? */
	readonly backpressured: boolean;
	/** Bytes of answers that may still wait for it before it is taken for one that does not read. */
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

/** A queue in which nothing waits, as in nearly all, has no list of its own. */
const NONE: Waiting[] = [];

export class CommandQueue {
	private readonly parts: QueueParts;
	private readonly session: QueueSession;
	private waiting = NONE;
	/** Of all commands under way, those that run and those that wait. */
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

	/** Takes one command of a live session. Throws `Refusal` when it cannot be taken; then nothing of it has happened. */
	take(up: Up): void {
		const { id, trace, command } = up;
		if (!isTableCommand(command)) throw new Refusal("unknown_command");
		const max = this.parts.limits.commandsInFlightMax;
		const underWay = this.running + this.waiting.length;
		if (underWay >= max) {
			// Where reading can be paused, what had been read already still gets a place.
			this.paused ||= this.session.pauseReading(true);
			if (!this.paused || underWay >= max * 8)
				throw new Refusal("busy", "too many commands under way on this connection", CROWDED_MS);
		}
		charge(this.parts.rateLimits, this.parts.shedding, this.session.caller.account.id, command);
		const next: Waiting = { id, trace, command };
		if (id > 0) this.ids.add(id);
		if (this.waiting.length === 0 && this.mayStart(command)) this.start(next);
		else if (this.waiting === NONE) this.waiting = [next];
		else this.waiting.push(next);
	}

	/** Is a command of this id under way? */
	has(id: number): boolean {
		return this.ids.has(id);
	}

	/** The peer has read: what was held may go on. */
	resume(): void {
		if (!this.session.closed && this.waiting.length > 0) this.advance();
	}

	/** Resolves when nothing is under way any more, or only what the peer holds up by not reading. */
	whenIdle(): Promise<void> {
		if (this.isIdle) return Promise.resolve();
		return new Promise((resolve) => {
			this.idle = resolve;
		});
	}

	/** What waits is dropped, and answers of what runs are nobody's any more. */
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
		// Asking for pages costs a peer nothing; what waits for it must not depend on whether it reads them.
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
			// To nobody a refusal is told, but a bug is logged.
			if (!session.closed || !(cause instanceof Refusal)) session.fail(id, trace, cause, command.case);
		}
		try {
			this.ran(id, command);
		} catch (cause) {
			session.broken("what came after a command was not begun", cause);
		}
	}

	private ran(id: number, command: AnyCommand): void {
		this.ids.delete(id);
		this.running--;
		// Whatever is serial runs alone.
		this.serialRunning = false;
		if (isLong(command)) this.longRunning--;
		if (this.session.closed) return;
		this.advance();
		if (this.isIdle) this.idle?.();
		if (this.running === 0 && this.waiting.length === 0) this.session.queueDone();
	}
}
