// Supervises the writer thread. Trouble with the disk closes the writer's handle, and a writer can die; in both cases nothing is
// committed until the database was opened again with a proof that it commits (writer.ts), tried again with a growing back-off.
//
// A batch's number is written with it. Hence after a death, and after a commit that failed but may have reached the disk all the
// same, it is known whether the batch is in the log: if so, its entries are told of before anything else happens. When a writer
// dies its batch is carried out once more: all drafts are idempotent, so that callers notice nothing but the delay.
import { Refusal } from "@verbatim/protocol";
import type { Clock } from "../../base/clock.ts";
import type { BatchResult } from "../batches.ts";
import type { Draft } from "../store.ts";
import type { WriterCalls, WriterOptions } from "./calls.ts";
import { CallError, WorkerDied, writerChannel } from "./channel.ts";
import { messageOf } from "./errors.ts";
import { type Range, unpack } from "./packing.ts";

/** Waits between attempts to open again: doubled from the first to the last. */
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 5_000;
/** A batch that kills so many writers is refused. */
const DEATHS_MAX = 3;

/** Told of what a batch has written whose answer was lost. */
export type OnRecovered = (ranges: readonly Range[]) => Promise<void>;

export class WriterSupervisor {
	private readonly options: WriterOptions;
	private readonly clock: Pick<Clock, "after">;
	private readonly onRecovered: OnRecovered;
	private channel = writerChannel();
	/** The newest batch handed to a writer, and the newest whose outcome is known. */
	private number = 0;
	private known = 0;
	private mending: Promise<void> | undefined;
	private isClosing = false;
	private wake: (() => void) | undefined;

	constructor(options: WriterOptions, clock: Pick<Clock, "after">, onRecovered: OnRecovered) {
		this.options = options;
		this.clock = clock;
		this.onRecovered = onRecovered;
	}

	/** The first opening. Rejects with `StoreOpenError`. */
	async open(): Promise<void> {
		try {
			const last = await this.channel.call("open", { ...this.options, again: false });
			this.number = last.number;
			this.known = last.number;
		} catch (cause) {
			await this.channel.end();
			throw cause;
		}
	}

	get isReady(): boolean {
		return !this.isClosing && this.mending === undefined;
	}

	/** Carries out a batch; never rejects. */
	async commit(drafts: readonly Draft[]): Promise<BatchResult> {
		for (let deaths = 0; ; ) {
			if (this.mending) return { error: "the database is being opened again" };
			const number = ++this.number;
			try {
				const answer = await this.channel.call("commit", { number, drafts });
				this.known = number;
				return { rulings: unpack(answer), ...(answer.error === undefined ? {} : { error: answer.error }) };
			} catch (cause) {
				const isDead = cause instanceof WorkerDied;
				if (isDead || isBroken(cause)) this.mend();
				if (!isDead || ++deaths === DEATHS_MAX) return { error: messageOf(cause) };
				await this.mending;
				if (this.isClosing) return { error: messageOf(cause) };
			}
		}
	}

	/** Asks for anything else. Rejects with `Refusal`. */
	async ask<K extends keyof WriterCalls>(call: K, args: Parameters<WriterCalls[K]>[0]): Promise<ReturnType<WriterCalls[K]>> {
		if (!this.isReady) throw new Refusal("unavailable");
		try {
			return await this.channel.call(call, args);
		} catch (cause) {
			if (cause instanceof WorkerDied || isBroken(cause)) this.mend();
			throw new Refusal("unavailable");
		}
	}

	/** No more attempts to open again: what is under way is answered. */
	giveUp(): void {
		this.isClosing = true;
		this.wake?.();
	}

	async close(): Promise<void> {
		this.giveUp();
		await this.mending;
		// A database that cannot be closed in good order is put right by the next start.
		await this.channel.call("close", undefined).catch(() => null);
		await this.channel.end();
	}

	private mend(): void {
		this.mending ??= this.untilOpen().finally(() => {
			this.mending = undefined;
		});
	}

	private async untilOpen(): Promise<void> {
		for (let waitMs = RETRY_MIN_MS; !this.isClosing; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
			try {
				if (!this.channel.isAlive) this.channel = writerChannel();
				const last = await this.channel.call("open", { ...this.options, again: true });
				if (last.number > this.known) await this.onRecovered(last.ranges);
				this.known = last.number;
				return;
			} catch {
				await this.sleep(waitMs);
			}
		}
	}

	private sleep(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const cancel = this.clock.after(ms, resolve);
			this.wake = () => {
				cancel();
				resolve();
			};
			if (this.isClosing) this.wake();
		});
	}
}

function isBroken(cause: unknown): boolean {
	return cause instanceof CallError && cause.trouble === "broken";
}
