// The access log: one line for each HTTP request (the API, the page, the upgrade to WebSocket), without query (it may hold a token), headers and
// bodies. Rates are limited: the rest is counted (limit/log-sampler.ts).
import type { ErrorCode } from "@verbatim/protocol";
import type { LogSampler } from "../../limit/log-sampler.ts";

/** Fields of an answer in the log, beside its status. */
interface AnswerFacts {
	/** Of a refusal. */
	readonly code?: ErrorCode;
	/** Of the body. */
	readonly bytes?: number;
}

const answers = new WeakMap<Response, AnswerFacts>();
const users = new WeakMap<Request, string>();

/** Adds fields to the request's line. Returns the answer. */
export function noteAnswer(response: Response, facts: AnswerFacts): Response {
	answers.set(response, { ...answers.get(response), ...facts });
	return response;
}

/** Adds the request's authenticated user to its line. */
export function noteUser(request: Request, user: string): void {
	users.set(request, user);
}

/** Of a refusal. */
export function codeOf(response: Response): ErrorCode | undefined {
	return answers.get(response)?.code;
}

const PATH_CHARS_MAX = 200;
/** The status of an upgrade, which the runtime answers itself. */
const SWITCHING = 101;

/** `response` undefined: the request was upgraded to a WebSocket. */
export function logAccess(
	lines: LogSampler,
	{
		request,
		response,
		trace,
		address,
		ms,
	}: { request: Request; response: Response | undefined; trace: string; address: string; ms: number },
): void {
	const status = response?.status ?? SWITCHING;
	lines.line(
		{ about: status < 400 ? "served" : "refused", kind: `request ${Math.floor(status / 100)}xx`, address },
		() => ({
			trace,
			user: users.get(request),
			method: request.method,
			path: pathOf(request.url),
			status,
			...(response && answers.get(response)),
			ms: Math.round(ms),
			address,
		}),
		"request",
	);
}

/** Without host and query. */
function pathOf(url: string): string {
	const path = url.replace(/^\w+:\/\/[^/]*/, "").split(/[?#]/, 1)[0] ?? "";
	return path.length > PATH_CHARS_MAX ? `${path.slice(0, PATH_CHARS_MAX)}…` : path;
}
