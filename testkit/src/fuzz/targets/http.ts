// The HTTP door of a whole server: requests made of choices (methods, paths, headers, bodies, lengths that lie), one or several on a
// connection, and bytes that are no request. A request that is whole must be answered; one that is not may be hung up on.
import { ERRORS, isErrorCode } from "@verbatim/protocol";
import { RawPeer } from "../../e2e/raw-peer.ts";
import { Waiting } from "../../e2e/waiting.ts";
import { Draw } from "../draw.ts";
import { type House, Houses, WITNESSED_ROOM } from "../house.ts";
import { type HttpResponse, responseIn } from "../http-response.ts";
import { Broken, must, type Target } from "../target.ts";

const PATIENCE_MS = 8_000;
/** What is no whole request is given this long to be answered, before it is given up. */
const UNSURE_MS = 15;

export const http: Target = {
	name: "http",
	feeds: "a whole server by its HTTP door: the API, the page, the upgrade, and any bytes",
	holds: [
		"a whole request is answered, once, in HTTP; never with 500, never with words of an internal mistake",
		"every answer under /api has the one JSON shape, a code of the table, the status of its code, and a harmless trace id",
		"what is answered under other paths is the page or says that there is nothing; every answer of ours forbids sniffing",
		"the server logs no error; a witness on the TCP door can go on speaking; connections that are gone are held by nobody",
	],
	bytesMax: 700,
	words: [
		"server/src/listen/api/",
		"server/src/listen/http.ts",
		"server/src/listen/origin.ts",
		"server/src/listen/page.ts",
		"server/src/listen/peer.ts",
	],
	pieces: [
		"/api/v1/",
		"%23tea",
		"%2e%2e%2f",
		"%00",
		"%",
		"..",
		"//",
		"\\",
		"?after=0",
		"&",
		"{room}",
		'{"name":"',
		'"text":',
		"Bearer ",
		"\r\n",
		":",
		"chunked",
		"[".repeat(200),
	],
	seeds: () => [
		Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0]),
		...Array.from({ length: 24 }, (_, i) => Uint8Array.from([0, 0, i, i, i * 7, i, 1, i, 0, 0, i * 3, 5, 9, i])),
	],
	open: () => {
		const houses = new Houses();
		const known: Known = { tokens: [] };
		return {
			feed: (input) => houses.with("roomy", (house) => visit(house, new Draw(input), known)),
			close: () => houses.close(),
		};
	},
};

/** What answers have told: tokens to come back with. */
interface Known {
	tokens: string[];
}

interface Asked {
	readonly bytes: Buffer;
	/** Whole and well-formed: an answer is owed. */
	readonly whole: boolean;
	readonly path: string;
	readonly method: string;
}

async function visit(house: House, draw: Draw, known: Known): Promise<string> {
	const peer = await RawPeer.open(house.httpPort);
	const waiting = new Waiting();
	peer.onChange = () => waiting.wake();
	const outcomes: string[] = [];
	try {
		for (let left = 1 + draw.below(3); left > 0 && !peer.ended; left--) {
			const asked = request(draw, known);
			for (const slice of draw.slices(asked.bytes)) peer.write(slice);
			const answer = await answered(peer, waiting, asked);
			if (answer === undefined) {
				outcomes.push(peer.ended ? "hung up" : "unanswered");
				break;
			}
			outcomes.push(judged(answer, asked, known));
			if (!asked.whole || answer.status === 101) break;
		}
	} finally {
		peer.close();
	}
	return outcomes.join(",");
}

async function answered(peer: RawPeer, waiting: Waiting, asked: Asked): Promise<HttpResponse | undefined> {
	let received = Buffer.alloc(0);
	let response: HttpResponse | undefined;
	const isThere = (): boolean => {
		received = Buffer.concat([received, peer.takeAll()]);
		response = responseIn(received, asked.method === "HEAD");
		return response !== undefined || peer.ended;
	};
	try {
		await waiting.until(isThere, () => "", asked.whole ? PATIENCE_MS : UNSURE_MS);
	} catch (error) {
		if (error instanceof Broken) throw error;
		must(!asked.whole, () => `no answer to ${JSON.stringify(asked.bytes.toString("latin1").slice(0, 300))}`);
	}
	if (asked.whole)
		must(response !== undefined, () => `hung up on ${JSON.stringify(asked.bytes.toString("latin1").slice(0, 300))}`);
	return response;
}

function judged({ status, headers, body }: HttpResponse, { path, whole, method }: Asked, known: Known): string {
	must(status !== 500 && status !== 502 && status !== 504, () => `${path} was answered with ${status}: ${body.slice(0, 300)}`);
	// What the runtime itself refuses has neither a body nor headers of ours.
	if (!whole && headers.get("x-content-type-options") === undefined && status >= 400) return `runtime ${status}`;
	// An upgrade, or the answer to a preflight: there is nothing to sniff.
	if (status === 101 || status === 204) return `${status}`;
	must(headers.get("x-content-type-options") === "nosniff", () => `${status} of ${path} may be sniffed`);
	if (!headers.get("content-type")?.startsWith("application/json")) {
		must(!/^\/api(\/|$)/.test(path), () => `${path} was answered with ${status} that is no JSON`);
		return `${status}`;
	}
	if (method === "HEAD") return `HEAD ${status}`;
	const { code, message, data } = JSON.parse(body) as { code: string; message: string; data: Record<string, unknown> };
	must(typeof message === "string" && typeof data === "object", () => `an answer of another shape: ${body.slice(0, 200)}`);
	// What is refused before anything is looked at has none.
	must(/^[!-~]{1,64}$/.test(headers.get("x-trace-id") ?? "none"), "a trace id that is none");
	if (code === "ok") {
		must(status === 200, () => `ok with ${status}`);
		const { tokens } = data as { tokens?: { access: string; refresh: string } };
		if (tokens) known.tokens = [...known.tokens.slice(-6), tokens.access, tokens.refresh];
		return `ok ${path.split("/").at(-1)?.slice(0, 12)}`;
	}
	must(isErrorCode(code) && code !== "internal", () => `${code} of ${path}: ${body.slice(0, 300)}`);
	const expected = code === "unknown_command" ? [404, 405] : [ERRORS[code].status];
	must(expected.includes(status), () => `${code} with ${status}`);
	must(message !== "" && message.length < 400, "a refusal without words, or with too many");
	return `${code}`;
}

// ------------------------------------------------------------ requests

const CRLF = "\r\n";

function request(draw: Draw, known: Known): Asked {
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
