// The web page over HTTP.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { metric, openServer, type ServerSettings, type TestServer } from "./support.ts";

const BIG = new TextEncoder().encode("const word = 'again';\n".repeat(1_000));

let server: TestServer;

beforeAll(async () => {
	server = await openServer({
		page(path) {
			if (path === "/") return { body: "<!doctype html>", type: "text/html; charset=utf-8", etag: '"one"', immutable: false };
			if (path === "/main.abc.js") return { body: "1", type: "text/javascript", etag: '"two"', immutable: true };
			if (path === "/big.js") return { body: BIG, type: "text/javascript", etag: '"big"', immutable: true };
			if (path === "/broken") throw new Error("a bug of the page's maker");
			return undefined;
		},
	});
});

afterAll(() => server[Symbol.asyncDispose]());

test("the page's security policy allows its own files and its own server only", async () => {
	const answer = await fetch(`${server.http}/`);
	expect(await answer.text()).toBe("<!doctype html>");
	const host = `127.0.0.1:${server.httpPort}`;
	expect(answer.headers.get("content-security-policy")).toBe(
		`default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://${host} wss://${host}; img-src 'self' data:; ` +
			"font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
	);
	expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
	expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
	expect(answer.headers.get("cross-origin-opener-policy")).toBe("same-origin");
	expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
	expect(answer.headers.get("cache-control")).toBe("no-cache");
});

test("cached files are not sent again, and immutable ones are cached for ever", async () => {
	const again = await fetch(`${server.http}/`, { headers: { "if-none-match": 'W/"one"' } });
	expect([again.status, await again.text()]).toEqual([304, ""]);
	const script = await fetch(`${server.http}/main.abc.js`);
	expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
	const head = await fetch(`${server.http}/`, { method: "HEAD" });
	expect([head.status, await head.text(), head.headers.get("etag")]).toEqual([200, "", '"one"']);
});

test("an invalid Host header does not get into the policy", async () => {
	const answer = await fetch(`${server.http}/`, { headers: { host: "x; script-src *" } });
	expect(answer.headers.get("content-security-policy") ?? "").not.toContain("script-src *");
});

test("missing files, other methods and failures are answered in text", async () => {
	expect((await fetch(`${server.http}/../../etc/passwd`)).status).toBe(404);
	expect((await fetch(`${server.http}/`, { method: "POST", body: "x" })).status).toBe(405);
	const broken = await fetch(`${server.http}/broken`);
	expect(broken.status).toBe(500);
	expect(await broken.text()).not.toContain("a bug of");
	expect(server.faults).toHaveLength(1);
});

test("a large file is compressed for clients that accept it, and revalidated either way", async () => {
	const raw = (encoding: string) =>
		fetch(`${server.http}/big.js`, { headers: { "accept-encoding": encoding }, decompress: false });
	const packed = await raw("br, gzip");
	expect(packed.headers.get("content-encoding")).toBe("gzip");
	expect(packed.headers.get("vary")).toBe("accept-encoding");
	const bytes = await packed.bytes();
	expect(bytes.length).toBeLessThan(BIG.length / 10);
	expect(Bun.gunzipSync(new Uint8Array(bytes))).toEqual(BIG);
	for (const encoding of ["identity", "gzip;q=0"]) {
		const plain = await raw(encoding);
		expect(plain.headers.get("content-encoding")).toBeNull();
		expect(await plain.bytes()).toEqual(BIG);
	}
	const tag = packed.headers.get("etag") ?? "";
	expect((await fetch(`${server.http}/big.js`, { headers: { "if-none-match": tag } })).status).toBe(304);
});

const PAGE: NonNullable<ServerSettings["page"]> = () => ({
	body: "<!doctype html>\n",
	type: "text/html; charset=utf-8",
	etag: '"one"',
	immutable: false,
});
const OPENED_BY_A_PERSON = { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };

test("the page is served despite the limit on connections, and a plain request at /ws says why one more is refused", async () => {
	await using crowded = await openServer({ admission: { connectionsPerAddressMax: 1 }, page: PAGE });
	const plain = () => fetch(`${crowded.http}/ws`);
	expect((await plain()).status).toBe(426);
	const held = new WebSocket(`ws://127.0.0.1:${crowded.httpPort}/ws`);
	await new Promise((resolve) => held.addEventListener("open", resolve));
	for (let n = 0; n < 3; n++) expect((await fetch(`${crowded.http}/`)).status).toBe(200);
	const refused = await plain();
	expect(refused.status).toBe(503);
	expect(refused.headers.get("retry-after")).toBe("5");
	expect(await refused.json()).toMatchObject({ code: "busy", message: "too many connections from your IP address" });
	// No connection was refused yet.
	expect(metric(crowded.metrics, "verbatim_connections_refused_total", "address")).toBe(0);
	held.close();
});

test("files of the page are limited in rate by address; beyond, a browser gets a page that reloads itself", async () => {
	await using strict = await openServer({ admission: { filesPerAddress: { perSecond: 0.1, burst: 1 } }, page: PAGE });
	expect((await fetch(`${strict.http}/`)).status).toBe(200);
	const program = await fetch(`${strict.http}/`);
	expect(program.status).toBe(503);
	expect(await program.json()).toMatchObject({ code: "busy" });
	const person = await fetch(`${strict.http}/`, OPENED_BY_A_PERSON);
	expect(person.status).toBe(503);
	expect(person.headers.get("content-type")).toBe("text/html; charset=utf-8");
	const seconds = Number(person.headers.get("retry-after"));
	expect(seconds).toBeGreaterThan(0);
	const html = await person.text();
	expect(html).toContain(`<meta http-equiv="refresh" content="${seconds}">`);
	expect(html).toContain("Too many requests for this page from your IP address.");
	expect(metric(strict.metrics, "verbatim_connections_refused_total", "files")).toBe(2);
});
