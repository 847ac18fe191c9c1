// The log of a worker thread: its lines are prepared there, and written by the one log of the process, each whole.
import type { Log, LogFields } from "../../base/log.ts";
import type { Port } from "../../thread/port.ts";
import { harmless, prepareFields } from "./fields.ts";
import { LEVELS, type LineLog, type LogLevel, type LogLine } from "./log.ts";

const TOPIC = "log";
/** While so much waits for the other thread, lines are dropped. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;

/** Writes the lines of the worker at the other end of `port`, with `fields` on each. */
export function serveLog(port: Port, log: LineLog, fields: LogFields): void {
	port.on(TOPIC, (value) => {
		const line = value as LogLine;
		log.write({ ...line, fields: { ...line.fields, ...fields } });
	});
}

export function openRemoteLog(port: Port, { level: least, now }: { readonly level: LogLevel; readonly now: () => number }): Log {
	const lowest = LEVELS[least];
	const line = (level: LogLine["level"]) => (fields: LogFields, msg: string) => {
		if (LEVELS[level] < lowest || port.heldBytes > HELD_BYTES_MAX) return;
		port.send(TOPIC, JSON.stringify({ level, fields: prepareFields(now(), fields), msg: harmless(msg) } satisfies LogLine));
	};
	return {
		verbose: lowest <= LEVELS.debug,
		debug: line("debug"),
		info: line("info"),
		warn: line("warn"),
		error: line("error"),
	};
}
