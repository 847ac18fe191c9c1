// The wall clock of a process, moved while it runs: by libfaketime, which stands between the process and the kernel's clock and reads
// from a file how far it is to be off. CLOCK_MONOTONIC is left alone, as it is when somebody sets a real machine's clock. What goes
// past the C library sees the true time: file times, for instance.
import { existsSync, renameSync, writeFileSync } from "node:fs";

const LIBRARY = [
	"/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
	"/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
	"/usr/lib64/faketime/libfaketimeMT.so.1",
	"/usr/lib/faketime/libfaketimeMT.so.1",
].find((path) => existsSync(path));

/** Can wall clocks be moved on this machine? */
export const CLOCKS_CAN_MOVE = LIBRARY !== undefined;
export const CLOCKS_MISSING = "needs libfaketime: Linux, package libfaketime";

export class FakeClock {
	readonly path: string;

	/** Ruled by the file `path`, right at first. Throws where `CLOCKS_CAN_MOVE` is false. */
	constructor(path: string) {
		if (LIBRARY === undefined) throw new Error(CLOCKS_MISSING);
		this.path = path;
		this.set(0);
	}

	/** Off by this much from now on; a process notices within a second. */
	set(ms: number): void {
		const seconds = Math.round(ms / 1_000);
		// Put in place at once: half a file would be another time.
		writeFileSync(`${this.path}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
		renameSync(`${this.path}.new`, this.path);
	}
}

/** The environment of a process whose wall clock this is. */
export function shiftedBy({ path }: FakeClock): Readonly<Record<string, string>> {
	return {
		LD_PRELOAD: LIBRARY ?? "",
		FAKETIME_TIMESTAMP_FILE: path,
		FAKETIME_CACHE_DURATION: "1",
		FAKETIME_DONT_FAKE_MONOTONIC: "1",
		DONT_FAKE_MONOTONIC: "1",
		// The order of the processes is nobody's business, and a killed one would leave it in shared memory.
		FAKETIME_DISABLE_SHM: "1",
	};
}
