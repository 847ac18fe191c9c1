// Contract of the outbox's store: sends that are not acknowledged yet. Implementations: `memory.ts`, `indexeddb.ts` (browsers),
// `../node/file-outbox.ts` (Node and Bun).
//
// Sends are partitioned by user and owner (a tab or process), so that two tabs of one user do not send the same item. The partition
// of an owner that has ended is adopted by a running one.

/** A stored send: created once, before its first try. Only `cidNow`, `faults` and `refused` change. */
export interface StoredSend {
	/** The sender's user id: only a session of this user may send it. */
	readonly user: string;
	/** The room's id. */
	readonly room: string;
	/** Its key in the store: the cid of its first try. */
	readonly cid: string;
	/** The idempotency key from now on: another one once the user has sent it again after a refusal for good. Absent: `cid`. */
	readonly cidNow?: string;
	readonly text: string;
	/** Time of `room.send`, wall clock. */
	readonly atMs: number;
	/** Number of tries that ended by a server fault (`internal`); absent: 0. */
	readonly faults?: number;
	/**
	 * It has failed, and is not retried before the user asks for it: refused for good, or, with the code `internal`, given up with an
	 * unknown outcome.
	 */
	readonly refused?: { readonly code: string; readonly message: string; readonly trace?: string };
}

export interface OutboxStore {
	/**
	 * Takes ownership of the stored sends of `user` that no other running owner has, and returns them, oldest first. Called once per
	 * identity, before the first send.
	 */
	open(user: string): Promise<readonly StoredSend[]>;
	/**
	 * Resolves when the send is durable, that is, survives a crash of this page or process. Called in the order of sending. A cid that
	 * is stored already is replaced, in one step: in its place, or, with "last", behind all others. Rejects if it could not be stored, also when
	 * the store is closed.
	 */
	put(send: StoredSend, place?: "last"): Promise<void>;
	/** The send is acknowledged or discarded. Does nothing for an unknown cid. */
	remove(send: StoredSend): Promise<void>;
	/**
	 * Calls back with sends, oldest first, that were adopted from an owner that has ended. Absent if there is only one owner.
	 */
	onAdopted?: (listener: (sends: readonly StoredSend[]) => void) => void;
	/** Completes pending writes and releases ownership. */
	close(): Promise<void>;
}
