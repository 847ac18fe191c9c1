// Why a connection could not be made, over TCP and WebSocket, on Bun and on each Node: as the runtimes tell it, which all do
// in their own way.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNodes, freePorts, NODES_MISSING, ServerProcess, startDns } from "@verbatim/testkit";
import { makeCertificate } from "../support/certificate.ts";

interface Told {
	readonly endpoint: string;
	readonly state: string;
	readonly ms: number;
	readonly message?: string;
	readonly reason?: string;
	readonly status?: number;
	readonly retryAfterMs?: number;
}

const openssl = Bun.which("openssl");
const runtimes = [{ name: "Bun", path: process.execPath as string | undefined }, ...findNodes()];

describe.skipIf(openssl === null)("a connection that cannot be made (needs openssl)", () => {
	let folder: string;
	let certFile: string;
	let chat: ServerProcess;
	const sockets = new Set<Socket>();
	const servers: Server[] = [];

	/** Gives the port. */
	async function listen(server: Server): Promise<number> {
		servers.push(server);
		server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return (server.address() as AddressInfo).port;
	}
	const page = (status: number, headers = {}): Promise<number> =>
		listen(createHttpServer((_, response) => response.writeHead(status, headers).end("<h1>something</h1>")));

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "verbatim-why-"));
		const made = await makeCertificate(folder, "DNS:chat.example,IP:127.0.0.1");
		certFile = made.certFile;
		chat = await ServerProcess.prepare({
			flags: ["--tls.http.cert", made.certFile, "--tls.http.key", made.keyFile].concat([
				"--tls.tcp.cert",
				made.certFile,
				"--tls.tcp.key",
				made.keyFile,
			]),
		});
		await chat.start();
		const built = await Bun.build({
			entrypoints: [join(import.meta.dir, "../support/why.ts")],
			target: "node",
			outdir: folder,
			naming: "why.mjs",
			conditions: ["bun"],
		});
		expect(built.success).toBe(true);
	}, 60_000);
	afterAll(async () => {
		for (const socket of sockets) socket.destroy();
		for (const server of servers) server.close();
		await chat.remove();
		await rm(folder, { recursive: true, force: true });
	});

	async function why(path: string, ca: string, resolver: string, endpoints: readonly string[]): Promise<Told[]> {
		const script = path === process.execPath ? join(import.meta.dir, "../support/why.ts") : join(folder, "why.mjs");
		const child = Bun.spawn([path, script, ca, resolver, ...endpoints], { stdout: "pipe", stderr: "pipe" });
		const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
		expect(errors).toBe("");
		expect(await child.exited).toBe(0);
		return out
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as Told);
	}

	for (const { name, path } of runtimes) {
		const run = path ?? "";
		describe.skipIf(path === undefined)(`on ${name}${path ? "" : ` (${NODES_MISSING})`}`, () => {
			test("says why, by name, at once, over both", async () => {
				const [nowhere] = freePorts(1);
				const silent = await listen(createServer());
				const rude = await listen(createServer((socket) => socket.destroy()));
				const secure = await listen(
					createHttpsServer({ key: await Bun.file(join(folder, "key.pem")).text(), cert: await Bun.file(certFile).text() }),
				);
				const busy = await page(503, { "retry-after": "7" });
				const expected: ReadonlyArray<readonly [string, string, object?]> = [
					[`ws://127.0.0.1:${nowhere}`, "refused"],
					[`tcp://127.0.0.1:${nowhere}`, "refused"],
					[`unix:${folder}/nobody`, "refused"],
					["ws://nowhere.invalid", "dns"],
					["tcp://nowhere.invalid", "dns"],
					[`ws://127.0.0.1:${silent}`, "timeout"],
					[`tcp://127.0.0.1:${silent}`, "timeout"],
					[`ws://127.0.0.1:${rude}`, "closed"],
					[`tcp://127.0.0.1:${rude}`, "closed"],
					[`wss://127.0.0.1:${secure}`, "tls"],
					[`tls://127.0.0.1:${secure}`, "tls"],
					[`wss://127.0.0.1:${busy}`, "tls"],
					[`tls://127.0.0.1:${busy}`, "tls"],
					[`ws://127.0.0.1:${await page(404)}`, "not_verbatim", { status: 404 }],
					[`ws://127.0.0.1:${await page(200)}`, "not_verbatim", { status: 200 }],
					[`tcp://127.0.0.1:${await page(404)}`, "not_verbatim"],
					[`ws://127.0.0.1:${await page(403)}`, "forbidden", { status: 403 }],
					[`ws://127.0.0.1:${busy}`, "unavailable", { status: 503, retryAfterMs: name === "Bun" ? 5_000 : 7_000 }],
				];
				const told = await why(
					run,
					"",
					"",
					expected.map(([endpoint]) => endpoint),
				);
				expect(told.map(({ reason }, at) => [expected[at]?.[0], reason])).toEqual(
					expected.map(([endpoint, reason]) => [endpoint, reason]),
				);
				// A server without TLS that is spoken to by TLS: each runtime has words of OpenSSL's for it.
				expect(told.filter(({ endpoint }) => endpoint.endsWith(`:${busy}`) && /^(wss|tls)/.test(endpoint))).toEqual(
					Array(2).fill(expect.objectContaining({ message: expect.stringContaining("no TLS is spoken there") })),
				);
				for (const [at, [, reason, facts]] of expected.entries()) {
					expect(told[at]).toMatchObject({ state: "waiting", message: expect.stringContaining("no connection to"), ...facts });
					// The whole wait for an attempt is for the one that never answers.
					if (reason !== "timeout") expect(told[at]?.ms).toBeLessThan(1_500);
				}
			}, 60_000);

			test("connects by TLS to an address, and to a name that only a configured resolver knows", async () => {
				const dns = await startDns({ "chat.example": "127.0.0.1" });
				const [http, tcp] = [chat.httpPort, chat.tcpPort];
				const endpoints = ["127.0.0.1", "chat.example"].flatMap((host) => [`wss://${host}:${http}`, `tls://${host}:${tcp}`]);
				const told = await why(run, certFile, `127.0.0.1:${dns.port}`, endpoints);
				dns.stop();
				expect(told.map(({ endpoint, state, message }) => ({ endpoint, state, message }))).toEqual(
					endpoints.map((endpoint) => ({ endpoint, state: "live", message: undefined })),
				);
			}, 60_000);
		});
	}
});
