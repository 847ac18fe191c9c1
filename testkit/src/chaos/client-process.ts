// A client process as its parent sees it: start, kill, stop, continue, and commands over stdin.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Waiting } from "../e2e/waiting.ts";
import type { ClientCommand, ClientOptions, CommandResult } from "./client-main.ts";
import { clockEnvironment, type FakeClock } from "./wall-clock.ts";

const MAIN = join(import.meta.dir, "client-main.ts");

export type ClientProcessOptions = ClientOptions extends infer O
	? O extends ClientOptions
		? Omit<O, "incarnation">
		: never
	: never;

export class ClientProcess {
	readonly options: ClientProcessOptions;
	readonly clock: FakeClock | undefined;
	/** Unexpected exits, as text. */
	readonly troubles: string[] = [];
	private readonly waiting = new Waiting();
	private readonly results: CommandResult[] = [];
	private process: Bun.Subprocess<"pipe", "pipe", "pipe"> | undefined;
	private incarnations = 0;

	/** `clock`: undefined where wall clocks cannot be moved. */
	constructor(options: ClientProcessOptions, clock: FakeClock | undefined) {
		this.options = options;
		this.clock = clock;
		mkdirSync(options.folder, { recursive: true });
	}

	get name(): string {
		return this.options.name;
	}

	get running(): boolean {
		return this.process !== undefined;
	}

	start(): void {
		if (this.process !== undefined) return;
		const incarnation = ++this.incarnations;
		const argument = JSON.stringify({ ...this.options, incarnation });
		const child = Bun.spawn([process.execPath, MAIN, argument], {
			stdin: "pipe",
			stdout: "pipe",
			stderr: "pipe",
			env: { ...process.env, ...(this.clock === undefined ? {} : clockEnvironment(this.clock)) },
		});
		this.process = child;
		void this.readResults(child);
	}

	/** SIGKILL; resolves when the process has exited. */
	async kill(): Promise<void> {
		const child = this.process;
		this.process = undefined;
		child?.kill("SIGKILL");
		await child?.exited;
	}

	/** SIGSTOP, or SIGCONT. */
	stop(stopped: boolean): void {
		this.process?.kill(stopped ? "SIGSTOP" : "SIGCONT");
	}

	/** Sends a command and waits for its result. */
	async command(command: ClientCommand, withinMs: number): Promise<CommandResult> {
		const before = this.results.length;
		this.process?.stdin.write(`${JSON.stringify(command)}\n`);
		await this.process?.stdin.flush();
		await this.waiting.until(
			() => {
				if (this.troubles.length > 0) throw new Error(this.troubles.join("\n"));
				return this.results.length > before;
			},
			() => `${this.name} does as told: ${command.do}`,
			withinMs,
		);
		return this.results.at(-1) as CommandResult;
	}

	/** Closes the client; resolves when the process has exited. */
	async close(withinMs: number): Promise<void> {
		const child = this.process;
		await this.command({ do: "close" }, withinMs);
		this.process = undefined;
		await child?.exited;
	}

	private async readResults(child: Bun.Subprocess<"pipe", "pipe", "pipe">): Promise<void> {
		const stderr = new Response(child.stderr).text();
		const decoder = new TextDecoder();
		let rest = "";
		for await (const chunk of child.stdout) {
			const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) this.results.push(JSON.parse(line) as CommandResult);
			this.waiting.wake();
		}
		await child.exited;
		const message = await stderr;
		if (message !== "") writeFileSync(join(this.options.folder, `complaint-${child.pid}.txt`), message);
		if (this.process !== child) return;
		this.process = undefined;
		this.troubles.push(`${this.name} ended by itself (${child.exitCode ?? child.signalCode}): ${message.slice(0, 2_000)}`);
		this.waiting.wake();
	}
}
