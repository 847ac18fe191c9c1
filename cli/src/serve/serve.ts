// `verbatim serve`: reads the configuration, starts the server, prints its addresses, and runs until it is told to stop.
import {
	createLog,
	type ProcessLog,
	type RunningServer,
	startServer,
	systemClock,
	systemRandom,
	untilStopped,
} from "@verbatim/server";
import { type Arguments, mustHaveOptionsOnly } from "../args.ts";
import type { CliCommand } from "../command.ts";
import { CommandError, EXIT, type ExitCode } from "../exit.ts";
import { openError } from "../open-error.ts";
import { configFrom, SETTING_OPTIONS, SETTINGS_NOTE } from "../settings.ts";
import { VERSION } from "../version.ts";
import { banner } from "./banner.ts";
import { deferSignals } from "./early-signals.ts";
import { noPage, openPage } from "./page.ts";

export const serve: CliCommand = {
	name: "serve",
	summary: "Runs the server until it is told to stop (Ctrl+C, SIGTERM).",
	usage: "verbatim serve [SETTINGS]",
	about: [
		SETTINGS_NOTE,
		"What is listening where goes to the standard output, the log to the standard error output.",
		"On SIGTERM or Ctrl+C it takes no one new, tells its clients, finishes what it has begun and ends; a second signal ends it at once.",
	].join("\n"),
	options: [
		...SETTING_OPTIONS,
		{ name: "quiet", short: "q", about: "Do not say where it listens." },
		{
			name: "stop-with-parent",
			takes: "PID",
			about: "Stop when this parent process has ended. `npm start` uses it, because npm does not pass signals on.",
		},
	],
	examples: [
		"verbatim serve",
		"verbatim serve --data /var/lib/verbatim --http :80 --tcp off",
		"verbatim serve --config /etc/verbatim.toml --log.level debug",
	],
	async run(args) {
		mustHaveOptionsOnly(args, "serve");
		const parent = parentOf(args);
		const { config, origins } = await configFrom(args);
		const log = createLog({ ...config.log, now: systemClock.now, fd: process.stderr.fd });
		const page = config.page ? openPage() : undefined;
		const releaseSignals = deferSignals(process);
		let server: RunningServer;
		try {
			server = await startServer(config, { page: page?.assets ?? noPage, log, version: VERSION });
		} catch (error) {
			await log.close();
			throw openError(error);
		}
		// In Bun, performance.now() counts from the start of the process.
		const startMs = Math.round(performance.now());
		if (args.options.get("quiet") !== "true") {
			process.stdout.write(banner({ server, config, version: VERSION, byNpm: process.env.npm_lifecycle_event !== undefined }));
		}
		const changed = Object.fromEntries([...origins].filter(([, origin]) => origin !== "default"));
		log.info({ version: VERSION, startMs, data: config.data, store: config.store, settings: changed }, "listening");
		const ending = untilStopped({
			server,
			events: process,
			clock: systemClock,
			random: systemRandom,
			log,
			drainMs: config.timing.drainMs,
			stopping: () => process.stderr.isTTY && process.stderr.write("\nStopping; once more to stop at once.\n"),
			...(parent !== undefined && { hasParent: () => process.ppid === parent }),
		});
		releaseSignals();
		void finishStarting(log, page);
		return leave(EXITS[await ending], log);
	},
};

const EXITS = { stopped: EXIT.ok, cutShort: EXIT.cutShort, fault: EXIT.bug } as const;

/** Time-out of closing the log: its reader may be stalled. */
const LOG_CLOSE_MS = 1_000;

/** Start-up work that is deferred until the server listens. */
async function finishStarting(log: ProcessLog, page: ReturnType<typeof openPage> | undefined): Promise<void> {
	await log.open();
	try {
		await page?.prepare();
	} catch (err) {
		log.error({ err }, "the web page could not be made; everything else works");
	}
}

/** Exits the process explicitly: a hanging worker or socket must not keep a stopped server running. */
async function leave(code: ExitCode, log: ProcessLog): Promise<ExitCode> {
	log.info({ code }, "stopped");
	await Promise.race([log.close(), new Promise<void>((done) => void systemClock.after(LOG_CLOSE_MS, done))]);
	process.exit(code);
}

/** Pid of the process with which the server ends. Throws `CommandError` (usage). */
function parentOf({ options }: Arguments): number | undefined {
	const given = options.get("stop-with-parent");
	if (given === undefined) return undefined;
	const pid = Number(given);
	if (!Number.isSafeInteger(pid) || pid < 1)
		throw new CommandError(EXIT.usage, `--stop-with-parent ${given}: it takes a process id`);
	return pid;
}
