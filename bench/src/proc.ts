// What a process has used, read from the kernel's own accounts in /proc: the load generator's cost does not count.
import { readFileSync } from "node:fs";

/** Clock ticks per second of /proc's times: USER_HZ, 100 on every Linux of today. */
const TICKS_PER_SECOND = 100;

export interface Usage {
	/** User and system time together, in seconds; steps of 10 ms. */
	readonly cpuSeconds: number;
	/** Resident memory in bytes. */
	readonly rssBytes: number;
}

export function usageOf(pid: number): Usage {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	// The second field is the command's name in brackets, which may hold anything; the third begins after the last one.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	const rssKiB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
	return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, rssBytes: rssKiB * 1024 };
}
