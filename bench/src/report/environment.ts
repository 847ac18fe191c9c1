// The machine of a run.
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

export interface Environment {
	/** ISO 8601, UTC. */
	readonly date: string;
	/** Of the working tree, with `+` where it is changed; "unknown" outside a repository. */
	readonly commit: string;
	readonly cpu: string;
	readonly cores: number;
	readonly memoryGiB: number;
	readonly kernel: string;
	readonly runtime: string;
	/** The file system that temporary data folders lie on, as /proc/mounts has it. */
	readonly disk: string;
}

export function environment(dataDir: string): Environment {
	return {
		date: new Date().toISOString(),
		commit: commit(),
		cpu: cpus()[0]?.model ?? "unknown",
		cores: cpus().length,
		memoryGiB: Math.round(totalmem() / 2 ** 30),
		kernel: `Linux ${release()}`,
		runtime: `Bun ${Bun.version}`,
		disk: diskOf(dataDir),
	};
}

function commit(): string {
	const git = (...words: string[]): string => {
		const { success, stdout } = Bun.spawnSync(["git", ...words], { cwd: import.meta.dir, stderr: "ignore" });
		return success ? stdout.toString().trim() : "";
	};
	if (Bun.which("git") === null) return "unknown";
	const name = git("rev-parse", "--short=12", "HEAD");
	return name === "" ? "unknown" : `${name}${git("status", "--porcelain") === "" ? "" : "+"}`;
}

/** The mount that is the longest beginning of the path. */
function diskOf(path: string): string {
	const mounts = readFileSync("/proc/mounts", "utf8")
		.split("\n")
		.map((line) => line.split(" "))
		.filter(([, at]) => at !== undefined && `${path}/`.startsWith(at === "/" ? at : `${at}/`))
		.sort(([, a = ""], [, b = ""]) => b.length - a.length);
	const [, at = "?", type = "?"] = mounts[0] ?? [];
	return `${type} at ${at}`;
}
