// A peer's process: started, heard until it says that it listens, and ended by its own id.
import type { Subprocess } from "bun";
import { endLater } from "../ending.ts";

const START_MS = 10_000;

export class Child {
	readonly pid: number;
	private readonly process: Subprocess<"ignore", "pipe", "pipe">;
	private readonly ending = endLater(() => this.stop());
	private printed = "";

	private constructor(process: Subprocess<"ignore", "pipe", "pipe">) {
		this.process = process;
		this.pid = process.pid;
		void this.hear(process.stdout);
		void this.hear(process.stderr);
	}

	/** Starts a command and waits until it has printed what `ready` matches; gives the match beside it. */
	static async start(command: readonly string[], ready: RegExp): Promise<{ child: Child; said: RegExpExecArray }> {
		const child = new Child(Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" }));
		const deadlineMs = performance.now() + START_MS;
		for (;;) {
			const said = ready.exec(child.printed);
			if (said !== null) return { child, said };
			if (child.process.exitCode !== null || performance.now() > deadlineMs) {
				await child.stop();
				throw new Error(`${command[0]} did not start:\n${child.printed}`);
			}
			await Bun.sleep(5);
		}
	}

	async stop(): Promise<void> {
		this.ending.done();
		this.process.kill("SIGKILL");
		await this.process.exited;
	}

	private async hear(stream: ReadableStream<Uint8Array>): Promise<void> {
		const decoder = new TextDecoder();
		for await (const chunk of stream) this.printed = (this.printed + decoder.decode(chunk, { stream: true })).slice(-100_000);
	}
}
