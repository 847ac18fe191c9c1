// A peer's process: started, watched until it prints that it listens, and killed by its pid.
import type { Subprocess } from "bun";
import { registerCleanup } from "../cleanup.ts";

const START_MS = 10_000;

export class PeerProcess {
	readonly pid: number;
	private readonly process: Subprocess<"ignore", "pipe", "pipe">;
	private readonly cleanup = registerCleanup(() => this.stop());
	private printed = "";

	private constructor(process: Subprocess<"ignore", "pipe", "pipe">) {
		this.process = process;
		this.pid = process.pid;
		void this.readOutput(process.stdout);
		void this.readOutput(process.stderr);
	}

	/** Starts a command and waits until its output matches `ready`. */
	static async start(command: readonly string[], ready: RegExp): Promise<{ child: PeerProcess; match: RegExpExecArray }> {
		const child = new PeerProcess(Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" }));
		const deadlineMs = performance.now() + START_MS;
		for (;;) {
			const match = ready.exec(child.printed);
			if (match !== null) return { child, match };
			if (child.process.exitCode !== null || performance.now() > deadlineMs) {
				await child.stop();
				throw new Error(`${command[0]} did not start:\n${child.printed}`);
			}
			await Bun.sleep(5);
		}
	}

	async stop(): Promise<void> {
		this.cleanup.done();
		this.process.kill("SIGKILL");
		await this.process.exited;
	}

	private async readOutput(stream: ReadableStream<Uint8Array>): Promise<void> {
		const decoder = new TextDecoder();
		for await (const chunk of stream) this.printed = (this.printed + decoder.decode(chunk, { stream: true })).slice(-100_000);
	}
}

/** A program's path. Debian installs servers in /usr/sbin, which is not in every user's PATH. */
export function findProgram(name: string): string | undefined {
	return Bun.which(name) ?? Bun.which(name, { PATH: "/usr/sbin:/usr/local/sbin" }) ?? undefined;
}
