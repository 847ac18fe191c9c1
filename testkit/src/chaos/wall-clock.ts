// Moves the wall clock of a running process by libfaketime, which intercepts the C library's clock functions and reads the offset from
// a file. CLOCK_MONOTONIC is unchanged, as when an operator sets a machine's clock. What bypasses the C library, file times for
// instance, sees the true time.
import { existsSync, renameSync, writeFileSync } from "node:fs";

const LIBFAKETIME = [
	"/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
	"/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
	"/usr/lib64/faketime/libfaketimeMT.so.1",
	"/usr/lib/faketime/libfaketimeMT.so.1",
].find((path) => existsSync(path));

/** Whether libfaketime is installed. */
export const CLOCK_CONTROL_AVAILABLE = LIBFAKETIME !== undefined;
export const CLOCK_CONTROL_REQUIREMENT = "needs libfaketime: Linux, package libfaketime";

export class FakeClock {
	readonly path: string;

	/** `path`: the file with the offset, 0 at first. Throws where `CLOCK_CONTROL_AVAILABLE` is false. */
	constructor(path: string) {
		if (LIBFAKETIME === undefined) throw new Error(CLOCK_CONTROL_REQUIREMENT);
		this.path = path;
		this.set(0);
	}

	/** Sets the offset; a process sees it within a second. */
	set(ms: number): void {
		const seconds = Math.round(ms / 1_000);
		// Renamed into place: a half-written file would be another offset.
		writeFileSync(`${this.path}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
		renameSync(`${this.path}.new`, this.path);
	}
}

/** Environment variables that give a process this wall clock. */
export function clockEnvironment({ path }: FakeClock): Readonly<Record<string, string>> {
	return {
		LD_PRELOAD: LIBFAKETIME ?? "",
		FAKETIME_TIMESTAMP_FILE: path,
		FAKETIME_CACHE_DURATION: "1",
		FAKETIME_DONT_FAKE_MONOTONIC: "1",
		DONT_FAKE_MONOTONIC: "1",
		// Not needed, and a killed process would leave its segment behind.
		FAKETIME_DISABLE_SHM: "1",
	};
}
