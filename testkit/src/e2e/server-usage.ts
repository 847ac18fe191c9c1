// Memory of a server from /proc, and its metrics from the operations port.
import { readFileSync, writeFileSync } from "node:fs";
import type { ServerProcess } from "../process/server-process.ts";

const KIB = 1024;

/** The value of a metric, summed over its labels or of the one `label`; 0 if there is none. */
export async function metric(server: ServerProcess, name: string, label?: string): Promise<number> {
	const text = await (await fetch(`${server.ops}/metrics`)).text();
	let sum = 0;
	for (const line of text.split("\n")) {
		if (line !== name && !line.startsWith(`${name} `) && !line.startsWith(`${name}{`)) continue;
		if (label === undefined || line.includes(`="${label}"`)) sum += Number(line.slice(line.lastIndexOf(" ")));
	}
	return sum;
}

/** Whether /proc is available. */
export const MEMORY_KNOWN = process.platform === "linux";

/** Resident memory of a process now, in bytes. */
export function residentBytes(pid: number): number {
	return statusBytes(pid, "VmRSS");
}

/** The most resident memory that a process has had since `forgetPeak`, in bytes. */
export function peakBytes(pid: number): number {
	return statusBytes(pid, "VmHWM");
}

/** Resets the peak. */
export function resetPeak(pid: number): void {
	writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function statusBytes(pid: number, field: string): number {
	const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
	if (line === null) throw new Error(`/proc/${pid}/status has no ${field}`);
	return Number(line[1]) * KIB;
}
