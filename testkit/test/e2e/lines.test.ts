// The first chat of the README, by the real nc; and the end of a server that is told to stop.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { connect } from "@verbatim/client/node";
import { CLOSES } from "@verbatim/protocol";
import { ROOMY } from "../../src/e2e/flags.ts";
import { RawPeer } from "../../src/e2e/raw-peer.ts";
import { eventually, PATIENCE_MS } from "../../src/e2e/waiting.ts";
import { WAYS, WirePeer } from "../../src/e2e/wire-peer.ts";
import { ServerProcess } from "../../src/process/server-process.ts";
import { wholeLog } from "../../src/whole-log.ts";

const TEST_MS = 60_000;
/** What the server has to stop in, by its contract. */
const STOP_MS = 10_000;
const NC = Bun.which("nc");
const NC_MISSING = "needs nc: install netcat-openbsd";

let server: ServerProcess;

beforeEach(async () => {
	server = await ServerProcess.prepare({ flags: ROOMY });
	await server.start();
}, TEST_MS);

afterEach(() => server.remove(), TEST_MS);

/** A person in the room, by hand. */
async function person(name: string): Promise<RawPeer> {
	const peer = await RawPeer.open(server.tcpPort);
	peer.write(`/nick ${name}\n/join tea\n`);
	await peer.line(/^- you are in #tea/);
	return peer;
}

interface Typed {
	readonly line: string;
	/** How many lines have been printed before it. */
	readonly after: number;
}

/** What the README's first chat types, and what it shows as printed. */
async function transcript(): Promise<readonly [Typed[], string[]]> {
	const readme = await Bun.file(join(import.meta.dir, "../../../README.md")).text();
	const lines =
		/\$ nc localhost 9000\n([\s\S]*?)```/
			.exec(readme)?.[1]
			?.split("\n")
			.filter((line) => line !== "") ?? [];
	const [typed, printed]: [Typed[], string[]] = [[], []];
	for (const line of lines) {
		if (/^(- |\* |#tea )/.test(line)) printed.push(line);
		else typed.push({ line, after: printed.length });
	}
	return [typed, printed];
}

async function nc(lines: string): Promise<{ readonly exitCode: number; readonly lines: readonly string[] }> {
	const child = Bun.spawn(["sh", "-c", `printf '${lines}' | nc -q 1 localhost ${server.tcpPort}`], {
		stdin: "ignore",
		stdout: "pipe",
		stderr: "inherit",
	});
	const [text, exitCode] = await Promise.all([new Response(child.stdout).text(), child.exited]);
	return { exitCode, lines: text.split("\n") };
}

describe("a chat by the real nc", () => {
	test.skipIf(NC === null)(
		`what is piped in is said, and both sides see it exactly${NC === null ? ` (${NC_MISSING})` : ""}`,
		async () => {
			const reader = await person("bob");
			const { exitCode, lines } = await nc("/nick ann\\n/join tea\\nhello\\n");
			expect(exitCode).toBe(0);
			const seen = await reader.line(/hello/);
			// bob has made the room (1), ann has joined it (2).
			expect(seen).toBe("#tea 3 <ann> hello");
			expect(lines.filter((line) => line === seen)).toEqual([seen]);
			await reader.line("* ann left #tea");
			reader.close();
		},
		TEST_MS,
	);

	test.skipIf(NC === null)(
		`the transcript of the README is what is printed, line by line${NC === null ? ` (${NC_MISSING})` : ""}`,
		async () => {
			const [typed = [], printed = []] = await transcript();
			expect([typed.length, printed.length]).toEqual([3, 5]);
			const child = Bun.spawn(["nc", "localhost", String(server.tcpPort)], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
			const lines: string[] = [];
			const reading = (async () => {
				let text = "";
				for await (const chunk of child.stdout) {
					text += new TextDecoder().decode(chunk);
					lines.splice(0, lines.length, ...text.split("\n").slice(0, -1));
				}
			})();
			const printedAll = (count: number) =>
				eventually(
					async () => lines.length >= count || undefined,
					() => `${count} lines: ${lines.join("; ")}`,
				);
			for (const { line, after } of typed) {
				await printedAll(after);
				child.stdin.write(`${line}\n`);
				await child.stdin.flush();
			}
			await printedAll(printed.length);
			expect(lines).toEqual(printed);
			child.kill();
			await child.exited;
			await reading;
		},
		TEST_MS,
	);

	test.skipIf(NC === null)(
		`a second visit finds what the first has said, under the same numbers${NC === null ? ` (${NC_MISSING})` : ""}`,
		async () => {
			const reader = await person("bob");
			const first = await nc("/nick ann\\n/join tea\\none\\ntwo\\n");
			const second = await nc("/nick cid\\n/join tea\\nthree\\n");
			const said = ["#tea 3 <ann> one", "#tea 4 <ann> two"];
			for (const line of said) {
				expect(await reader.line(/^#tea/)).toBe(line);
				expect(first.lines).toContain(line);
				expect(second.lines).toContain(line);
			}
			const third = await reader.line(/three/);
			expect(third).toMatch(/^#tea \d+ <cid> three$/);
			expect(second.lines).toContain(third);
			reader.close();
		},
		TEST_MS,
	);
});

describe("a server that is told to stop", () => {
	test(
		"tells everybody to come back, finishes commits, and ends with 0 in time, whoever does not listen",
		async () => {
			const line = await person("ann");
			const nameless = await RawPeer.open(server.tcpPort);
			await nameless.line(/^- Verbatim/);
			const peers = await Promise.all(WAYS.map((way) => WirePeer.open(server, way)));
			for (const [i, peer] of peers.entries()) {
				const credential = { case: "guest" as const, value: { name: `peer-${i}` } };
				expect(await peer.ask({ case: "hello", value: { credential, client: "test" } })).toMatchObject({ case: "welcome" });
				await peer.ask({ case: "join", value: { room: "#tea", create: true, history: 1 } });
			}
			// One of them reads nothing from here on, and asks for more than any buffer takes.
			const deaf = peers[0] as WirePeer;
			deaf.pause(true);
			await peers[1]?.ask({ case: "send", value: { room: "#tea", cid: "long", text: "long ".repeat(1_600) } });
			for (let i = 0; i < 300; i++) {
				deaf.say({ case: "history", value: { room: "#tea", before: 0, after: 0, limit: 200 } }, 1_000 + i);
			}

			const beganMs = performance.now();
			expect(await server.stop("SIGTERM")).toBe(0);
			expect(performance.now() - beganMs).toBeLessThan(STOP_MS);

			expect(await line.toEnd()).toContain("- the server is about to stop; connect again\n");
			expect(await nameless.toEnd()).toContain("- the server is about to stop; connect again\n");
			for (const peer of peers.slice(1)) {
				const { close } = await peer.end();
				expect(close).toMatchObject({ code: CLOSES.draining.code, reconnect: true });
			}
			for (const peer of peers) peer.close();
			line.close();
			nameless.close();
		},
		TEST_MS,
	);

	test(
		"while everybody talks: nothing acknowledged is lost, and what was on its way is said once by the clients' own doing",
		async () => {
			const clients = [server.tcp, server.webSocket].map((endpoints, i) =>
				connect({ endpoints, credential: { guest: `talker-${i}` }, timing: { reconnectMinMs: 20, reconnectMaxMs: 200 } }),
			);
			try {
				const acknowledged: { readonly seq: number; readonly text: string }[] = [];
				const said: string[] = [];
				let talking = true;
				const talk = clients.map(async (client, i) => {
					await client.ready({ timeoutMs: PATIENCE_MS });
					const room = await client.join("#tea", { create: true });
					for (let n = 0; talking; n++) {
						const texts = [`${i} says ${n}`, `${i} adds ${n}`, `${i} ends ${n}`];
						said.push(...texts);
						for (const { text, done } of texts.map((text) => room.send(text, { timeoutMs: PATIENCE_MS })))
							acknowledged.push({ seq: (await done).seq, text });
					}
					return room;
				});
				const enough = (goal: number) =>
					eventually(
						async () => (acknowledged.length >= goal ? true : undefined),
						() => `${goal} lines; there are ${acknowledged.length}`,
					);
				await enough(50);
				expect(await server.stop("SIGTERM")).toBe(0);
				await server.start();
				await enough(acknowledged.length + 50);
				talking = false;
				const [room] = await Promise.all(talk);
				if (room === undefined) throw new Error("nobody talks");
				const { entries } = await wholeLog(room);
				expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
				for (const { seq, text } of acknowledged) expect(entries[seq - 1]?.text).toBe(text);
				const written = entries.filter(({ what }) => what === "message").map(({ text }) => text);
				expect(written.toSorted()).toEqual(said.toSorted());
				// Each sender's own order is kept.
				for (const i of [0, 1]) {
					const own = (text: string) => text.startsWith(`${i} `);
					expect(written.filter(own)).toEqual(said.filter(own));
				}
			} finally {
				for (const client of clients) await client.close();
			}
		},
		TEST_MS,
	);

	test(
		"Ctrl+C is the same word",
		async () => {
			const line = await person("ann");
			expect(await server.stop("SIGINT")).toBe(0);
			expect(await line.toEnd()).toContain("- the server is about to stop; connect again\n");
			line.close();
		},
		TEST_MS,
	);
});
