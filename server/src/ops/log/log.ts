// The server's log (`base/log.ts`). Lines are JSON (or coloured text on a terminal) with the fields time, level, msg, and where
// they apply trace, session, user, room.
//
// Each line is made safe by fields.ts before it is written, in either format. Pino, which writes them, takes tens of milliseconds
// to load; the first lines wait for it in memory, so that the server listens first.
import type { Log, LogFields } from "../../base/log.ts";
import { harmless, prepareFields } from "./fields.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** json: one object a line. pretty: text for humans. auto: pretty on a terminal. */
export type LogFormat = "auto" | "json" | "pretty";

/** A log that also takes the lines of other threads. */
export interface LineLog extends Log {
	/** Writes a line as it was prepared. */
	write(line: LogLine): void;
}

/** The log of a process: opened once, when the server starts. */
export interface ProcessLog extends LineLog {
	/** Loads the writer and writes what has waited. Called when the server listens, or earlier by `close`. */
	open(): Promise<void>;
	/** Resolves when everything is written. Later lines are written at once or lost. */
	close(): Promise<void>;
}

export interface LogOptions {
	readonly level: LogLevel;
	readonly format: LogFormat;
	/** Wall clock, milliseconds since the Unix epoch. */
	readonly now: () => number;
	/** The file descriptor to write to. */
	readonly fd: number;
}

/** Lines kept in memory until the writer is loaded; beyond, the oldest are dropped. */
const WAITING_MAX = 1_000;

/** The lines of one level, as pino and others number them. */
export const LEVELS = { debug: 20, info: 30, warn: 40, error: 50, silent: 100 } as const satisfies Record<LogLevel, number>;

/** One line, ready to be written. */
export interface LogLine {
	readonly level: Exclude<LogLevel, "silent">;
	/** Prepared fields, the time among them. */
	readonly fields: Record<string, unknown>;
	readonly msg: string;
}

/** Writes lines; made by log-writer.ts. */
export interface LogWriter {
	write(line: LogLine): void;
	close(): Promise<void>;
}

export function createLog(options: LogOptions): ProcessLog {
	const lowest = LEVELS[options.level];
	const waiting: LogLine[] = [];
	let writer: LogWriter | undefined;
	let opening: Promise<void> | undefined;

	const write = (prepared: LogLine): void => {
		if (writer) return writer.write(prepared);
		if (waiting.length >= WAITING_MAX) waiting.shift();
		waiting.push(prepared);
	};
	const line = (level: LogLine["level"]) => (fields: LogFields, msg: string) => {
		if (LEVELS[level] >= lowest) write({ level, fields: prepareFields(options.now(), fields), msg: harmless(msg) });
	};

	const load = async (): Promise<void> => {
		const { openLogWriter } = await import("./writer.ts");
		writer = await openLogWriter(options);
		for (const each of waiting.splice(0)) writer.write(each);
	};

	const open = (): Promise<void> => {
		opening ??= load();
		return opening;
	};

	return {
		verbose: lowest <= LEVELS.debug,
		debug: line("debug"),
		info: line("info"),
		warn: line("warn"),
		error: line("error"),
		write,
		open,
		async close() {
			// Nothing to write: the writer need not be loaded.
			if (!opening && waiting.length === 0) return;
			await open();
			await writer?.close();
		},
	};
}
