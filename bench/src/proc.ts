// Resource usage of one process, from /proc: the load generator's cost is not included.
import { readFileSync } from "node:fs";

/** Clock ticks per second of /proc's times: USER_HZ, 100 on every Linux of today. */
const TICKS_PER_SECOND = 100;

export interface Usage {
	/** User and system time together, of all threads, in seconds; steps of 10 ms. */
	readonly cpuSeconds: number;
	/** The part of it that was spent in the kernel. */
	readonly kernelSeconds: number;
	/** The part of it that the main thread has used: the event loop's. */
	readonly mainThreadSeconds: number;
	/** Resident memory in bytes. */
	readonly rssBytes: number;
}

/** Processor time of the whole machine, in seconds: used to find the share of other processes. */
export function machineSeconds(): number {
	const [, user, nice, system, , , irq, softirq] =
		readFileSync("/proc/stat", "utf8").split("\n", 1)[0]?.split(/\s+/).map(Number) ?? [];
	return [user, nice, system, irq, softirq].reduce((sum: number, ticks = 0) => sum + ticks, 0) / TICKS_PER_SECOND;
}

export function usageOf(pid: number): Usage {
	const [user, kernel] = timesOf(`/proc/${pid}/stat`);
	const [mainUser, mainKernel] = timesOf(`/proc/${pid}/task/${pid}/stat`);
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	const rssKiB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
	return {
		cpuSeconds: user + kernel,
		kernelSeconds: kernel,
		mainThreadSeconds: mainUser + mainKernel,
		rssBytes: rssKiB * 1024,
	};
}

/** User and system time of a `stat` file, in seconds. */
function timesOf(path: string): [number, number] {
	const stat = readFileSync(path, "utf8");
	// The second field is the command's name in brackets, which may hold anything; the third begins after the last one.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return [Number(fields[11]) / TICKS_PER_SECOND, Number(fields[12]) / TICKS_PER_SECOND];
}
