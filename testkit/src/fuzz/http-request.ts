// Generates HTTP requests from choices: valid ones of every route, odd methods, paths and headers, valid and invalid bodies, wrong
// lengths, and bytes that are no request.
import type { Choices } from "./choices.ts";
import { WITNESS_ROOM } from "./server-fixture.ts";

/** Tokens from earlier responses. */
export interface KnownTokens {
	tokens: string[];
}

export interface GeneratedRequest {
	readonly bytes: Buffer;
	/** Complete and well-formed: it must be answered. */
	readonly whole: boolean;
	readonly path: string;
	readonly method: string;
}

const CRLF = "\r\n";

/** The next request of a conversation, or bytes that are none. */
export function request(choices: Choices, known: KnownTokens): GeneratedRequest {
	if (choices.onceIn(16)) return { bytes: Buffer.from(choices.rest()), whole: false, path: "", method: "" };
	const [method, path] = choices.onceIn(4) ? odd(choices) : usual(choices);
	const headers: string[] = [`Host: ${choices.onceIn(12) ? printable(choices) : "127.0.0.1"}`];
	const bearer = known.tokens[choices.byte() % Math.max(1, known.tokens.length)] ?? "a.b.c";
	if (choices.byte() % 4 !== 3) headers.push(`Authorization: Bearer ${choices.onceIn(8) ? token(bearer, choices) : bearer}`);
	while (choices.onceIn(3) && headers.length < 12) headers.push(header(choices));
	const body = method === "POST" || choices.onceIn(12) ? bodyOf(choices) : Buffer.alloc(0);
	const lying = choices.onceIn(12);
	const length = lying
		? choices.pick(["0", `${body.length + 1 + choices.byte()}`, "-1", "99999999999999999999", "1e3", " 5", "5, 5"])
		: body.length;
	if (body.length > 0 || lying || method === "POST") headers.push(`Content-Length: ${length}`);
	const head = `${method} ${path} HTTP/1.1${CRLF}${headers.join(CRLF)}${CRLF}${CRLF}`;
	const bytes = Buffer.concat([Buffer.from(head, "latin1"), body]);
	return { bytes, whole: !lying && isWhole(method, path, headers), path: pathOf(path), method };
}

/** Whether any HTTP server would accept it; then ours must answer. */
function isWhole(method: string, path: string, headers: readonly string[]): boolean {
	if (!["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"].includes(method)) return false;
	if (!/^\/[!-~]*$/.test(path) || path.length > 8_000) return false;
	const names = headers.map((line) => line.split(":")[0]?.toLowerCase());
	if (["transfer-encoding", "expect", "content-length", "upgrade", "connection"].some((name) => names.includes(name)))
		return false;
	if (headers[0] !== "Host: 127.0.0.1" || new Set(names).size < names.length) return false;
	return headers.every((line) => /^[A-Za-z-]+: [ -~]*$/.test(line) && line.length < 8_000);
}

function usual(choices: Choices): readonly [string, string] {
	const room = choices.pick(["%23tea", "%23den", "%40ann", "%40bob", encodeURIComponent(wellFormed(choices)), "r1", "%ff", "%"]);
	const query = choices.pick([
		"",
		"?after=0",
		`?before=${choices.number()}&limit=${choices.number()}`,
		`?${encodeURIComponent(wellFormed(choices))}=1`,
		"?limit=1e3",
	]);
	return choices.pick([
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

function odd(choices: Choices): readonly [string, string] {
	const method = choices.pick([
		"GET",
		"PUT",
		"DELETE",
		"HEAD",
		"OPTIONS",
		"PATCH",
		"get",
		"TRACE",
		"CONNECT",
		printable(choices),
	]);
	const path = choices.pick([
		"/api/v1/nothing",
		"/api",
		"/api/",
		"/api/v1/rooms//join",
		"/../../etc/passwd",
		"/%2e%2e/%2e%2e/package.json",
		"/..%5c..%5cpackage.json",
		"//example.org/api/v1/rooms",
		"http://example.org/api/v1/rooms",
		`/${"a/".repeat(choices.byte())}`,
		`/${"x".repeat(choices.byte() * 80)}`,
		`/${printable(choices)}`,
		`/api/v1/rooms/${printable(choices)}/entries`,
		"*",
	]);
	return [method, path];
}

function header(choices: Choices): string {
	return choices.pick([
		`Origin: ${choices.pick(["https://listed.example", "https://evil.example", "null", "http://127.0.0.1", printable(choices)])}`,
		`X-Trace-Id: ${choices.pick(["trace-1", printable(choices), "x".repeat(65)])}`,
		`Idempotency-Key: ${choices.pick(["key-1", '"key-1"', printable(choices)])}`,
		`X-Forwarded-For: ${choices.pick(["203.0.113.7", "1.2.3.4, 127.0.0.1", "[2001:db8::1]:5, unknown", printable(choices)])}`,
		`Content-Type: ${choices.pick(["application/json", "text/plain", "multipart/form-data; boundary=x"])}`,
		`If-None-Match: ${choices.pick(['"1"', "*", 'W/"1"', printable(choices)])}`,
		`Accept-Encoding: ${choices.pick(["gzip", "gzip;q=0", printable(choices)])}`,
		`traceparent: 00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`,
		`Upgrade: websocket${CRLF}Connection: Upgrade${CRLF}Sec-WebSocket-Key: ${choices.pick(["dGhlIHNhbXBsZSBub25jZQ==", printable(choices)])}${CRLF}Sec-WebSocket-Version: ${choices.pick(["13", "8"])}`,
		`Sec-WebSocket-Protocol: ${choices.pick(["verbatim.v1.json", "chat", "", printable(choices)])}`,
		"Transfer-Encoding: chunked",
		"Expect: 100-continue",
		`Content-Length: ${choices.byte()}`,
		`${printable(choices)}: ${printable(choices)}`,
		`X-Long: ${"y".repeat(choices.byte() * 70)}`,
	]);
}

function bodyOf(choices: Choices): Buffer {
	const name = choices.pick(["ann", "bob", `g${choices.u32()}`, wellFormed(choices)]);
	const password = choices.pick(["correct horse battery", "wrong horse battery", wellFormed(choices)]);
	const value: unknown = choices.pick<unknown>([
		{ name },
		{ name, password },
		{ text: choices.text() },
		{},
		{ create: true, history: choices.pick<unknown>([5, -1, 1.5, 1e300, "5"]) },
		{ name: WITNESS_ROOM.slice(1), private: choices.byte() % 2 === 0 },
		{ user: name },
		{ refresh: choices.text() },
		[name],
		{ [choices.text()]: choices.text(), name },
		null,
	]);
	const json = Buffer.from(JSON.stringify(value));
	switch (choices.below(12)) {
		case 7:
			return json.subarray(0, choices.below(json.length + 1));
		case 8:
			return Buffer.from(choices.some(80));
		case 9:
			return Buffer.from(`{"name":${"[".repeat(choices.byte() * 100)}`);
		case 10:
			return Buffer.from(`{"__proto__":{"name":"x"},"name":"ann","name":${JSON.stringify(name)}}`);
		case 11:
			return Buffer.alloc(60_000 + choices.byte() * 64, "x");
		default:
			return json;
	}
}

function token(known: string, choices: Choices): string {
	const [head = "", payload = ""] = known.split(".");
	const none = Buffer.from('{"alg":"none","typ":"access+jwt"}').toString("base64url");
	return choices.pick([
		`${head}.${payload}.`,
		`${none}.${payload}.`,
		`${known}x`,
		printable(choices),
		`${payload}.${head}.x`,
		"x".repeat(9_000),
	]);
}

/** Up to 40 characters of printable ASCII. */
function printable(choices: Choices): string {
	return Array.from(choices.some(40), (byte) => String.fromCharCode(0x20 + (byte % 0x5f))).join("");
}

function wellFormed(choices: Choices): string {
	return choices.text(40).replace(/\p{Surrogate}/gu, "?");
}

/** The path as a URL has it: dots resolved, no query. */
function pathOf(target: string): string {
	const url = `http://127.0.0.1${target.startsWith("/") ? target : `/${target}`}`;
	return URL.canParse(url) ? new URL(url).pathname : target;
}
