// Exit codes, after sysexits.h: scripts and service managers can tell permanent errors from temporary ones. docs/operations.md has the
// same table.

export const EXIT = {
	ok: 0,
	/** Stopped before the drain was complete: time-out or second signal. For `doctor`: it found problems. */
	cutShort: 1,
	/** The command line is wrong. */
	usage: 64,
	/** The data is corrupt, or of a newer version. */
	data: 65,
	/** No database in the data folder, or no such backup. */
	missing: 66,
	/** The server cannot be reached. */
	unreachable: 69,
	/** A bug of Verbatim; it was logged. */
	bug: 70,
	/** An address cannot be listened on. */
	address: 71,
	/** The data folder cannot be written. */
	unwritable: 73,
	/** The disk failed, or the output could not be written. */
	io: 74,
	/** A retry may succeed: the folder is in use by another server, the server is overloaded, or a time-out. */
	later: 75,
	/** The server refused. */
	refused: 76,
	/** Authentication failed, or permission was denied. */
	denied: 77,
	/** The configuration is wrong. */
	config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a message and an exit code. Any other exception is a bug. */
export class CommandError extends Error {
	readonly exitCode: ExitCode;

	constructor(exitCode: ExitCode, message: string, cause?: unknown) {
		super(message, { cause });
		this.name = "CommandError";
		this.exitCode = exitCode;
	}
}
