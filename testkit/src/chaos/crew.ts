// Clients as processes: started, killed, stopped and continued from outside, and told what to do through their standard input.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Waiting } from "../e2e/waiting.ts";
import type { Answer, ClientOptions, Order } from "./client-main.ts";
import { type FakeClock, shiftedBy } from "./wall-clock.ts";

const MAIN = join(import.meta.dir, "client-main.ts");

export type CrewOptions = ClientOptions extends infer O ? (O extends ClientOptions ? Omit<O, "life"> : never) : never;

export class CrewMember {
	readonly options: CrewOptions;
	readonly clock: FakeClock | undefined;
	/** Ends that nobody ordered, in words. */
	readonly troubles: string[] = [];
	private readonly waiting = new Waiting();
	private readonly answers: Answer[] = [];
	private process: Bun.Subprocess<"pipe", "pipe", "pipe"> | undefined;
	private lives = 0;

	/** `clock`: its wall clock, if that can be moved. */
	constructor(options: CrewOptions, clock: FakeClock | undefined) {
		this.options = options;
		this.clock = clock;
		mkdirSync(options.folder, { recursive: true });
	}

	get name(): string {
		return this.options.name;
	}

	get up(): boolean {
		return this.process !== undefined;
	}

	start(): void {
		if (this.process !== undefined) return;
		const life = ++this.lives;
		const argument = JSON.stringify({ ...this.options, life });
		const child = Bun.spawn([process.execPath, MAIN, argument], {
			stdin: "pipe",
			stdout: "pipe",
			stderr: "pipe",
			env: { ...process.env, ...(this.clock === undefined ? {} : shiftedBy(this.clock)) },
		});
		this.process = child;
		void this.listen(child);
	}

	/** SIGKILL; resolves when nothing of the process is left. */
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

	/** Gives an order and waits for its answer. */
	async order(order: Order, withinMs: number): Promise<Answer> {
		const before = this.answers.length;
		this.process?.stdin.write(`${JSON.stringify(order)}\n`);
		await this.process?.stdin.flush();
		await this.waiting.until(
			() => {
				if (this.troubles.length > 0) throw new Error(this.troubles.join("\n"));
				return this.answers.length > before;
			},
			() => `${this.name} does as told: ${order.do}`,
			withinMs,
		);
		return this.answers.at(-1) as Answer;
	}

	/** Tells it to end in good order; resolves when it has. */
	async leave(withinMs: number): Promise<void> {
		const child = this.process;
		await this.order({ do: "leave" }, withinMs);
		this.process = undefined;
		await child?.exited;
	}

	private async listen(child: Bun.Subprocess<"pipe", "pipe", "pipe">): Promise<void> {
		const complaint = new Response(child.stderr).text();
		const decoder = new TextDecoder();
		let rest = "";
		for await (const chunk of child.stdout) {
			const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) this.answers.push(JSON.parse(line) as Answer);
			this.waiting.wake();
		}
		await child.exited;
		const words = await complaint;
		if (words !== "") writeFileSync(join(this.options.folder, `complaint-${child.pid}.txt`), words);
		if (this.process !== child) return;
		this.process = undefined;
		this.troubles.push(`${this.name} ended by itself (${child.exitCode ?? child.signalCode}): ${words.slice(0, 2_000)}`);
		this.waiting.wake();
	}
}
