// The contract of the outbox's memory: what was said and is not yet acknowledged. Implementations lie beside it: `memory.ts`,
// `indexeddb.ts` (browsers), `../node/file-outbox.ts` (Node and Bun).
//
// Entries are kept in partitions, one per user and owner: two tabs of one user each send from their own, so that nothing is
// sent by both, and the partition of a tab that is gone is adopted by one that lives.

/** A send as it is kept: made once, before its first try. Nothing of it changes but `faults` and `refused`. */
export interface StoredSend {
	/** The id of the user who said it: nobody else's session may send it. */
	readonly user: string;
	/** The room's id. */
	readonly room: string;
	/** The send's own id, for ever the same over all tries. */
	readonly cid: string;
	readonly text: string;
	/** When it was said, by the wall clock. */
	readonly atMs: number;
	/** How often a try has ended by the server's own fault (`internal`); absent: never. */
	readonly faults?: number;
	/**
	 * It has failed, and the user knows: it is not tried again before the user wants it. Refused for good, or, with the code
	 * `internal`, given up with an unknown outcome.
	 */
	readonly refused?: { readonly code: string; readonly message: string; readonly trace?: string };
}

export interface OutboxStore {
	/**
	 * Everything kept for `user` that this owner may send, oldest first, and makes it this owner's own: no other tab or process
	 * gets it while this one lives. Called once per identity, before the first send.
	 */
	open(user: string): Promise<readonly StoredSend[]>;
	/**
	 * Resolves when the send would survive a crash of this page or process. Calls are made in the order of sending. One that is
	 * kept already is replaced, in its place. Rejects when it would not, also because the store was closed.
	 */
	put(send: StoredSend): Promise<void>;
	/** The send is acknowledged or discarded. Removing what is not there does nothing. */
	remove(send: StoredSend): Promise<void>;
	/**
	 * Calls back when sends of an owner that is gone have become this owner's, oldest first. Absent where there is one owner
	 * only.
	 */
	onAdopted?: (listener: (sends: readonly StoredSend[]) => void) => void;
	/** Finishes what is under way and gives up ownership. */
	close(): Promise<void>;
}
