// Errors of opening listeners: ports in use, sockets left behind, bad certificates.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, lstatSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ListenerOptions } from "../../src/listen/listeners.ts";
import { BindError } from "../../src/listen/socket/bind.ts";
import { RawSocket } from "./raw-socket.ts";
import { openServer, type TestServer } from "./support.ts";

let folder: string;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "verbatim-listeners-"));
});

afterAll(() => rm(folder, { recursive: true }));

const open = (options: Partial<ListenerOptions>): Promise<TestServer> => openServer({ options, timing: { lineModeAfterMs: 20 } });

async function whyNot(options: Partial<ListenerOptions>): Promise<string> {
	let opened: TestServer | undefined;
	const failed = await open(options).then(
		(server) => {
			opened = server;
		},
		(error: unknown) => error,
	);
	// If it opened unexpectedly, it is closed.
	await opened?.[Symbol.asyncDispose]();
	expect(failed).toBeInstanceOf(BindError);
	return failed instanceof BindError ? failed.message : "";
}

test("a port in use is reported with what to do, and no other listener stays open", async () => {
	await using server = await open({});
	const taken = `127.0.0.1:${server.tcpPort}`;
	expect(await whyNot({ tcp: { address: taken } })).toBe(
		`the address ${taken} is in use: stop what listens there or choose another with --tcp HOST:PORT`,
	);
	const alsoTaken = `127.0.0.1:${server.httpPort}`;
	expect(await whyNot({ http: { address: alsoTaken } })).toBe(
		`the address ${alsoTaken} is in use: stop what listens there or choose another with --http HOST:PORT`,
	);
	// The first try's HTTP listener was closed again.
	const free = server.httpPort;
	await server.listeners.close(0);
	await expect(open({ http: { address: `127.0.0.1:${free}` }, tcp: { address: "192.0.2.1:0" } })).rejects.toThrow(BindError);
	await using again = await open({ http: { address: `127.0.0.1:${free}` } });
	expect(again.httpPort).toBe(free);
});

test("an address that this machine does not have, an invalid host and a missing folder are reported", async () => {
	expect(await whyNot({ tcp: { address: "192.0.2.1:9000" } })).toContain("this machine has no such address as 192.0.2.1:9000");
	expect(await whyNot({ tcp: { address: "no.such.host.invalid:9000" } })).toContain("cannot listen on no.such.host.invalid:9000");
	expect(await whyNot({ tcp: { address: `unix:${folder}/none/x.sock` } })).toContain("--tcp unix:/path");
});

test("Unix sockets serve both listeners, for owner and group only, and are removed afterwards", async () => {
	const http = join(folder, "http.sock");
	const tcp = join(folder, "tcp.sock");
	await using server = await open({ http: { address: `unix:${http}` }, tcp: { address: `unix:${tcp}` } });
	for (const path of [http, tcp]) expect(lstatSync(path).mode & 0o777).toBe(0o660);
	const peer = await RawSocket.open(tcp);
	peer.write("/nick ann\n/join tea\nhello\n");
	peer.finish();
	expect(await peer.toEnd()).toContain("<ann> hello\n");
	const answer = await fetch("http://localhost/api/v1/rooms", { unix: http });
	expect(await answer.json()).toMatchObject({ code: "unauthenticated" });
	await server.listeners.close(0);
	expect([existsSync(http), existsSync(tcp)]).toEqual([false, false]);
});

test("a killed server's Unix socket is replaced, one with a server on it is not", async () => {
	const path = join(folder, "left.sock");
	const script = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); console.log("listening");`;
	const killed = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
	try {
		await killed.stdout.getReader().read();
		expect(await whyNot({ tcp: { address: `unix:${path}` } })).toContain("somebody listens on");
	} finally {
		killed.kill("SIGKILL");
		await killed.exited;
	}
	expect(existsSync(path)).toBe(true);
	await using server = await open({ tcp: { address: `unix:${path}` } });
	const peer = await RawSocket.open(path);
	await peer.line("Verbatim");
	expect(server.faults).toEqual([]);
});

test("a file that is no socket is never removed", async () => {
	const path = join(folder, "precious.txt");
	await writeFile(path, "words");
	expect(await whyNot({ http: { address: `unix:${path}` } })).toBe(
		`${path} is there and is no socket: remove it or choose another with --http`,
	);
	const link = join(folder, "link");
	await symlink(path, link);
	expect(await whyNot({ http: { address: `unix:${link}` } })).toContain("is no socket");
	expect(await readFile(path, "utf8")).toBe("words");
});

test("a listener that is switched off is not opened", async () => {
	await using server = await open({ http: undefined });
	expect(server.listeners.http).toBeUndefined();
	expect(server.tcpPort).toBeGreaterThan(0);
});

test("without a host, every address of the machine is bound", async () => {
	await using server = await open({ tcp: { address: ":0" } });
	const peer = await RawSocket.open(server.tcpPort);
	await peer.line("Verbatim");
});

// ------------------------------------------------------------ TLS

const openssl = Bun.which("openssl");
if (openssl === null) process.stderr.write("SKIPPED for want of openssl: the tests of TLS\n");

/** A self-signed certificate for localhost, and its key. */
async function certificate(name: string): Promise<{ cert: string; key: string }> {
	const cert = join(folder, `${name}.pem`);
	const key = join(folder, `${name}.key`);
	const args = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
	const made = Bun.spawn(
		[
			openssl ?? "openssl",
			...args.split(" "),
			"-addext",
			"subjectAltName=DNS:localhost,IP:127.0.0.1",
			"-keyout",
			key,
			"-out",
			cert,
		],
		{ stderr: "ignore" },
	);
	expect(await made.exited).toBe(0);
	return { cert, key };
}

test.skipIf(openssl === null)("TLS on both listeners: line mode, HTTPS and secure WebSockets", async () => {
	const files = await certificate("good");
	const ca = await readFile(files.cert, "utf8");
	await using server = await open({ http: { address: "127.0.0.1:0", tls: files }, tcp: { address: "127.0.0.1:0", tls: files } });
	expect([server.listeners.http?.secure, server.listeners.tcp?.secure]).toEqual([true, true]);
	const silent = await RawSocket.openTls(server.tcpPort, ca);
	await silent.line("Verbatim");
	const peer = await RawSocket.openTls(server.tcpPort, ca);
	peer.write("/nick ann\n/join tea\nhello\n");
	peer.finish();
	expect(await peer.toEnd()).toContain("<ann> hello\n");
	const https = server.http.replace("http:", "https:");
	expect((await fetch(`${https}/api/v1/rooms`, { tls: { ca } })).status).toBe(401);
	const ws = new WebSocket(`${https.replace("https:", "wss:")}/ws`, { protocols: ["verbatim.v1.json"], tls: { ca } });
	await new Promise((resolve, reject) => {
		ws.onopen = resolve;
		ws.onerror = reject;
	});
	ws.close();
});

test.skipIf(openssl === null)("a client without TLS on a TLS listener is cut, without effect on others", async () => {
	const files = await certificate("plain");
	await using server = await open({ tcp: { address: "127.0.0.1:0", tls: files } });
	const plain = await RawSocket.open(server.tcpPort);
	plain.write("/nick ann\n/join tea\n");
	await plain.toEnd();
	const peer = await RawSocket.openTls(server.tcpPort, await readFile(files.cert, "utf8"));
	await peer.line("Verbatim");
	expect(server.faults).toEqual([]);
});

test.skipIf(openssl === null)("a missing, damaged or mismatched certificate stops the start with the reason", async () => {
	const good = await certificate("one");
	const other = await certificate("two");
	const bad = join(folder, "bad.pem");
	await writeFile(bad, "not a certificate");
	const why = (tls: { cert: string; key: string }): Promise<string> => whyNot({ http: { address: "127.0.0.1:0", tls } });
	expect(await why({ cert: join(folder, "none.pem"), key: good.key })).toStartWith("tls.http.cert: cannot read ");
	expect(await why({ cert: bad, key: good.key })).toEndWith("bad.pem does not hold a certificate in PEM form");
	expect(await why({ cert: good.cert, key: bad })).toEndWith("bad.pem does not hold an unencrypted private key in PEM form");
	expect(await why({ cert: good.cert, key: other.key })).toContain("does not belong to the certificate");
});
