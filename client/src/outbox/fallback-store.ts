// Wraps the outbox's store so that its failures do not stop sending. They are reported as problems; if the store cannot be opened,
// memory takes its place.

import type { OutboxStore, StoredSend } from "../api/outbox-store.ts";
import { OutboxError, type VerbatimError } from "../base/errors.ts";
import { memoryOutbox } from "./memory.ts";

export class FallbackStore {
	private store: OutboxStore;
	private readonly problem: (error: VerbatimError) => void;
	private opened: Promise<readonly StoredSend[]> = Promise.resolve([]);

	constructor(store: OutboxStore, adopted: (sends: readonly StoredSend[]) => void, problem: (error: VerbatimError) => void) {
		this.store = store;
		this.problem = problem;
		store.onAdopted?.(adopted);
	}

	/** The stored sends of `user`, oldest first. Never rejects. */
	open(user: string): Promise<readonly StoredSend[]> {
		this.opened = this.opened.then(async () => {
			try {
				return await this.store.open(user);
			} catch (cause) {
				this.problem(new OutboxError("new sends will not survive a reload: the outbox could not be opened", { cause }));
				this.store = memoryOutbox();
				return [];
			}
		});
		return this.opened;
	}

	/** Resolves when the send is stored, or the store has failed. Never rejects. */
	async put(send: StoredSend, place?: "last"): Promise<void> {
		await this.opened;
		try {
			await this.store.put(send, place);
		} catch (cause) {
			this.problem(new OutboxError("this send will not survive a reload: the outbox could not store it", { cause }));
		}
	}

	remove(send: StoredSend): void {
		this.opened
			.then(() => this.store.remove(send))
			// It stays stored, and is repeated after a reload: the server detects the duplicate by its cid.
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
