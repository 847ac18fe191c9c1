// The log as a port; `ops/log/` writes it.

/** The fields of a line beside its message. `err` may be anything that was thrown. */
export interface LogFields {
	/** The id that follows one command from client to disk. */
	readonly trace?: string | undefined;
	readonly session?: string | undefined;
	readonly user?: string | undefined;
	readonly room?: string | undefined;
	readonly err?: unknown;
	readonly [field: string]: unknown;
}

export interface Log {
	/** Are `debug` lines written? Checked by callers that would make very many. */
	readonly verbose?: boolean;
	debug(fields: LogFields, msg: string): void;
	info(fields: LogFields, msg: string): void;
	warn(fields: LogFields, msg: string): void;
	error(fields: LogFields, msg: string): void;
}
