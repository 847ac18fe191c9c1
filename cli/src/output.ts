// The standard output of all commands. A reader that has left (EPIPE) is no failure; any other failed write, as of a full disk, ends the
// command with a line on the standard error output and EXIT.io.
import { CommandError, EXIT, type ExitCode } from "./exit.ts";

const closed = new AbortController();
let failure: NodeJS.ErrnoException | undefined;
/** Writes end in order. */
let lastWrite: Promise<void> = Promise.resolve();

/** Aborted when nothing more can be written: the reader has left, or a write has failed. */
export const outputClosed: AbortSignal = closed.signal;

/** To be called once, before any output. */
export function watchOutput(): void {
	process.stdout.on("error", failed);
}

/** Writes to the standard output. Throws when a write before has failed. */
export function print(text: string): void {
	throwIfFailed();
	lastWrite = new Promise((resolve) => {
		process.stdout.write(text, (error) => {
			if (error) failed(error);
			resolve();
		});
	});
}

export function printLine(line: string): void {
	print(`${line}\n`);
}

/** Resolves with `code` when everything is written. Rejects with `CommandError` if a write has failed. */
export async function finishOutput(code: ExitCode): Promise<ExitCode> {
	await lastWrite;
	throwIfFailed();
	return code;
}

function failed(error: NodeJS.ErrnoException): void {
	if (error.code !== "EPIPE") failure ??= error;
	closed.abort();
}

function throwIfFailed(): void {
	if (failure === undefined) return;
	throw new CommandError(EXIT.io, `verbatim: the output cannot be written: ${failure.message}`, failure);
}
