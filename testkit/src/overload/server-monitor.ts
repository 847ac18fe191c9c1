// Monitors a server under load: memory and processor time from /proc, overload level and buffers from its metrics.
import { readFileSync } from "node:fs";
import type { ServerProcess } from "../process/server-process.ts";

const EVERY_MS = 100;
/** Timeout of a request for metrics. */
const ANSWER_MS = 2_000;
/** USER_HZ of Linux, on every machine that it runs on. */
const TICKS_PER_SECOND = 100;

export class ServerMonitor {
	/** Maxima so far. */
	rssBytes = 0;
	level = 0;
	outboxBytes = 0;
	/** Since when the outboxes hold the same number of bytes: while messages are sent, since all readers have stalled. */
	outboxSteadySinceMs = performance.now();
	private outboxBytesNow = 0;
	private readonly server: ServerProcess;
	private readonly timer: ReturnType<typeof setInterval>;
	private looking = false;

	constructor(server: ServerProcess) {
		this.server = server;
		this.timer = setInterval(() => void this.look(), EVERY_MS);
	}

	stop(): void {
		clearInterval(this.timer);
	}

	/** The current overload level; undefined if the server does not answer. */
	async levelNow(): Promise<number | undefined> {
		const metrics = await this.metrics();
		return metrics === undefined ? undefined : metricOf(metrics, "verbatim_overload_level");
	}

	/** Open connections, over all listeners. */
	async connections(): Promise<number> {
		const metrics = (await this.metrics()) ?? "";
		return [...metrics.matchAll(/^verbatim_connections\{.*\} (\d+)$/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
	}

	/** Connections that the server has closed with this close code so far. */
	async closedAs(close: string): Promise<number> {
		return metricOf((await this.metrics()) ?? "", `verbatim_connections_closed_total\\{close="${close}"\\}`);
	}

	private async look(): Promise<void> {
		if (this.looking) return;
		this.looking = true;
		const { pid } = this.server;
		this.rssBytes = Math.max(this.rssBytes, rssBytesOf(pid));
		const metrics = await this.metrics();
		if (metrics !== undefined) {
			this.level = Math.max(this.level, metricOf(metrics, "verbatim_overload_level"));
			const outboxBytes = metricOf(metrics, "verbatim_outbox_bytes");
			this.outboxBytes = Math.max(this.outboxBytes, outboxBytes);
			if (outboxBytes !== this.outboxBytesNow || outboxBytes === 0) this.outboxSteadySinceMs = performance.now();
			this.outboxBytesNow = outboxBytes;
		}
		this.looking = false;
	}

	private async metrics(): Promise<string | undefined> {
		try {
			return await (await fetch(`${this.server.ops}/metrics`, { signal: AbortSignal.timeout(ANSWER_MS) })).text();
		} catch {
			return undefined;
		}
	}
}

function metricOf(metrics: string, name: string): number {
	return Number(new RegExp(`^${name} ([0-9.e+]+)$`, "m").exec(metrics)?.[1] ?? 0);
}

/** Processor time of a process so far, all its threads, in user and kernel, in seconds. */
export function cpuSecondsOf(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	// The fields after the name, which may hold anything.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function rssBytesOf(pid: number): number {
	try {
		return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
	} catch {
		return 0;
	}
}
