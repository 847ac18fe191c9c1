// Process metrics of the operating system, by the names of Prometheus' own clients, so that ready-made dashboards understand
// them. Read at the scrape; where the system has no value, the family has no sample.
import { readFileSync, statSync } from "node:fs";
import type { Family, Sample } from "../../base/metrics.ts";

export interface BuildFacts {
	/** Version of Verbatim. */
	readonly version: string;
	/** Version of the runtime. */
	readonly bun: string;
	/** Wall clock at the start, ms. */
	readonly startedMs: number;
}

export function processFamilies({ version, bun, startedMs }: BuildFacts): readonly Family[] {
	const build: Family = {
		name: "verbatim_build_info",
		help: `Always 1; the label says the version. Runs on Bun ${bun}.`,
		kind: "gauge",
		label: "version",
		samples: () => [{ label: version, value: 1 }],
	};
	return [
		build,
		family("process_start_time_seconds", "gauge", "Start of the process, seconds since the Unix epoch.", () => startedMs / 1_000),
		family("process_cpu_seconds_total", "counter", "Processor time used, all threads.", () => {
			const { user, system } = process.cpuUsage();
			return (user + system) / 1_000_000;
		}),
		family("process_resident_memory_bytes", "gauge", "Memory in use.", () => process.memoryUsage.rss()),
		family("process_open_fds", "gauge", "Open files and connections.", openFiles),
		family("process_max_fds", "gauge", "The most of them that the system allows.", openFilesMax),
	];
}

/** The soft limit of open files of this process; undefined where it is unknown. */
export function openFilesMax(): number | undefined {
	const limits = maybeRead("/proc/self/limits");
	const found = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? "")?.[1];
	if (found === undefined) return undefined;
	return found === "unlimited" ? Number.POSITIVE_INFINITY : Number(found);
}

/** Since Linux 6.2 the directory's size is the number of open files; listing a hundred thousand would take too long. */
function openFiles(): number | undefined {
	try {
		return statSync("/proc/self/fd").size || undefined;
	} catch {
		return undefined;
	}
}

function family(name: string, kind: "counter" | "gauge", help: string, read: () => number | undefined): Family {
	return {
		name,
		help,
		kind,
		samples(): readonly Sample[] {
			const value = read();
			return value === undefined ? [] : [{ value }];
		},
	};
}

function maybeRead(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return undefined;
	}
}
