// A session's commands under way. Those that the store orders (sends to a room by id) run side by side, so that one
// connection can fill a batch; all others wait for what came before, and what comes after waits for them. Long answers are made
// a few at a time, and only while there is room for them: what waits for a peer that asks and does not read stays bounded.
import type { DownBody, Up } from "@verbatim/protocol";
import { Refusal } from "@verbatim/protocol";
import type { Identity } from "../account/accounts.ts";
import type { CommandParts, CommandSession } from "../command/context.ts";
import { type Purses, pay } from "../command/run.ts";
import { type AnyCommand, isLong, isSerial, isTableCommand, runCommand } from "../command/table.ts";

/** Worth waiting before trying again when too many commands are under way: several commits' time. */
const CROWDED_MS = 100;
/** Pages made for one session at once: enough to keep the store's reader busy. */
const LONG_AT_ONCE_MAX = 4;

export interface QueueSession extends CommandSession {
	readonly identity: Identity;
	answer(id: number, body: DownBody): void;
	fail(id: number, trace: string, cause: unknown): void;
	pauseReading(paused: boolean): boolean;
	/** Has the peer so much to read that no page should be made for it? */
	readonly full: boolean;
}

interface Waiting {
	readonly id: number;
	readonly trace: string;
	readonly command: AnyCommand;
}

export class CommandQueue {
	private readonly parts: CommandParts & { readonly purses: Purses };
	private readonly session: QueueSession;
	private waiting: Waiting[] = [];
	private running = 0;
	private serialRunning = false;
	private longRunning = 0;
	private paused = false;
	private closed = false;
	private idle: (() => void) | undefined;

	constructor(parts: CommandParts & { readonly purses: Purses }, session: QueueSession) {
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
		pay(this.parts.purses, this.session.identity.user.id, command);
		this.waiting.push({ id, trace, command });
		this.advance();
	}

	/** The peer has read: what was held may go on. */
	resume(): void {
		if (!this.closed && this.waiting.length > 0) this.advance();
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
		this.closed = true;
		this.waiting = [];
		this.idle?.();
	}

	private get isIdle(): boolean {
		return this.running === 0 && (this.waiting.length === 0 || this.session.full);
	}

	private advance(): void {
		while (!this.serialRunning) {
			const next = this.waiting[0];
			if (next === undefined) break;
			const [serial, long] = [isSerial(next.command), isLong(next.command)];
			if (serial && this.running > 0) break;
			// Asking for pages costs a peer nothing; what waits for it must not depend on whether it reads them.
			if (long && (this.longRunning === LONG_AT_ONCE_MAX || this.session.full)) break;
			this.waiting.shift();
			this.running++;
			this.serialRunning = serial;
			if (long) this.longRunning++;
			void this.run(next, serial, long);
		}
		if (this.paused && this.running + this.waiting.length < this.parts.limits.commandsInFlightMax / 2) {
			this.paused = false;
			this.session.pauseReading(false);
		}
	}

	private async run({ id, trace, command }: Waiting, serial: boolean, long: boolean): Promise<void> {
		const { session } = this;
		try {
			const body = await runCommand({ parts: this.parts, identity: session.identity, session }, command);
			if (!this.closed) session.answer(id, body);
		} catch (cause) {
			if (!this.closed) session.fail(id, trace, cause);
		}
		this.running--;
		if (serial) this.serialRunning = false;
		if (long) this.longRunning--;
		if (this.closed) return;
		this.advance();
		if (this.isIdle) this.idle?.();
	}
}
