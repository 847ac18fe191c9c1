// The event loop's end of a worker: questions out, answers back, in order; and what happens when the worker dies. Not by
// `thread/port.ts`, which gathers what a turn sends and acknowledges what it takes: a batch is posted at once, and is bounded already.
import type { Answer, Question, ReaderCalls, WriterCalls } from "./calls.ts";
import { StoreOpenError, type WriteTrouble } from "./errors.ts";

/** An answer that says what went wrong. */
export class CallError extends Error {
	readonly trouble: WriteTrouble;

	constructor(message: string, trouble: WriteTrouble) {
		super(message);
		this.name = "CallError";
		this.trouble = trouble;
	}
}

/** The worker is gone; whether it has carried the question out is not known. */
export class WorkerDied extends Error {
	constructor(role: string, why: string) {
		super(`the ${role} of the store has ended unexpectedly: ${why}`);
		this.name = "WorkerDied";
	}
}

// Bundlers find the entry points by these expressions.
export function writerChannel(): Channel<WriterCalls> {
	return new Channel("writer", new Worker(new URL("./writer-thread.ts", import.meta.url)));
}

export function readerChannel(): Channel<ReaderCalls> {
	return new Channel("reader", new Worker(new URL("./reader-thread.ts", import.meta.url)));
}

type Calls<C> = { [K in keyof C]: (args: never) => unknown };

export class Channel<C extends Calls<C>> {
	private readonly role: string;
	private readonly worker: Worker;
	private readonly pending = new Map<number, { resolve(value: unknown): void; reject(cause: Error): void }>();
	private nextId = 1;
	private death: WorkerDied | undefined;
	private lastWords = "it gave no reason";
	private readonly ended = Promise.withResolvers<void>();

	/** Takes a worker that was just started. */
	constructor(role: string, worker: Worker) {
		this.role = role;
		this.worker = worker;
		this.worker.onmessage = ({ data }: MessageEvent<string>) => this.answered(JSON.parse(data) as Answer);
		this.worker.onerror = (event) => {
			event.preventDefault();
			this.lastWords = event.message;
		};
		this.worker.addEventListener("close", () => this.die());
	}

	get isAlive(): boolean {
		return this.death === undefined;
	}

	/** Rejects with `StoreOpenError`, `CallError` or `WorkerDied`. */
	call<K extends keyof C & string>(call: K, args: Parameters<C[K]>[0]): Promise<ReturnType<C[K]>> {
		if (this.death) return Promise.reject(this.death);
		const id = this.nextId++;
		const question: Question = { id, call, args: args ?? null };
		const { promise, resolve, reject } = Promise.withResolvers<unknown>();
		this.pending.set(id, { resolve, reject });
		try {
			this.worker.postMessage(JSON.stringify(question));
		} catch (cause) {
			this.pending.delete(id);
			reject(cause);
		}
		return promise as Promise<ReturnType<C[K]>>;
	}

	/** Ends the worker, whose database must be closed by now. */
	async end(): Promise<void> {
		if (this.death) return;
		this.lastWords = "it was told to";
		this.worker.terminate();
		await this.ended.promise;
	}

	private answered(answer: Answer): void {
		const pending = this.pending.get(answer.id);
		this.pending.delete(answer.id);
		if (!pending) return;
		if ("value" in answer) {
			pending.resolve(answer.value);
			return;
		}
		const { message, trouble, openCode } = answer.error;
		pending.reject(openCode === undefined ? new CallError(message, trouble) : new StoreOpenError(openCode, message));
	}

	private die(): void {
		this.death ??= new WorkerDied(this.role, this.lastWords);
		for (const { reject } of this.pending.values()) reject(this.death);
		this.pending.clear();
		this.ended.resolve();
	}
}
