// A client that sends lines until it is stopped, over restarts of the server.

export interface Driver {
	readonly name: string;
	/** What was typed and taken: by the composer of a page, by the outbox of a client, by a person's own doing. In order. */
	readonly taken: readonly string[];
	/** How many of them are known to be in the log. */
	readonly known: number;
	/** What went wrong while typing, if anything has. */
	readonly trouble: unknown;
	/** Types lines until `stop`. */
	start(): void;
	/** Types nothing more; resolves when everything taken is known to be in the log. Rejects with `trouble`. */
	stop(): Promise<void>;
	/** The lines that it sees, oldest first, without who said them. */
	seen(): Promise<readonly string[]>;
	close(): Promise<void>;
}
