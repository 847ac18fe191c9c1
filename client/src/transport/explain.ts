// Why a WebSocket could not be opened, where the platform does not say: browsers hide it from scripts. A plain request to the
// same address tells some of it: the status, for the page's own server; for another one only whether anything answers.
import { type Clock, systemClock } from "../clock.ts";
import { ConnectError, RefusedError } from "../errors.ts";
import { connectError, statusError } from "./failure.ts";
import type { Explain } from "./web-socket-connection.ts";

/** A server in trouble is not asked a second time by every page at every attempt: until then the last answer stands. */
const ASK_AGAIN_MS = 10_000;
const ASK_MS = 3_000;

/** What a request at the path of the WebSocket is told by a Verbatim server. */
const UPGRADE_REQUIRED = 426;

/** Longer words are not those of a Verbatim server. */
const WORDS_CHARS_MAX = 200;

interface Asked {
	readonly atMs: number;
	readonly answer: Promise<ConnectError>;
}

export function explainer(clock: Pick<Clock, "monotonic"> = systemClock): Explain {
	const asked = new Map<string, Asked>();
	return async (endpoint, trouble) => {
		const told = connectError(endpoint.host, trouble);
		if (told.reason !== "unknown" || typeof document === "undefined") return told;
		if (navigator.onLine === false) return new ConnectError("unreachable", endpoint.host, "this device is offline");
		const before = asked.get(endpoint.href);
		const nowMs = clock.monotonic();
		if (before !== undefined && nowMs - before.atMs < ASK_AGAIN_MS) return before.answer;
		const answer = ask(endpoint);
		asked.set(endpoint.href, { atMs: nowMs, answer });
		return answer;
	};
}

async function ask(endpoint: URL): Promise<ConnectError> {
	const where = endpoint.host;
	const url = new URL(endpoint);
	url.protocol = endpoint.protocol === "wss:" ? "https:" : "http:";
	const own = url.origin === location.origin;
	let answer: Response;
	try {
		answer = await fetch(url, {
			mode: own ? "same-origin" : "no-cors",
			cache: "no-store",
			credentials: "omit",
			redirect: own ? "manual" : "follow",
			signal: AbortSignal.timeout(ASK_MS),
		});
	} catch (cause) {
		const late = cause instanceof Error && cause.name === "TimeoutError";
		if (late) return new ConnectError("timeout", where, `no answer within ${ASK_MS} ms`, { cause });
		const words =
			url.protocol === "https:" ? "nothing answers there, or not with a trusted certificate" : "nothing answers there";
		return new ConnectError("refused", where, words, { cause });
	}
	if (own && answer.status !== UPGRADE_REQUIRED && answer.status !== 0) {
		const error = statusError(where, answer.status, answer.headers.get("retry-after"));
		const refusal = error.reason === "unavailable" ? await refusalIn(answer, error.retryAfterMs) : undefined;
		if (refusal === undefined) return error;
		const { status, retryAfterMs } = error;
		return new ConnectError("unavailable", where, refusal.message, { cause: refusal, status, retryAfterMs });
	}
	return new ConnectError(
		"unknown",
		where,
		"the server answers, but gave no WebSocket: it may have no room, not take pages of this origin, or stand behind a proxy that passes none on",
	);
}

/** What a Verbatim server has against another connection, in its own words. */
async function refusalIn(answer: Response, retryAfterMs: number): Promise<RefusedError | undefined> {
	try {
		const { code, message } = (await answer.json()) as { readonly code?: unknown; readonly message?: unknown };
		if (typeof code !== "string" || typeof message !== "string") return undefined;
		if (message === "" || message.length > WORDS_CHARS_MAX) return undefined;
		return new RefusedError({ code, message, retry: true, retryAfterMs, trace: "" });
	} catch {
		return undefined;
	}
}
