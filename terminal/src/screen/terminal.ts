// The terminal for the time of a chat: its modes set on entering and put back on leaving, however one leaves; its bytes as
// keys. The alternate screen keeps what was there before.
import { StringDecoder } from "node:string_decoder";
import type { Clock } from "@verbatim/client";
import { createKeyDecoder, type Key } from "../input/keys.ts";

export interface TerminalInput extends NodeJS.EventEmitter {
	readonly isTTY?: boolean;
	setRawMode?(raw: boolean): unknown;
	resume(): unknown;
	pause(): unknown;
}

export interface TerminalOutput extends NodeJS.EventEmitter {
	readonly isTTY?: boolean;
	readonly columns?: number;
	readonly rows?: number;
	write(text: string): boolean;
}

export interface TerminalListener {
	key(key: Key): void;
	resized(columns: number, rows: number): void;
	/** The output takes more again. */
	drained(): void;
	/** The screen shows something else: it was left and entered again. */
	stale(): void;
	/** The terminal is gone, or a signal asks to leave. */
	gone(): void;
}

export interface Terminal {
	/** Stops this program as Ctrl+Z does, until it is continued. */
	suspend(): void;
	/** Puts everything back. Calling it twice does nothing. */
	leave(): void;
}

/** An ESC that nothing follows within this time is the Escape key. */
const ESCAPE_MS = 50;
const CONTINUE_MS = 100;
const SIZE_DEFAULT = { columns: 80, rows: 24 };

export function enterTerminal(stdin: TerminalInput, stdout: TerminalOutput, clock: Clock, listener: TerminalListener): Terminal {
	const utf8 = new StringDecoder("utf8");
	const keys = createKeyDecoder();
	let cancelFlush = (): void => undefined;
	let inside = false;
	let left = false;

	const onData = (chunk: Buffer | string): void => {
		cancelFlush();
		for (const key of keys.push(typeof chunk === "string" ? chunk : utf8.write(chunk))) listener.key(key);
		if (keys.waiting) {
			cancelFlush = clock.after(ESCAPE_MS, () => {
				for (const key of keys.flush()) listener.key(key);
			});
		}
	};
	const onResize = (): void => {
		const { columns, rows } = sizeOf(stdout);
		listener.resized(columns, rows);
	};
	const onDrain = (): void => listener.drained();
	const onGone = (): void => listener.gone();
	const onContinue = (): void => {
		if (inside || left) return;
		enter();
		onResize();
		listener.stale();
	};

	const enter = (): void => {
		if (inside) return;
		inside = true;
		stdin.setRawMode?.(true);
		stdin.resume();
		stdout.write(ENTER);
	};
	const putBack = (): void => {
		if (!inside) return;
		inside = false;
		stdout.write(LEAVE);
		stdin.setRawMode?.(false);
	};

	stdin.on("data", onData);
	for (const event of ["end", "close", "error"]) stdin.on(event, onGone);
	stdout.on("resize", onResize);
	stdout.on("drain", onDrain);
	stdout.on("error", onGone);
	for (const signal of SIGNALS) process.on(signal, onGone);
	process.on("SIGCONT", onContinue);
	// The last resort, whatever ends the process.
	process.on("exit", putBack);
	enter();

	return {
		suspend() {
			putBack();
			// The whole job, as the terminal itself would do it, or the shell would not notice.
			process.kill(0, "SIGTSTP");
			// Where nobody could continue it, the system does not stop it; then this goes on as if it had been continued.
			clock.after(CONTINUE_MS, onContinue);
		},
		leave() {
			left = true;
			cancelFlush();
			stdin.off("data", onData);
			for (const event of ["end", "close", "error"]) stdin.off(event, onGone);
			stdout.off("resize", onResize);
			stdout.off("drain", onDrain);
			for (const signal of SIGNALS) process.off(signal, onGone);
			process.off("SIGCONT", onContinue);
			process.off("exit", putBack);
			putBack();
			stdin.pause();
		},
	};
}

export function sizeOf(stdout: TerminalOutput): { columns: number; rows: number } {
	return { columns: stdout.columns || SIZE_DEFAULT.columns, rows: stdout.rows || SIZE_DEFAULT.rows };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

// Alternate screen on; a row that is too long does not run into the next; pastes are marked; the wheel sends no arrow keys.
const ENTER = "\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?1007l";
const LEAVE = "\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l";
