// The server process of a chaos run, with a controllable disk limit and wall clock.
//
// A full disk is the kernel's limit on file size (RLIMIT_FSIZE): it can be set and lifted from outside on a running process, and makes
// the write itself fail, of the write-ahead log, the database and everything else. `PRAGMA max_page_count` would have to be set on the
// server's own connection, and stops SQLite before it writes.
import { join } from "node:path";
import { ROOMY } from "../e2e/flags.ts";
import { ServerProcess } from "../process/server-process.ts";
import { TIMING_FLAGS } from "./chaos-timing.ts";
import { clockEnvironment, type FakeClock } from "./wall-clock.ts";

const MAIN = join(import.meta.dir, "../../../cli/src/main.ts");
const PRLIMIT = Bun.which("prlimit");

export const DISK_LIMIT_AVAILABLE = PRLIMIT !== null;
export const DISK_LIMIT_REQUIREMENT = "needs prlimit: Linux, package util-linux";

export class ChaosServer {
	readonly process: ServerProcess;
	/** Failures that no injected fault explains. */
	readonly troubles: string[] = [];

	private constructor(process: ServerProcess) {
		this.process = process;
	}

	/** `clock`: undefined where wall clocks cannot be moved. */
	static async prepare(clock: FakeClock | undefined, workers: number): Promise<ChaosServer> {
		const shifted = clock === undefined ? [] : Object.entries(clockEnvironment(clock)).map(([name, value]) => `${name}=${value}`);
		// SIGXFSZ would end the process; a full disk sends no signal.
		const command = ["env", ...shifted, "sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", process.execPath, MAIN, "serve"];
		return new ChaosServer(await ServerProcess.prepare({ flags: [...ROOMY, ...TIMING_FLAGS, `--workers=${workers}`], command }));
	}

	fill(full: boolean): void {
		const run = Bun.spawnSync([PRLIMIT ?? "prlimit", `--pid=${this.process.pid}`, `--fsize=${full ? "0" : "unlimited"}:`]);
		if (run.exitCode !== 0) throw new Error(`the disk cannot be filled: ${run.stderr.toString()}`);
	}

	stop(stopped: boolean): void {
		process.kill(this.process.pid, stopped ? "SIGSTOP" : "SIGCONT");
	}

	async kill(): Promise<void> {
		await this.process.stop("SIGKILL");
	}

	/** Log lines of level error and fatal, without those that a full disk causes. */
	errorLogLines(): string[] {
		const lines = this.process.printed.split("\n").filter((line) => /"level":"(error|fatal)"/.test(line));
		return lines.filter((line) => !line.includes("the store could not write a batch; its sends were refused as unavailable"));
	}

	/** SIGTERM, then a new process. */
	async restart(): Promise<void> {
		const ended = await this.process.stop("SIGTERM");
		if (ended !== 0) this.troubles.push(`the server was told to stop and ended with ${ended}`);
		await this.process.start();
	}
}
