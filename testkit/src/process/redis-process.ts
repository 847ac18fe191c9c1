// A Redis of a test's own, on a free port of the loopback: killed, stopped, continued and started again.
import { freePorts } from "./server-process.ts";

export const REDIS_MISSING = "needs Redis; on Debian: apt-get install redis-server";

const START_DEADLINE_MS = 20_000;

/** The path of a redis-server, or undefined: then tests that need one are skipped, and say `REDIS_MISSING`. */
export function redisPath(): string | undefined {
	return Bun.which("redis-server") ?? undefined;
}

export class RedisProcess implements AsyncDisposable {
	readonly port: number;
	private readonly flags: readonly string[];
	private process: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;

	private constructor(port: number, flags: readonly string[]) {
		this.port = port;
		this.flags = flags;
	}

	static async start(flags: readonly string[] = []): Promise<RedisProcess> {
		const redis = new RedisProcess(freePorts(1)[0] as number, flags);
		await redis.start();
		return redis;
	}

	get url(): string {
		return `redis://127.0.0.1:${this.port}`;
	}

	/** Starts it, or starts it again on the same port; resolves when it takes connections. */
	async start(): Promise<void> {
		const path = redisPath();
		if (path === undefined) throw new Error(REDIS_MISSING);
		const child = Bun.spawn(
			[
				path,
				"--port",
				`${this.port}`,
				"--bind",
				"127.0.0.1",
				"--save",
				"",
				"--appendonly",
				"no",
				"--daemonize",
				"no",
				...this.flags,
			],
			{ stdin: "ignore", stdout: "pipe", stderr: "pipe" },
		);
		this.process = child;
		const timer = setTimeout(() => child.kill("SIGKILL"), START_DEADLINE_MS);
		let output = "";
		const decoder = new TextDecoder();
		const reader = child.stdout.getReader();
		for (;;) {
			const { done, value } = await reader.read();
			if (done) throw new Error(`redis-server did not start: ${output}`);
			output += decoder.decode(value, { stream: true });
			if (/Ready to accept connections/i.test(output)) break;
		}
		clearTimeout(timer);
		// Read on, so that it is never blocked by its own output.
		void (async () => {
			for (let read = await reader.read(); !read.done; read = await reader.read());
		})();
	}

	/** Stops reading and answering, with its sockets open. */
	pause(): void {
		this.process?.kill("SIGSTOP");
	}

	resume(): void {
		this.process?.kill("SIGCONT");
	}

	async kill(): Promise<void> {
		this.process?.kill("SIGKILL");
		await this.process?.exited;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.kill();
	}
}
