// A server process: started with the command of the README, stopped or killed, restarted with the same data folder and ports.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../../..");
const START_DEADLINE_MS = 20_000;

export interface ServerProcessOptions {
	/** Further flags of `verbatim serve`. */
	readonly flags?: readonly string[];
	/** The data folder; default: a new one in the system's folder for temporary files, removed by `remove`. */
	readonly data?: string;
	/** What to run; default: `serve` from the sources. A built executable is given as [path, "serve"]. */
	readonly command?: readonly string[];
	/** The folder to run it in; default: the repository. */
	readonly cwd?: string;
}

export class ServerProcess {
	readonly data: string;
	readonly httpPort: number;
	readonly tcpPort: number;
	readonly opsPort: number;
	private readonly options: ServerProcessOptions;
	private readonly ownsData: boolean;
	private process: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;
	private output = "";

	private constructor(options: ServerProcessOptions, data: string, ports: readonly number[]) {
		this.options = options;
		this.data = data;
		this.ownsData = options.data === undefined;
		[this.httpPort = 0, this.tcpPort = 0, this.opsPort = 0] = ports;
	}

	/** Chooses ports and a data folder; `start` starts it. */
	static async prepare(options: ServerProcessOptions = {}): Promise<ServerProcess> {
		const data = options.data ?? (await mkdtemp(join(tmpdir(), "verbatim-")));
		return new ServerProcess(options, data, freePorts(3));
	}

	get webSocket(): string {
		return `ws://127.0.0.1:${this.httpPort}/ws`;
	}

	get tcp(): string {
		return `tcp://127.0.0.1:${this.tcpPort}`;
	}

	get http(): string {
		return `http://127.0.0.1:${this.httpPort}`;
	}

	get ops(): string {
		return `http://127.0.0.1:${this.opsPort}`;
	}

	get pid(): number {
		if (this.process === undefined) throw new Error("the server does not run");
		return this.process.pid;
	}

	/** Output of all processes so far, its end if it is long. */
	get printed(): string {
		return this.output;
	}

	/** Resolves when /ready answers. Rejects with the output on exit or timeout. */
	async start(): Promise<void> {
		const at = (port: number) => `127.0.0.1:${port}`;
		const command = this.options.command ?? [process.execPath, join(ROOT, "cli/src/main.ts"), "serve"];
		const flags = ["--data", this.data, "--http", at(this.httpPort), "--tcp", at(this.tcpPort), "--ops", at(this.opsPort)];
		const child = Bun.spawn([...command, ...flags, ...(this.options.flags ?? [])], {
			cwd: this.options.cwd ?? ROOT,
			stdin: "ignore",
			stdout: "pipe",
			stderr: "pipe",
		});
		this.process = child;
		void this.drain(child.stdout);
		void this.drain(child.stderr);
		const deadline = performance.now() + START_DEADLINE_MS;
		while (performance.now() < deadline) {
			if (child.exitCode !== null || child.signalCode !== null)
				throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}:\n${this.output}`);
			if (await answers(`${this.ops}/ready`)) return;
		}
		throw new Error(`the server was not ready in ${START_DEADLINE_MS} ms:\n${this.output}`);
	}

	/** Sends a signal and waits for the end; gives the exit code, or the signal's name. */
	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
		const child = this.process;
		if (child === undefined) return "not running";
		this.process = undefined;
		child.kill(signal);
		await child.exited;
		return child.signalCode ?? child.exitCode ?? "unknown";
	}

	/** Ends the process if it runs and removes the data folder if it was made here. */
	async remove(): Promise<void> {
		await this.stop("SIGKILL");
		if (this.ownsData) await rm(this.data, { recursive: true, force: true });
	}

	private async drain(stream: ReadableStream<Uint8Array>): Promise<void> {
		const decoder = new TextDecoder();
		for await (const chunk of stream) this.output = (this.output + decoder.decode(chunk, { stream: true })).slice(-200_000);
	}
}

/** Distinct free ports: bound all at once and released. */
export function freePorts(count: number): number[] {
	const held = Array.from({ length: count }, () => Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }));
	const ports = held.map((listener) => listener.port);
	for (const listener of held) listener.stop(true);
	return ports;
}

async function answers(url: string): Promise<boolean> {
	try {
		return (await fetch(url)).ok;
	} catch {
		await Bun.sleep(5);
		return false;
	}
}
