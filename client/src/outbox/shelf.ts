// The outbox's store as the outbox wants it: never in its way. What fails is told as a problem; what is said still goes out, as
// long as this page or process lives.
import { OutboxError, type VerbatimError } from "../errors.ts";
import { memoryOutbox } from "./memory.ts";
import type { OutboxStore, StoredSend } from "./store.ts";

export class Shelf {
	private store: OutboxStore;
	private readonly problem: (error: VerbatimError) => void;
	private opened: Promise<readonly StoredSend[]> = Promise.resolve([]);

	constructor(store: OutboxStore, adopted: (sends: readonly StoredSend[]) => void, problem: (error: VerbatimError) => void) {
		this.store = store;
		this.problem = problem;
		store.onAdopted?.(adopted);
	}

	/** What is kept of `user`, oldest first. */
	open(user: string): Promise<readonly StoredSend[]> {
		this.opened = this.opened.then(async () => {
			try {
				return await this.store.open(user);
			} catch (cause) {
				this.problem(new OutboxError("what is said now will not survive a reload: the outbox could not be opened", { cause }));
				this.store = memoryOutbox();
				return [];
			}
		});
		return this.opened;
	}

	/** Resolves when the send is kept, or cannot be. */
	async put(send: StoredSend): Promise<void> {
		await this.opened;
		try {
			await this.store.put(send);
		} catch (cause) {
			this.problem(new OutboxError("this send will not survive a reload: the outbox could not keep it", { cause }));
		}
	}

	remove(send: StoredSend): void {
		this.opened
			.then(() => this.store.remove(send))
			// It stays kept, and will be repeated after a reload: the server finds the repeat by its cid.
			.catch((cause: unknown) => this.problem(new OutboxError("a send could not be removed from the outbox", { cause })));
	}

	async close(): Promise<void> {
		await this.opened;
		try {
			await this.store.close();
		} catch (cause) {
			this.problem(new OutboxError("the outbox could not be closed", { cause }));
		}
	}
}
