// Terminal modes: set on entering, restored on leaving, also on signals and exit; and input decoded to keys. Uses the alternate screen.
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
	/** The output has drained. */
	drained(): void;
	/** The screen was left and entered again: its content is unknown. */
	stale(): void;
	/** The terminal was closed, or a signal ends the program. */
	closed(): void;
}

export interface Terminal {
	/** Stops the process group as Ctrl+Z does, until it is continued. */
	suspend(): void;
	/** Restores the terminal. Idempotent. */
	leave(): void;
}

/** An ESC without further input within this time is the Escape key. */
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
	const onClosed = (): void => listener.closed();
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
	const restore = (): void => {
		if (!inside) return;
		inside = false;
		stdout.write(LEAVE);
		stdin.setRawMode?.(false);
	};

	stdin.on("data", onData);
	for (const event of ["end", "close", "error"]) stdin.on(event, onClosed);
	stdout.on("resize", onResize);
	stdout.on("drain", onDrain);
	stdout.on("error", onClosed);
	for (const signal of SIGNALS) process.on(signal, onClosed);
	process.on("SIGCONT", onContinue);
	// Last resort, for any end of the process.
	process.on("exit", restore);
	enter();

	return {
		suspend() {
			restore();
			// The whole process group, as the terminal does it: the shell must notice.
			process.kill(0, "SIGTSTP");
			// An orphaned process group is not stopped by the system: continues as if it had been.
			clock.after(CONTINUE_MS, onContinue);
		},
		leave() {
			left = true;
			cancelFlush();
			stdin.off("data", onData);
			for (const event of ["end", "close", "error"]) stdin.off(event, onClosed);
			stdout.off("resize", onResize);
			stdout.off("drain", onDrain);
			for (const signal of SIGNALS) process.off(signal, onClosed);
			process.off("SIGCONT", onContinue);
			process.off("exit", restore);
			restore();
			stdin.pause();
		},
	};
}

export function sizeOf(stdout: TerminalOutput): { columns: number; rows: number } {
	return { columns: stdout.columns || SIZE_DEFAULT.columns, rows: stdout.rows || SIZE_DEFAULT.rows };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

// Alternate screen on; autowrap off; bracketed paste on; the mouse wheel sends no arrow keys.
const ENTER = "\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?1007l";
const LEAVE = "\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l";
