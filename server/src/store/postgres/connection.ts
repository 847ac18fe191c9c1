// One connection to PostgreSQL, over `pg`. Whatever does not answer in time is destroyed, never used again: nobody knows what it would answer.
import type { Socket } from "node:net";
import pg from "pg";
import type { Target } from "./address.ts";
import { plain } from "./values.ts";

export type Value = string | number | boolean | null | Buffer;

/** Prepared under its name at the first use on a connection; without a name it is not kept. */
export interface Statement {
	readonly name?: string;
	readonly text: string;
}

export interface Answer<Row> {
	readonly rows: readonly Row[];
	/** Rows changed, or returned. */
	readonly count: number;
	/** What was carried out: "COMMIT" may turn out to be "ROLLBACK". */
	readonly command: string;
}

export interface ConnectionOptions {
	readonly connectMs: number;
	/** For every answer that no other time is given for. */
	readonly answerMs: number;
	/** Questions are sent without waiting for the answers to those before. */
	readonly pipeline: boolean;
	/** Shown in `pg_stat_activity`. */
	readonly name: string;
}

/** Object ids of PostgreSQL's types, which never change. */
const INT8 = 20;
const TEXT = 25;

const TYPES = {
	getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
		// Below 2^53: seqs, epochs and counts.
		if (oid === INT8) return Number;
		if (oid === TEXT) return plain;
		return pg.types.getTypeParser(oid, format as "text");
	},
};

export class Connection {
	private readonly client: pg.Client;
	private readonly answerMs: number;
	private warning: string | undefined;
	private closed: string | undefined;
	private isGathering = false;

	private constructor(client: pg.Client, answerMs: number) {
		this.client = client;
		this.answerMs = answerMs;
		client.on("notice", ({ code, severity, message }) => {
			if (severity === "WARNING" || code === "01000") this.warning = message ?? "a warning";
		});
		client.on("error", (cause) => {
			this.closed ??= cause.message;
		});
		client.on("end", () => {
			this.closed ??= "the connection has ended";
		});
	}

	/** Rejects with what `pg` says. */
	static async open(target: Target, options: ConnectionOptions): Promise<Connection> {
		const client = new pg.Client({
			...target,
			application_name: options.name,
			connectionTimeoutMillis: options.connectMs,
			keepAlive: true,
			keepAliveInitialDelayMillis: 2_000,
			pipeline: options.pipeline,
			types: TYPES,
		} as pg.ClientConfig);
		const connection = new Connection(client, options.answerMs);
		await client.connect();
		return connection;
	}

	get isOpen(): boolean {
		return this.closed === undefined;
	}

	/** Rejects with the server's error, or with one without SQLSTATE; after that of a time-out the connection is destroyed. */
	async ask<Row extends object>(statement: Statement, values: readonly Value[] = [], ms = this.answerMs): Promise<Answer<Row>> {
		if (this.closed !== undefined) throw new Error(this.closed);
		this.gather();
		try {
			const config = { ...statement, values: [...values], query_timeout: ms } as pg.QueryConfig;
			const { rows, rowCount, command } = await this.client.query<Row>(config);
			return { rows, count: rowCount ?? 0, command };
		} catch (cause) {
			// A time-out of the client leaves the answer on its way.
			if (!(cause instanceof pg.DatabaseError)) this.destroy();
			throw cause;
		}
	}

	/** What is asked in one go leaves as one write. */
	private gather(): void {
		if (this.isGathering) return;
		this.isGathering = true;
		const { stream } = this;
		stream.cork();
		void Promise.resolve().then(() => {
			this.isGathering = false;
			stream.uncork();
		});
	}

	/** Several statements without values, in one go. */
	async run(sql: string, ms = this.answerMs): Promise<string> {
		const answer: unknown = await this.ask({ text: sql }, [], ms);
		return (answer as Answer<object>).command;
	}

	/** The newest warning since the last look. */
	takeWarning(): string | undefined {
		const { warning } = this;
		this.warning = undefined;
		return warning;
	}

	private get stream(): Socket {
		// pg's types do not tell of it.
		return (this.client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;
	}

	/** Closes the socket at once. */
	destroy(): void {
		this.closed ??= "the connection was closed";
		this.stream.destroy();
	}

	/** Says good-bye. */
	async close(): Promise<void> {
		if (this.closed !== undefined) return;
		this.closed = "the connection was closed";
		await this.client.end().catch(() => {});
	}
}
