// Connections that send without end what costs the server most beside what it costs them: one, then as many as one address may have. What
// is measured is how long everybody else waits for an acknowledgement.
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { describeLatency, measureAckLatency } from "../ack-latency.ts";
import type { Experiment, ExperimentContext } from "../experiment.ts";
import { FLOODS, type FloodWay } from "../flood-messages.ts";
import type { FloodOptions } from "../flood-process.ts";
import type { LoadClient } from "../load-client.ts";

/** As many as one address may have. */
const MANY = 64;
/** Others wait for an acknowledgement no longer than this at p90, beside one such connection and beside many, ms. */
const P90_MS_MAX = { one: 40, many: 100 } as const;
/** A machine may be busy with other things for a moment: what misses the bar is measured again. */
const TRIES_MAX = 3;
const SENDERS = 10;

export const flood: Experiment = {
	name: "flood",
	about: `1 and ${MANY} connections of one address that send without end what is refused`,
	// What an address may do is as it is by default, but for log-ins: otherwise those who flood as users would hardly come in.
	plain: true,
	flags: ["--limits.loginsPerMinute=100000", "--log.level=error"],
	rssBytesMax: 500 * 1024 * 1024,
	async load(context, seconds) {
		const senders: LoadClient[] = [];
		for (let i = 0; i < SENDERS; i++) senders.push(await context.guest(`speaker${i}`, true));
		const failures: string[] = [];
		// In all ten times as long as asked: there are many kinds.
		const eachMs = seconds * 250;
		context.note(`quiet: ${describeLatency(await measureAckLatency(context, senders, eachMs))}`);
		let address = 1;
		for (const { name, ways } of FLOODS) {
			for (const way of ways) {
				for (const [connections, p90MsMax] of [
					[1, P90_MS_MAX.one],
					[MANY, P90_MS_MAX.many],
				] as const) {
					const what = `${name}, ${way}, ${connections}`;
					let p90 = Number.POSITIVE_INFINITY;
					for (let tries = 0; tries < TRIES_MAX && p90 > p90MsMax; tries++) {
						const flooding = begin(context, { flood: name, way, connections, from: loopback(++address) }, way);
						await flooding.began;
						const waited = await measureAckLatency(context, senders, eachMs);
						const report = await flooding.end();
						context.note(`${what}: ${describeLatency(waited)}; ${report}`);
						p90 = waited.p90;
					}
					if (p90 > p90MsMax) failures.push(`${what}: others wait ${p90.toFixed(0)} ms at p90, more than ${p90MsMax}`);
				}
			}
		}
		return failures;
	},
};

/** Each flood comes from an address of its own, so that none is spared because of the one before; only Linux has them all. */
function loopback(n: number): string | undefined {
	return process.platform === "linux" ? `127.0.${1 + (n >> 7)}.${1 + (n & 127)}` : undefined;
}

interface FloodProcess {
	/** Resolves when something of the flood was sent. */
	readonly began: Promise<void>;
	/** Ends it, and says what it has done. */
	end(): Promise<string>;
}

function begin(context: ExperimentContext, options: Omit<FloodOptions, "port">, way: FloodWay): FloodProcess {
	const { server } = context;
	const port = way === "ws" ? server.httpPort : server.tcpPort;
	const child = Bun.spawn(
		[process.execPath, join(import.meta.dir, "../flood-process.ts"), JSON.stringify({ ...options, port })],
		{
			stdin: "ignore",
			stdout: "pipe",
			stderr: "inherit",
		},
	);
	// In life it is another machine: it must not take the processor from the server and from those who talk.
	setPriority(child.pid, constants.priority.PRIORITY_LOW);
	const { promise: began, resolve } = Promise.withResolvers<void>();
	let printed = "";
	const reading = (async () => {
		for await (const chunk of child.stdout) {
			printed += Buffer.from(chunk).toString();
			if (printed.includes("\n")) resolve();
		}
		resolve();
	})();
	return {
		began,
		async end() {
			child.kill("SIGKILL");
			await reading;
			const last = printed.split("\n").at(-2);
			if (last === undefined) throw new Error(`the flood did not begin: ${JSON.stringify(options)}`);
			const { opened, sentBytes } = JSON.parse(last);
			return `${opened} connections, ${(sentBytes / 1024 / 1024).toFixed(1)} MiB sent`;
		},
	};
}
