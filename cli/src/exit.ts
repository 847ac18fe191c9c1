// What the program's exit code says; after sysexits.h, so that scripts and service managers can tell a mistake that will stay
// from a trouble that may pass. docs/operations.md has the same table.

export const EXIT = {
	ok: 0,
	/** Told to stop and not done in time, or told twice. For `doctor`: it found trouble. */
	cutShort: 1,
	/** The command line is wrong. */
	usage: 64,
	/** The data is damaged, or of a newer version. */
	data: 65,
	/** There is no database in the data folder, or no such backup. */
	missing: 66,
	/** The server cannot be reached. */
	unreachable: 69,
	/** A bug of Verbatim; it was logged. */
	bug: 70,
	/** An address cannot be listened on. */
	address: 71,
	/** The data folder cannot be written. */
	unwritable: 73,
	/** The disk failed. */
	io: 74,
	/** It may succeed later: the folder is in use by another server, the server has no room, no answer came in time. */
	later: 75,
	/** The server refused. */
	refused: 76,
	/** Who you say you are was refused, or you may not do that. */
	denied: 77,
	/** The configuration is wrong. */
	config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a message for its user; anything else that is thrown is a bug. */
export class CommandError extends Error {
	readonly exitCode: ExitCode;

	constructor(exitCode: ExitCode, message: string, cause?: unknown) {
		super(message, { cause });
		this.name = "CommandError";
		this.exitCode = exitCode;
	}
}
