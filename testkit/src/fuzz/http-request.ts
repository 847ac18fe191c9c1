// HTTP requests made of choices: good ones of every route, odd ones, headers of all kinds, bodies that fit and bodies that do not,
// lengths that lie, and bytes that are no request at all.
import type { Draw } from "./draw.ts";
import { WITNESSED_ROOM } from "./house.ts";

/** What answers have told: tokens to come back with. */
export interface Known {
	tokens: string[];
}

export interface Asked {
	readonly bytes: Buffer;
	/** Whole and well-formed: an answer is owed. */
	readonly whole: boolean;
	readonly path: string;
	readonly method: string;
}

const CRLF = "\r\n";

/** The next request of a conversation, or bytes that are none. */
export function request(draw: Draw, known: Known): Asked {
	if (draw.onceIn(16)) return { bytes: Buffer.from(draw.rest()), whole: false, path: "", method: "" };
	const [method, path] = draw.onceIn(4) ? odd(draw) : usual(draw);
	const headers: string[] = [`Host: ${draw.onceIn(12) ? printable(draw) : "127.0.0.1"}`];
	const bearer = known.tokens[draw.byte() % Math.max(1, known.tokens.length)] ?? "a.b.c";
	if (draw.byte() % 4 !== 3) headers.push(`Authorization: Bearer ${draw.onceIn(8) ? token(bearer, draw) : bearer}`);
	while (draw.onceIn(3) && headers.length < 12) headers.push(header(draw));
	const body = method === "POST" || draw.onceIn(12) ? bodyOf(draw) : Buffer.alloc(0);
	const lying = draw.onceIn(12);
	const length = lying
		? draw.pick(["0", `${body.length + 1 + draw.byte()}`, "-1", "99999999999999999999", "1e3", " 5", "5, 5"])
		: body.length;
	if (body.length > 0 || lying || method === "POST") headers.push(`Content-Length: ${length}`);
	const head = `${method} ${path} HTTP/1.1${CRLF}${headers.join(CRLF)}${CRLF}${CRLF}`;
	const bytes = Buffer.concat([Buffer.from(head, "latin1"), body]);
	return { bytes, whole: !lying && isWhole(method, path, headers), path: pathOf(path), method };
}

/** Would any HTTP server take it? Then ours has to answer. */
function isWhole(method: string, path: string, headers: readonly string[]): boolean {
	if (!["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"].includes(method)) return false;
	if (!/^\/[!-~]*$/.test(path) || path.length > 8_000) return false;
	const names = headers.map((line) => line.split(":")[0]?.toLowerCase());
	if (["transfer-encoding", "expect", "content-length", "upgrade", "connection"].some((name) => names.includes(name)))
		return false;
	if (headers[0] !== "Host: 127.0.0.1" || new Set(names).size < names.length) return false;
	return headers.every((line) => /^[A-Za-z-]+: [ -~]*$/.test(line) && line.length < 8_000);
}

function usual(draw: Draw): readonly [string, string] {
	const room = draw.pick(["%23tea", "%23den", "%40ann", "%40bob", encodeURIComponent(wellFormed(draw)), "r1", "%ff", "%"]);
	const query = draw.pick([
		"",
		"?after=0",
		`?before=${draw.number()}&limit=${draw.number()}`,
		`?${encodeURIComponent(wellFormed(draw))}=1`,
		"?limit=1e3",
	]);
	return draw.pick([
		["POST", "/api/v1/guest"],
		["POST", "/api/v1/register"],
		["POST", "/api/v1/login"],
		["POST", "/api/v1/refresh"],
		["GET", "/api/v1/rooms"],
		["POST", "/api/v1/rooms"],
		["POST", `/api/v1/rooms/${room}/join`],
		["POST", `/api/v1/rooms/${room}/messages`],
		["POST", `/api/v1/rooms/${room}/leave`],
		["POST", `/api/v1/rooms/${room}/invite`],
		["GET", `/api/v1/rooms/${room}/entries${query}`],
		["GET", `/api/v1/rooms/${room}/members`],
		["GET", "/"],
		["GET", "/ws"],
	]);
}

function odd(draw: Draw): readonly [string, string] {
	const method = draw.pick(["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "get", "TRACE", "CONNECT", printable(draw)]);
	const path = draw.pick([
		"/api/v1/nothing",
		"/api",
		"/api/",
		"/api/v1/rooms//join",
		"/../../etc/passwd",
		"/%2e%2e/%2e%2e/package.json",
		"/..%5c..%5cpackage.json",
		"//example.org/api/v1/rooms",
		"http://example.org/api/v1/rooms",
		`/${"a/".repeat(draw.byte())}`,
		`/${"x".repeat(draw.byte() * 80)}`,
		`/${printable(draw)}`,
		`/api/v1/rooms/${printable(draw)}/entries`,
		"*",
	]);
	return [method, path];
}

function header(draw: Draw): string {
	return draw.pick([
		`Origin: ${draw.pick(["https://listed.example", "https://evil.example", "null", "http://127.0.0.1", printable(draw)])}`,
		`X-Trace-Id: ${draw.pick(["trace-1", printable(draw), "x".repeat(65)])}`,
		`Idempotency-Key: ${draw.pick(["key-1", '"key-1"', printable(draw)])}`,
		`X-Forwarded-For: ${draw.pick(["203.0.113.7", "1.2.3.4, 127.0.0.1", "[2001:db8::1]:5, unknown", printable(draw)])}`,
		`Content-Type: ${draw.pick(["application/json", "text/plain", "multipart/form-data; boundary=x"])}`,
		`If-None-Match: ${draw.pick(['"1"', "*", 'W/"1"', printable(draw)])}`,
		`Accept-Encoding: ${draw.pick(["gzip", "gzip;q=0", printable(draw)])}`,
		`traceparent: 00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`,
		`Upgrade: websocket${CRLF}Connection: Upgrade${CRLF}Sec-WebSocket-Key: ${draw.pick(["dGhlIHNhbXBsZSBub25jZQ==", printable(draw)])}${CRLF}Sec-WebSocket-Version: ${draw.pick(["13", "8"])}`,
		`Sec-WebSocket-Protocol: ${draw.pick(["verbatim.v1.json", "chat", "", printable(draw)])}`,
		"Transfer-Encoding: chunked",
		"Expect: 100-continue",
		`Content-Length: ${draw.byte()}`,
		`${printable(draw)}: ${printable(draw)}`,
		`X-Long: ${"y".repeat(draw.byte() * 70)}`,
	]);
}

function bodyOf(draw: Draw): Buffer {
	const name = draw.pick(["ann", "bob", `g${draw.u32()}`, wellFormed(draw)]);
	const password = draw.pick(["correct horse battery", "wrong horse battery", wellFormed(draw)]);
	const value: unknown = draw.pick<unknown>([
		{ name },
		{ name, password },
		{ text: draw.text() },
		{},
		{ create: true, history: draw.pick<unknown>([5, -1, 1.5, 1e300, "5"]) },
		{ name: WITNESSED_ROOM.slice(1), private: draw.byte() % 2 === 0 },
		{ user: name },
		{ refresh: draw.text() },
		[name],
		{ [draw.text()]: draw.text(), name },
		null,
	]);
	const json = Buffer.from(JSON.stringify(value));
	switch (draw.below(12)) {
		case 7:
			return json.subarray(0, draw.below(json.length + 1));
		case 8:
			return Buffer.from(draw.some(80));
		case 9:
			return Buffer.from(`{"name":${"[".repeat(draw.byte() * 100)}`);
		case 10:
			return Buffer.from(`{"__proto__":{"name":"x"},"name":"ann","name":${JSON.stringify(name)}}`);
		case 11:
			return Buffer.alloc(60_000 + draw.byte() * 64, "x");
		default:
			return json;
	}
}

function token(known: string, draw: Draw): string {
	const [head = "", payload = ""] = known.split(".");
	const none = Buffer.from('{"alg":"none","typ":"access+jwt"}').toString("base64url");
	return draw.pick([
		`${head}.${payload}.`,
		`${none}.${payload}.`,
		`${known}x`,
		printable(draw),
		`${payload}.${head}.x`,
		"x".repeat(9_000),
	]);
}

/** Up to 40 characters of printable ASCII. */
function printable(draw: Draw): string {
	return Array.from(draw.some(40), (byte) => String.fromCharCode(0x20 + (byte % 0x5f))).join("");
}

function wellFormed(draw: Draw): string {
	return draw.text(40).replace(/\p{Surrogate}/gu, "?");
}

/** The path as a URL has it: dots resolved, no query. */
function pathOf(target: string): string {
	const url = `http://127.0.0.1${target.startsWith("/") ? target : `/${target}`}`;
	return URL.canParse(url) ? new URL(url).pathname : target;
}
