// The disk is full under a running server. Here the operating system lets the process write nothing more (RLIMIT_FSIZE), which any
// user can do and undo: sends are refused as passing, what is there can be read, nobody is thrown out, and when there is room
// again everything goes on by itself, with nothing lost and nothing twice.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ERRORS } from "@verbatim/protocol";
import { Canary } from "../../src/e2e/canary.ts";
import { ROOMY } from "../../src/e2e/flags.ts";
import { RawPeer } from "../../src/e2e/raw-peer.ts";
import { eventually } from "../../src/e2e/waiting.ts";
import { WAYS, WirePeer } from "../../src/e2e/wire-peer.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const TEST_MS = 120_000;
const MAIN = join(import.meta.dir, "../../../cli/src/main.ts");
const PRLIMIT = Bun.which("prlimit");
const MISSING = "needs prlimit: Linux, package util-linux";

/** The kernel's signal to a process that writes too much would end it; a full disk sends none. */
const COMMAND = ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", process.execPath, MAIN, "serve"];

let server: ServerProcess;

beforeEach(async () => {
	server = await ServerProcess.prepare({ flags: ROOMY, command: COMMAND });
	await server.start();
}, TEST_MS);

afterEach(() => server.remove(), TEST_MS);

/** From now on every write to a file fails, or may succeed again. */
function fillDisk(full: boolean): void {
	const run = Bun.spawnSync([PRLIMIT ?? "prlimit", `--pid=${server.pid}`, `--fsize=${full ? "0" : "unlimited"}:`]);
	expect(run.stderr.toString()).toBe("");
}

const ready = async (): Promise<{ readonly status: number; readonly words: string }> => {
	const answer = await fetch(`${server.ops}/ready`);
	return { status: answer.status, words: await answer.text() };
};

describe.skipIf(PRLIMIT === null)(`a full disk${PRLIMIT === null ? ` (${MISSING})` : ""}`, () => {
	test(
		"sends are refused as unavailable, reading goes on, nobody is thrown out, and it heals by itself",
		async () => {
			const canary = await Canary.begin(server);
			const peers = await Promise.all(WAYS.map((way) => WirePeer.open(server, way)));
			const line = await RawPeer.open(server.tcpPort);
			try {
				for (const [i, peer] of peers.entries()) {
					const credential = { case: "guest" as const, value: { name: `peer-${i}` } };
					expect(await peer.ask({ case: "hello", value: { credential, client: "test" } })).toMatchObject({ case: "welcome" });
					expect(await peer.ask({ case: "join", value: { room: "#tea", create: true, history: 1 } })).toMatchObject({
						case: "joined",
					});
				}
				line.write("/nick liner\n/join tea\n");
				await line.line(/^- you are in #tea/);
				canary.start();
				await canary.further(4);

				fillDisk(true);
				const send = (i: number) => ({
					case: "send" as const,
					value: { room: "#tea", cid: `full-${i}`, text: `said while full ${i}` },
				});
				for (const [i, peer] of peers.entries()) {
					expect(await peer.ask(send(i))).toMatchObject({
						case: "failure",
						value: { code: "unavailable", retry: true, retryAfterMs: ERRORS.unavailable.afterMs },
					});
					const page = await peer.ask({ case: "history", value: { room: "#tea", limit: 10 } });
					expect(page).toMatchObject({ case: "page" });
					if (page.case === "page") expect(page.value.entries.length).toBe(10);
					expect(await peer.ask({ case: "who", value: { room: "#tea" } })).toMatchObject({ case: "memberList" });
				}
				line.write("hello?\n");
				expect(await line.line(/^! /)).toBe(
					"! unavailable the server cannot store anything just now; nothing was lost, try again in 1 s",
				);
				line.write("/history 5\n/who\n");
				await line.line(/^- #tea: /);
				const newcomer = await WirePeer.open(server, "ws/json");
				const credential = { case: "guest" as const, value: { name: "newcomer" } };
				expect(await newcomer.ask({ case: "hello", value: { credential, client: "test" } })).toMatchObject({
					case: "failure",
					value: { code: "unavailable", retry: true },
				});
				await eventually(
					async () => ((await ready()).words.includes("store: it cannot commit") ? true : undefined),
					() => "the operator is told",
				);
				expect((await ready()).status).toBe(503);
				expect((await fetch(`${server.ops}/health`)).status).toBe(200);

				fillDisk(false);
				await canary.further(4);
				for (const [i, peer] of peers.entries()) {
					const sent = await eventually(
						async () => {
							const answer = await peer.ask(send(i));
							return answer.case === "sent" ? answer : undefined;
						},
						() => `what ${peer.way} says is taken`,
					);
					expect(sent.value.repeated).toBe(false);
				}
				line.write("hello again\n");
				await line.line(/^#tea \d+ <liner> hello again$/);
				expect(await newcomer.ask({ case: "hello", value: { credential, client: "test" } })).toMatchObject({ case: "welcome" });
				await eventually(
					async () => ((await ready()).status === 200 ? true : undefined),
					() => "the server says that it is ready",
				);
				newcomer.close();

				await canary.stop();
				expect(await canary.verdict()).toMatchObject({ ok: true, violations: [] });
				expect(canary.anomalies).toEqual([]);
				for (const peer of peers) expect(peer.ended).toBe(false);
			} finally {
				for (const peer of peers) peer.close();
				line.close();
				await canary.end();
			}
		},
		TEST_MS,
	);

	test(
		"a server that is killed while the disk is full has everything that it acknowledged when there is room again",
		async () => {
			const canary = await Canary.begin(server);
			try {
				canary.start();
				await canary.further(6);
				fillDisk(true);
				await eventually(
					async () => ((await ready()).status === 503 ? true : undefined),
					() => "the operator is told",
				);
				await server.stop("SIGKILL");
				await server.start();
				await canary.further(6);
				await canary.stop();
				expect(await canary.verdict()).toMatchObject({ ok: true, violations: [] });
			} finally {
				await canary.end();
			}
		},
		TEST_MS,
	);
});
