// `npm start` is one thing for whoever starts it: what is done to npm's process is done to the server.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFolderInUse } from "@verbatim/server";
import { HistoryRecorder } from "../../src/overload/history-recorder.ts";
import { LoadClient, Tally } from "../../src/overload/load-client.ts";
import { freePorts } from "../../src/process/server-process.ts";

const ROOT = join(import.meta.dir, "../../..");
const TEST_MS = 60_000;
/** The close that says: the server stops, come back. */
const DRAINING = 4001;

describe("npm start", () => {
	let data: string;
	let ports: number[];
	let npm: Bun.Subprocess<"ignore", "pipe", "pipe">;
	let printed: Promise<string>;
	let log: Promise<string>;

	beforeEach(async () => {
		data = await mkdtemp(join(tmpdir(), "verbatim-npm-"));
		ports = freePorts(3);
		const [http, tcp, ops] = ports.map((port) => `127.0.0.1:${port}`);
		const flags = [`--data=${data}`, `--http=${http}`, `--tcp=${tcp}`, `--ops=${ops}`];
		// A session of its own, so that a signal can be given to all its processes, as a terminal does.
		npm = Bun.spawn(["npm", "start", "--", ...flags], {
			cwd: ROOT,
			stdin: "ignore",
			stdout: "pipe",
			stderr: "pipe",
			detached: true,
		});
		// Both end with the last process that holds them: npm or the server.
		printed = new Response(npm.stdout).text();
		log = new Response(npm.stderr).text();
		while (!(await answers(`http://${ops}/ready`))) expect(npm.exitCode ?? npm.signalCode).toBeNull();
	}, TEST_MS);

	afterEach(async () => {
		// Whatever is left of the session, also after a test that failed.
		try {
			process.kill(-npm.pid, "SIGKILL");
		} catch {
			// Nothing is left.
		}
		await rm(data, { recursive: true, force: true });
	});

	const signals = [
		{ what: "SIGTERM to npm", send: () => npm.kill("SIGTERM") },
		{ what: "SIGINT to npm", send: () => npm.kill("SIGINT") },
		{ what: "Ctrl+C, which reaches all processes", send: () => process.kill(-npm.pid, "SIGINT") },
	];
	for (const { what, send } of signals) {
		test(
			`${what} stops the server, which drains, before npm ends with 0`,
			async () => {
				const ann = await LoadClient.guest({
					port: ports[1] ?? 0,
					name: "ann",
					recorder: new HistoryRecorder(),
					tally: new Tally(),
				});
				send();
				await ann.until(() => ann.ended, "the end");
				expect(ann.close?.code).toBe(DRAINING);
				expect(await npm.exited).toBe(0);
				expectAllFree(data, ports);
				expect(await log).toContain('"msg":"stopped"');
				await printed;
			},
			TEST_MS,
		);
	}

	test(
		"a server whose npm was killed drains and ends by itself",
		async () => {
			const ann = await LoadClient.guest({
				port: ports[1] ?? 0,
				name: "ann",
				recorder: new HistoryRecorder(),
				tally: new Tally(),
			});
			npm.kill("SIGKILL");
			await ann.until(() => ann.ended, "the end");
			expect(ann.close?.code).toBe(DRAINING);
			await Promise.all([printed, log]);
			expectAllFree(data, ports);
		},
		TEST_MS,
	);
});

test("a server that is to end with a parent which has ended before it came up stops by itself", async () => {
	const data = await mkdtemp(join(tmpdir(), "verbatim-npm-"));
	const onClosed = Bun.spawn(["true"]);
	await onClosed.exited;
	const flags = [
		"--data",
		data,
		"--http",
		"127.0.0.1:0",
		"--tcp",
		"off",
		"--ops",
		"off",
		"--stop-with-parent",
		`${onClosed.pid}`,
	];
	const server = Bun.spawn([process.execPath, join(ROOT, "cli/src/main.ts"), "serve", ...flags], { stderr: "pipe" });
	expect(await server.exited).toBe(0);
	expect(await new Response(server.stderr).text()).toContain('"msg":"stopped"');
	await rm(data, { recursive: true });
}, 60_000);

function expectAllFree(data: string, ports: readonly number[]): void {
	expect(isFolderInUse(data)).toBe(false);
	for (const port of ports) Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
}

async function answers(url: string): Promise<boolean> {
	try {
		return (await fetch(url)).ok;
	} catch {
		await Bun.sleep(20);
		return false;
	}
}
