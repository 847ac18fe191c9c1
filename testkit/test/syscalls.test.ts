// Acknowledged is durable, by what the kernel was asked to do: strace shows each write to the log, each sync and each write to a
// socket, in order.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AcknowledgedText, checkAcknowledgements, parseTrace, straceArguments } from "../src/chaos/syscalls.ts";
import { ROOMY } from "../src/e2e/flags.ts";
import { eventually } from "../src/e2e/waiting.ts";
import { WAYS, WirePeer } from "../src/e2e/wire-peer.ts";
import { ServerProcess } from "../src/process/server-process.ts";

const TEST_MS = 120_000;
const ROOT = join(import.meta.dir, "../..");
const STRACE = Bun.which("strace");
const MISSING = "needs strace: Linux, package strace";
/** Said one after the other, and then at once by each peer, so that batches of one and of many are seen. */
const ONE_BY_ONE = 5;
const AT_ONCE = 20;

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "verbatim-syscalls-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Does the kernel let nobody trace here, as in many containers? Says so loudly. */
function isForbidden(): boolean {
	// In the foreground, so that its exit code is strace's own.
	const command = straceArguments(join(folder, "probe")).filter((argument) => argument !== "-D");
	const probe = Bun.spawnSync([...command, "true"]);
	const words = probe.stderr.toString();
	if (probe.exitCode === 0 || !/ptrace.*not permitted/i.test(words)) return false;
	process.stderr.write(`NOT CHECKED: the kernel lets nobody trace here, so no system call was seen.\n${words}`);
	return true;
}

/** Lets a traced server live on `folder`'s data: what was said to it, and what it asked of the kernel. */
async function live(name: string, preload: readonly string[] = [], end: NodeJS.Signals = "SIGTERM") {
	const file = join(folder, `${name}.trace`);
	const command = [...straceArguments(file), process.execPath, ...preload, join(ROOT, "cli/src/main.ts"), "serve"];
	const server = await ServerProcess.prepare({ data: join(folder, "data"), flags: ROOMY, command });
	const messages: AcknowledgedText[] = [];
	try {
		await server.start();
		const { pid } = server;
		for (const way of WAYS) {
			const peer = await WirePeer.open(server, way);
			const guest = `${name}-${way.replace("/", "-")}`;
			await peer.ask({ case: "hello", value: { credential: { case: "guest", value: { name: guest } }, client: "test" } });
			await peer.ask({ case: "join", value: { room: "#tea", create: true, history: 1 } });
			const say = async (i: number): Promise<void> => {
				const text = `<${guest}:${i}>`;
				const answer = await peer.ask({ case: "send", value: { room: "#tea", cid: text, text } });
				if (answer.case !== "sent") throw new Error(`${text} was answered with ${answer.case}`);
				messages.push({ text, seq: answer.value.seq });
			};
			for (let i = 0; i < ONE_BY_ONE; i++) await say(i);
			await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => say(ONE_BY_ONE + i)));
			peer.close();
		}
		await server.stop(end);
		// The trace is whole when it tells of the end of the process, which is not its own.
		const trace = await eventually(
			async () => {
				const text = readFileSync(file, "latin1");
				return new RegExp(`^${pid} +\\+\\+\\+ `, "m").test(text) ? text : undefined;
			},
			() => "strace writes down the server's end",
		);
		return { calls: parseTrace(trace), messages };
	} finally {
		await server.remove();
	}
}

describe.skipIf(STRACE === null)(`by its system calls${STRACE === null ? ` (${MISSING})` : ""}`, () => {
	test(
		"a server syncs the log between writing a message and letting anybody know of it, with a fresh database and a reopened one",
		async () => {
			if (isForbidden()) return;
			for (const [name, end] of [
				["fresh", "SIGTERM"],
				["reopened", "SIGKILL"],
				["recovered", "SIGTERM"],
			] as const) {
				const { calls, messages } = await live(name, [], end);
				expect(messages.length).toBe(WAYS.length * (ONE_BY_ONE + AT_ONCE));
				expect({ name, findings: checkAcknowledgements(calls, messages) }).toEqual({ name, findings: [] });
			}
		},
		TEST_MS,
	);

	test(
		"the check finds a server that does not sync",
		async () => {
			if (isForbidden()) return;
			const { calls, messages } = await live("lazy", ["--preload", join(ROOT, "testkit/src/chaos/commit-without-sync.ts")]);
			const findings = checkAcknowledgements(calls, messages);
			expect(findings.length).toBeGreaterThan(messages.length / 2);
			expect(findings.filter((words) => !words.endsWith("with no sync between"))).toEqual([]);
		},
		TEST_MS,
	);
});
