// Does the process that made a file still run? Numbers of processes are given anew, after a reboot from the beginning: where the system tells
// when a process was started (Linux), that is part of what names it.
import { readFileSync } from "node:fs";

/** Names this process in the names of files: its number, and its start where that is known. Letters, digits and `-` only. */
export function processName(pid = process.pid): string {
	const start = startOf(pid);
	return start === undefined ? `${pid}` : `${pid}-${start}`;
}

/** Does the process of this name run? */
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
		// It is there, but somebody else's.
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/** The boot and the clock tick in which the process was started. */
function startOf(pid: number): string | undefined {
	try {
		const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		// The second field is the command's name in brackets, which may hold anything; the start is the 22nd (proc_pid_stat(5)).
		const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
		return ticks === undefined ? undefined : `${boot}${ticks}`;
	} catch {
		return undefined;
	}
}
