// Writes log lines with pino. Loaded after the server listens. Pino's own transports run in worker threads started from files,
// which a single executable does not have; here pino-pretty is a function in the same thread, before the same sink.
import { isatty } from "node:tty";
import { type DestinationStream, destination, pino } from "pino";
import type { LogLine, LogOptions, LogWriter } from "./log.ts";

/** Bytes buffered while the log's output blocks; beyond, lines are dropped and the server goes on. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

export async function openLogWriter({ level, format, fd }: Omit<LogOptions, "now">): Promise<LogWriter> {
	const sink = destination({ dest: fd, sync: false, maxLength: WAITING_BYTES_MAX });
	// Sonic-boom's own `flush` does not wait for a write in progress; its events do.
	let busy = false;
	sink.on("drain", () => {
		busy = false;
	});
	// The log's output is closed: no reason to stop the server.
	sink.on("error", () => {
		busy = false;
	});
	const pretty = format === "pretty" || (format === "auto" && isatty(fd));
	const stream = pretty ? await prettyInto(sink, isatty(fd)) : sink;
	const logger = pino(
		{
			level,
			base: null,
			// A line has its own time: it may have waited.
			timestamp: false,
			formatters: { level: (label) => ({ level: label }) },
			// Errors have been prepared already.
			serializers: { err: (prepared: unknown) => prepared },
		},
		stream,
	);
	return {
		write({ level: at, fields, msg }: LogLine) {
			busy = true;
			logger[at](fields, msg);
		},
		async close() {
			if (!busy) return;
			await new Promise<void>((done) => sink.once("drain", done).once("error", () => done()));
		},
	};
}

async function prettyInto(sink: DestinationStream, colorize: boolean): Promise<DestinationStream> {
	const { default: pinoPretty } = await import("pino-pretty");
	const pretty = pinoPretty.prettyFactory({ colorize, singleLine: true, translateTime: "SYS:HH:MM:ss.l" });
	return { write: (line) => sink.write(pretty(line)) };
}
