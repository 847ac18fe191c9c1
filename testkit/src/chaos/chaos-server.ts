// The server under chaos: a real process on a real folder, whose disk can be filled and whose wall clock can be moved.
//
// The full disk is the kernel's limit on the size of files (RLIMIT_FSIZE): it can be set on a running process from outside and taken
// back, and what fails is the write itself, of the write-ahead log, the database and everything else. `PRAGMA max_page_count` would
// have to be said on the server's own connection, from inside, and stops SQLite before it has tried to write.
import { join } from "node:path";
import { ROOMY } from "../e2e/flags.ts";
import { ServerProcess } from "../process/server-process.ts";
import { TIMING_FLAGS } from "./timing.ts";
import { type FakeClock, shiftedBy } from "./wall-clock.ts";

const MAIN = join(import.meta.dir, "../../../cli/src/main.ts");
const PRLIMIT = Bun.which("prlimit");

export const DISK_CAN_FILL = PRLIMIT !== null;
export const DISK_MISSING = "needs prlimit: Linux, package util-linux";

export class ChaosServer {
	readonly process: ServerProcess;
	/** What went wrong that no fault explains. */
	readonly troubles: string[] = [];

	private constructor(process: ServerProcess) {
		this.process = process;
	}

	/** `clock`: its wall clock, if that can be moved. */
	static async prepare(clock: FakeClock | undefined): Promise<ChaosServer> {
		const shifted = clock === undefined ? [] : Object.entries(shiftedBy(clock)).map(([name, value]) => `${name}=${value}`);
		// The kernel's signal to a process that writes too much would end it; a full disk sends none.
		const command = ["env", ...shifted, "sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", process.execPath, MAIN, "serve"];
		return new ChaosServer(await ServerProcess.prepare({ flags: [...ROOMY, ...TIMING_FLAGS], command }));
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

	/** Lines of its log that say that something went wrong, except what a full disk explains. */
	complaints(): string[] {
		const lines = this.process.printed.split("\n").filter((line) => /"level":"(error|fatal)"/.test(line));
		return lines.filter((line) => !line.includes("the store could not write a batch; its sends were refused as unavailable"));
	}

	/** As an operator does it. */
	async restart(): Promise<void> {
		const ended = await this.process.stop("SIGTERM");
		if (ended !== 0) this.troubles.push(`the server was told to stop and ended with ${ended}`);
		await this.process.start();
	}
}
