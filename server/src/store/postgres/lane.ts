// A lane: one connection that carries out one batch after the other.
//
// The batch's number is written with it, into the lane's row, under the lane's generation. Where the answer to a commit does not come, or comes
// with a warning (a synchronous commit whose wait was cancelled "succeeds" so), nothing is told to anybody before it is resolved: a new
// connection raises the generation, which waits for the old transaction, and reads whether the batch is in. Whatever of the old connection arrives
// later finds no row of its generation, and rolls back. Raising is itself a synchronous commit, believed only without a warning.
import type { Clock } from "../../base/clock.ts";
import type { RuleLimits } from "../../log/decide.ts";
import type { RefusedLimits } from "../../log/refused.ts";
import type { BatchResult } from "../batches.ts";
import { settle } from "../settle.ts";
import type { Committed, Draft } from "../store.ts";
import { commitTransaction } from "./commit.ts";
import type { Connection } from "./connection.ts";
import { DecideAgain, messageOf, sqlState, troubleOf } from "./errors.ts";
import { Locks } from "./locks.ts";
import { Pause } from "./pause.ts";
import { type Raised, raise } from "./raise.ts";
import { freeLocks } from "./stuck.ts";
import type { PostgresTimes } from "./times.ts";
import { type Attempt, type Carried, carryOut, Fenced } from "./transaction.ts";

export interface LaneParts {
	readonly clock: Pick<Clock, "after" | "monotonic">;
	readonly limits: RuleLimits & RefusedLimits;
	readonly times: PostgresTimes;
	readonly open: () => Promise<Connection>;
	/** Told of entries of a batch that was answered as `unavailable` and turned out to be in. */
	readonly onRecovered: (committed: readonly Committed[]) => void;
}

/** A commit without an answer. */
interface Doubt {
	readonly number: number;
	readonly drafts: readonly Draft[];
	readonly carried: Carried;
}

/** An attempt that ends here: a batch that cannot be carried out is refused. */
const AGAIN_MAX = 20;

const LOCK_NOT_AVAILABLE = "55P03";

export class Lane {
	private readonly parts: LaneParts;
	private readonly node: string;
	private readonly index: number;
	private connection: Connection | undefined;
	private raised: Raised | undefined;
	private doubt: Doubt | undefined;
	/** The number of the newest batch. */
	private number = 0;
	private mending: Promise<void> | undefined;
	private isClosing = false;
	private readonly pause: Pause;

	constructor(parts: LaneParts, node: string, index: number) {
		this.parts = parts;
		this.node = node;
		this.index = index;
		this.pause = new Pause(parts.clock);
	}

	/** The first connection. Rejects with what the database says. */
	async open(): Promise<void> {
		await this.connect();
	}

	get isReady(): boolean {
		return !this.isClosing && this.mending === undefined;
	}

	/** Is there a connection, as far as is known? */
	get isConnected(): boolean {
		return this.connection?.isOpen === true;
	}

	/** Carries out a batch; never rejects but by our bug. */
	async commit(drafts: readonly Draft[]): Promise<BatchResult> {
		if (this.mending !== undefined) return { error: "the database cannot be reached" };
		const { clock, times } = this.parts;
		const number = ++this.number;
		const attempt: Attempt = { drafts, locks: new Locks(drafts), cids: "few", singly: false };
		const endMs = clock.monotonic() + times.batchMs;
		for (let tries = 1; ; tries++) {
			try {
				const carried = await this.attempt(number, attempt);
				const [error] = carried.errors;
				return { rulings: carried.rulings, ...(error === undefined ? {} : { error: `a draft failed by our mistake: ${error}` }) };
			} catch (cause) {
				const trouble = cause instanceof Fenced ? "lost" : troubleOf(cause);
				if (trouble === "lost") this.drop();
				const isOver = tries >= AGAIN_MAX || this.isClosing || clock.monotonic() >= endMs;
				if (trouble === "full" || trouble === "refused" || isOver || (trouble === "draft" && attempt.singly)) {
					if (this.connection === undefined || this.doubt !== undefined) this.mend();
					return { error: messageOf(cause) };
				}
				if (trouble === "draft") attempt.singly = true;
				if (trouble === "again") {
					// A name or a cid may have been taken by another: look at all of them.
					attempt.cids = "every";
					if (cause instanceof DecideAgain) attempt.locks.add(cause);
					else await this.waited(cause, tries);
				}
				if (trouble === "lost" && tries > 1)
					await this.pause.wait(Math.min(times.retryMaxMs, times.retryMinMs * 2 ** (tries - 2)));
			}
		}
	}

	/** After a deadlock, or a lock that was not to be had. */
	private async waited(cause: unknown, tries: number): Promise<void> {
		const { connection } = this;
		if (sqlState(cause) === LOCK_NOT_AVAILABLE && connection?.isOpen) await freeLocks(connection);
		await this.pause.wait(tries * (this.index + 2));
	}

	/** No more attempts: what is under way is answered. */
	giveUp(): void {
		this.isClosing = true;
		this.pause.end();
	}

	/** Once nothing is under way. */
	async close(): Promise<void> {
		this.giveUp();
		await this.mending;
		await this.connection?.close();
		this.connection = undefined;
	}

	private async attempt(number: number, attempt: Attempt): Promise<Carried> {
		const { limits, times } = this.parts;
		if (this.connection?.isOpen !== true) await this.connect();
		const known = this.resolved(number);
		if (known !== undefined) return known;
		const { connection, raised } = this;
		if (connection === undefined || raised === undefined) throw new Error("the lane was closed");
		const row = { node: this.node, lane: this.index, generation: raised.generation };
		let carried: Carried;
		try {
			carried = await carryOut(connection, row, number, attempt, limits, times);
		} catch (cause) {
			if (connection.isOpen) await connection.run("ROLLBACK").catch(() => connection.destroy());
			throw cause;
		}
		this.doubt = { number, drafts: attempt.drafts, carried };
		const trouble = await commitTransaction(connection, times.commitMs);
		if (trouble !== undefined) {
			// Whether it is in is learnt with the next connection.
			connection.destroy();
			throw new Error(trouble);
		}
		this.doubt = undefined;
		return carried;
	}

	/** What became of the batch in doubt, if it is this one and it is in. One that others were told is unavailable is told of now. */
	private resolved(number: number): Carried | undefined {
		const { doubt, raised } = this;
		if (doubt === undefined || raised === undefined) return undefined;
		this.doubt = undefined;
		if (raised.batch !== doubt.number) return undefined;
		if (doubt.number === number) return doubt.carried;
		this.parts.onRecovered(settle(doubt.drafts, doubt.carried.rulings).committed);
		return undefined;
	}

	private async connect(): Promise<void> {
		this.drop();
		const connection = await this.parts.open();
		try {
			this.raised = await raise(connection, this.node, this.index, this.parts.times);
			this.number = Math.max(this.number, this.raised.batch);
			this.connection = connection;
		} catch (cause) {
			// The old transaction holds the lane's row, and ends by itself no more.
			if (sqlState(cause) === LOCK_NOT_AVAILABLE) await freeLocks(connection);
			connection.destroy();
			throw cause;
		}
	}

	private drop(): void {
		this.connection?.destroy();
		this.connection = undefined;
	}

	/** Connects again, and resolves what is in doubt; until that is done, batches are refused. */
	private mend(): void {
		this.mending ??= this.untilConnected().finally(() => {
			this.mending = undefined;
		});
	}

	private async untilConnected(): Promise<void> {
		const { retryMinMs, retryMaxMs } = this.parts.times;
		for (let waitMs = retryMinMs; !this.isClosing; waitMs = Math.min(waitMs * 2, retryMaxMs)) {
			await this.pause.wait(waitMs);
			try {
				if (this.isClosing) return;
				await this.connect();
				this.resolved(-1);
				return;
			} catch {
				// Tried again.
			}
		}
	}
}
