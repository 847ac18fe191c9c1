// Starts a server that is expected to fail, and returns its output and exit code.
import { join } from "node:path";
import { freePorts } from "./server-process.ts";

const ROOT = join(import.meta.dir, "../../..");
const END_DEADLINE_MS = 20_000;

export interface RefusedStart {
	/** undefined: it did not exit and was killed. */
	readonly exitCode: number | undefined;
	/** Standard and error output. */
	readonly words: string;
}

export interface RefusedStartOptions {
	/** The data folder. */
	readonly data: string;
	/** Flags of `verbatim serve`; listeners that are not named get free ports. */
	readonly flags?: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
	/** Command prefix. */
	readonly under?: readonly string[];
}

/** Starts a server and waits for its end. */
export async function refusedStart({
	data,
	flags = [],
	environment = {},
	under = [],
}: RefusedStartOptions): Promise<RefusedStart> {
	const ports = freePorts(3);
	const listeners = ["http", "tcp", "ops"].flatMap((name, i) =>
		flags.some((flag) => flag.startsWith(`--${name}=`)) || `VERBATIM_${name.toUpperCase()}` in environment
			? []
			: [`--${name}=127.0.0.1:${ports[i]}`],
	);
	const child = Bun.spawn(
		[...under, process.execPath, join(ROOT, "cli/src/main.ts"), "serve", `--data=${data}`, ...listeners, ...flags],
		{ cwd: ROOT, stdin: "ignore", stdout: "pipe", stderr: "pipe", env: { ...process.env, ...environment } },
	);
	const timer = setTimeout(() => child.kill("SIGKILL"), END_DEADLINE_MS);
	const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
	await child.exited;
	clearTimeout(timer);
	return { exitCode: child.exitCode ?? undefined, words: `${out}${err}` };
}
