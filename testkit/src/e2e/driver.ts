// A client that sends lines until it is stopped, over restarts of the server.

export abstract class Driver {
	readonly name: string;
	/** What was typed and taken: by the composer of a page, by the outbox of a client, by a person's own doing. In order. */
	readonly taken: string[] = [];
	/** How many of them are known to be in the log. */
	known = 0;
	/** What went wrong while typing, if anything has. */
	trouble: unknown;
	protected stopping = false;
	private going: Promise<void> = Promise.resolve();

	protected constructor(name: string) {
		this.name = name;
	}

	/** Types lines until `stop`. */
	start(): void {
		this.stopping = false;
		this.going = this.type();
		this.going.catch((cause: unknown) => {
			this.trouble = cause;
		});
	}

	/** Types nothing more; resolves when everything taken is known to be in the log. Rejects with `trouble`. */
	async stop(): Promise<void> {
		this.stopping = true;
		await this.going;
	}

	/** The lines that it sees, oldest first, without who said them. */
	abstract seen(): Promise<readonly string[]>;
	abstract close(): Promise<void>;
	/** Types one line after the other until `stopping`. */
	protected abstract type(): Promise<void>;
}
