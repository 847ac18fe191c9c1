// The files of deploy/, as far as they can be tried without a service manager and without containers.
import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "@verbatim/testkit";
import { EXIT } from "../src/exit.ts";

const ROOT = join(import.meta.dir, "../..");
const UNIT = readFileSync(join(ROOT, "deploy/verbatim.service"), "utf8");
const DOCKERFILE = readFileSync(join(ROOT, "deploy/Dockerfile"), "utf8");
const MAIN = join(ROOT, "cli/src/main.ts");
const TEST_MS = 60_000;
const ANALYZE = Bun.which("systemd-analyze");

function setting(name: string): string {
	return new RegExp(`^${name}=(.*)$`, "m").exec(UNIT)?.[1] ?? "";
}

/** Runs a command line of `verbatim` until it is ready, and gives the exit code after SIGTERM. */
async function startAndStop(words: readonly string[], env: Readonly<Record<string, string>>): Promise<number | null> {
	const [http, tcp, ops] = freePorts(3);
	const at = (port: number | undefined) => `127.0.0.1:${port}`;
	const child = Bun.spawn([process.execPath, MAIN, ...words], {
		env: { ...env, VERBATIM_HTTP: at(http), VERBATIM_TCP: at(tcp), VERBATIM_OPS: at(ops) },
		stdin: "ignore",
		stdout: "ignore",
		stderr: "ignore",
	});
	while ((await fetch(`http://${at(ops)}/ready`).catch(() => undefined))?.ok !== true) {
		expect(child.exitCode).toBeNull();
		await Bun.sleep(20);
	}
	child.kill("SIGTERM");
	await child.exited;
	return child.exitCode;
}

describe("the systemd unit", () => {
	test.skipIf(ANALYZE === null)(
		`is sound to systemd${ANALYZE === null ? " (needs systemd-analyze: install systemd)" : ""}`,
		async () => {
			const folder = await mkdtemp(join(tmpdir(), "verbatim-unit-"));
			try {
				// Where the executable is installed there is none here.
				const stub = join(folder, "verbatim");
				copyFileSync("/bin/true", stub);
				chmodSync(stub, 0o755);
				const unit = join(folder, "verbatim.service");
				writeFileSync(unit, UNIT.replaceAll("/usr/local/bin/verbatim", stub));
				const run = Bun.spawn(["systemd-analyze", "verify", unit], { stdout: "pipe", stderr: "pipe" });
				const [out, err] = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text()]);
				expect({ code: await run.exited, said: out + err }).toEqual({ code: 0, said: "" });
			} finally {
				await rm(folder, { recursive: true, force: true });
			}
		},
		TEST_MS,
	);

	test(
		"starts a server with the command that it has, which ends with 0 on SIGTERM",
		async () => {
			const data = await mkdtemp(join(tmpdir(), "verbatim-unit-"));
			try {
				const [program, ...words] = setting("ExecStart").split(" ");
				expect(program).toBe("/usr/local/bin/verbatim");
				expect(words).toContain("/var/lib/verbatim");
				expect(
					await startAndStop(
						words.map((word) => (word === "/var/lib/verbatim" ? data : word)),
						{},
					),
				).toBe(0);
			} finally {
				await rm(data, { recursive: true, force: true });
			}
		},
		TEST_MS,
	);

	test("does not start again what starting again cannot help, and leaves a drain its time", () => {
		const { usage, data, address, unwritable, config } = EXIT;
		expect(setting("RestartPreventExitStatus").split(" ").map(Number)).toEqual([usage, data, address, unwritable, config]);
		// timing.drainMs is 10 s.
		expect(Number(setting("TimeoutStopSec"))).toBeGreaterThan(11);
	});
});

test(
	"the container's command starts a server with the environment that the container has",
	async () => {
		const data = await mkdtemp(join(tmpdir(), "verbatim-container-"));
		try {
			const env = Object.fromEntries(
				(/^ENV (.*)$/m.exec(DOCKERFILE)?.[1] ?? "").split(" ").map((pair) => pair.split("=") as [string, string]),
			);
			expect(env).toMatchObject({ VERBATIM_DATA: "/data" });
			expect(/^ENTRYPOINT (.*)$/m.exec(DOCKERFILE)?.[1]).toBe('["verbatim"]');
			const command = JSON.parse(/^CMD (.*)$/m.exec(DOCKERFILE)?.[1] ?? "[]") as string[];
			expect(await startAndStop(command, { ...env, VERBATIM_DATA: data })).toBe(0);
		} finally {
			await rm(data, { recursive: true, force: true });
		}
	},
	TEST_MS,
);
