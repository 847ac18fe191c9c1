// The HTTP door of a whole server: requests made of choices (methods, paths, headers, bodies, lengths that lie), one or several on a
// connection, and bytes that are no request. A request that is whole must be answered; one that is not may be hung up on.
import { ERRORS, isErrorCode } from "@verbatim/protocol";
import { RawPeer } from "../../e2e/raw-peer.ts";
import { Waiting } from "../../e2e/waiting.ts";
import { Draw } from "../draw.ts";
import { type House, Houses } from "../house.ts";
import { type Asked, type Known, request } from "../http-request.ts";
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
