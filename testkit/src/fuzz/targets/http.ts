// The HTTP listener of a whole server: generated requests (methods, paths, headers, bodies, wrong lengths), one or several on a
// connection, and bytes that are no request. A complete request must be answered; for any other the connection may be closed.
import { ERRORS, isErrorCode } from "@verbatim/protocol";
import { RawPeer } from "../../e2e/raw-peer.ts";
import { Waiting } from "../../e2e/waiting.ts";
import { Choices } from "../choices.ts";
import { type GeneratedRequest, type KnownTokens, request } from "../http-request.ts";
import { type HttpResponse, responseIn } from "../http-response.ts";
import { type ServerFixture, ServerFixtures } from "../server-fixture.ts";
import { must, PropertyViolation, type Target } from "../target.ts";

const PATIENCE_MS = 8_000;
/** How long to wait for an answer to an incomplete request. */
const UNSURE_MS = 15;

export const http: Target = {
	name: "http",
	feeds: "a whole server by its HTTP listener: the API, the page, the upgrade, and any bytes",
	holds: [
		"a whole request is answered, once, in HTTP; never with 500, never with words of an internal mistake",
		"every answer under /api has the one JSON shape, a code of the table, the status of its code, and a harmless trace id",
		"what is answered under other paths is the page or says that there is nothing; every answer of ours forbids sniffing",
		"the server logs no error; a witness on the TCP listener can go on speaking; connections that are gone are held by nobody",
	],
	bytesMax: 700,
	words: [
		"server/src/listen/api/",
		"server/src/listen/http-listener.ts",
		"server/src/listen/web/origin.ts",
		"server/src/listen/web/page.ts",
		"server/src/link/peer-address.ts",
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
		const servers = new ServerFixtures();
		const known: KnownTokens = { tokens: [] };
		return {
			feed: (input) => servers.with("roomy", (server) => run(server, new Choices(input), known)),
			close: () => servers.close(),
		};
	},
};

async function run(server: ServerFixture, choices: Choices, known: KnownTokens): Promise<string> {
	const peer = await RawPeer.open(server.httpPort);
	const waiting = new Waiting();
	peer.onChange = () => waiting.wake();
	const outcomes: string[] = [];
	try {
		for (let left = 1 + choices.below(3); left > 0 && !peer.ended; left--) {
			const asked = request(choices, known);
			for (const slice of choices.slices(asked.bytes)) peer.write(slice);
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

async function answered(peer: RawPeer, waiting: Waiting, asked: GeneratedRequest): Promise<HttpResponse | undefined> {
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
		if (error instanceof PropertyViolation) throw error;
		must(!asked.whole, () => `no answer to ${JSON.stringify(asked.bytes.toString("latin1").slice(0, 300))}`);
	}
	if (asked.whole)
		must(response !== undefined, () => `hung up on ${JSON.stringify(asked.bytes.toString("latin1").slice(0, 300))}`);
	return response;
}

function judged({ status, headers, body }: HttpResponse, { path, whole, method }: GeneratedRequest, known: KnownTokens): string {
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
