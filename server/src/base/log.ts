// The log as all parts of the server take it; `ops/log/` writes it.

/** What belongs to a line besides its words. `err` may be anything that was thrown. */
export interface LogFields {
	/** The id under which one command can be followed from client to disk. */
	readonly trace?: string | undefined;
	readonly session?: string | undefined;
	readonly user?: string | undefined;
	readonly room?: string | undefined;
	readonly err?: unknown;
	readonly [field: string]: unknown;
}

export interface Log {
	/** Are lines of `debug` written? Whoever would make very many of them looks first. */
	readonly verbose?: boolean;
	debug(fields: LogFields, msg: string): void;
	info(fields: LogFields, msg: string): void;
	warn(fields: LogFields, msg: string): void;
	error(fields: LogFields, msg: string): void;
}

/** A log that writes nothing: for tests and for parts that run alone. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {}
