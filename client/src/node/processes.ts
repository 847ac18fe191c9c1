// Process names for file names, and whether such a process still runs. Pids are reused, so the name includes the start time where the
// system reports it (Linux).
import { readFileSync } from "node:fs";

/** Pid and, where known, start time. Letters, digits and `-` only. */
export function processName(pid = process.pid): string {
	const start = startOf(pid);
	return start === undefined ? `${pid}` : `${pid}-${start}`;
}

/** Whether the process of this name runs. */
export function isAlive(name: string): boolean {
	const [number, start] = name.split("-");
	const pid = Number(number);
	if (!Number.isSafeInteger(pid) || pid <= 0 || !exists(pid)) return false;
	return start === undefined || start === (startOf(pid) ?? start);
}

function exists(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		// EPERM: it runs, under another user.
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/** Boot id and start time in clock ticks. */
function startOf(pid: number): string | undefined {
	try {
		const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		// The second field is the command's name in brackets, with any characters; the start time is the 22nd (proc_pid_stat(5)).
		const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
		return ticks === undefined ? undefined : `${boot}${ticks}`;
	} catch {
		return undefined;
	}
}
