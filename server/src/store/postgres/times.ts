// Timeouts, in ms. For how long a stopped node can block others: docs/operations.md.

export interface PostgresTimes {
	/** To open a connection. */
	readonly connectMs: number;
	/** For a lock: of a row that another node's batch has. */
	readonly lockMs: number;
	/** For a statement, at the server. */
	readonly statementMs: number;
	/** For a statement, here: the server's own limit comes first where it can still say so. */
	readonly answerMs: number;
	/** That a transaction may wait for us, at the server: a node that has stopped holds its locks no longer than this. */
	readonly idleMs: number;
	/** For the answer to a commit; a synchronous standby is waited for in it. Then the batch is in doubt. */
	readonly commitMs: number;
	/** For a batch in all, before it is refused as `unavailable`. */
	readonly batchMs: number;
	/** Between attempts to connect: doubled from the first to the last. */
	readonly retryMinMs: number;
	readonly retryMaxMs: number;
}

export const POSTGRES_TIMES: PostgresTimes = {
	connectMs: 3_000,
	lockMs: 2_500,
	statementMs: 4_000,
	answerMs: 5_000,
	idleMs: 2_000,
	commitMs: 5_000,
	batchMs: 5_000,
	retryMinMs: 50,
	retryMaxMs: 1_000,
};
