// Diagnoses why a WebSocket could not be opened: browsers hide the cause from scripts. A plain HTTP request to the same address gives
// the status, for the page's sameOrigin origin; for another origin only whether anything answers.
import { type Clock, systemClock } from "../base/clock.ts";
import { ConnectError, RefusedError } from "../base/errors.ts";
import { connectError, statusError } from "./failure.ts";
import { isLocal } from "./local-address.ts";
import type { Explain } from "./web-socket-connection.ts";

/** A diagnosis is reused for this time, to spare an overloaded server. */
const REUSE_MS = 10_000;
const REQUEST_TIMEOUT_MS = 3_000;

/** Status with which a Verbatim server answers a plain request at its WebSocket path. */
const UPGRADE_REQUIRED = 426;

/** Longer messages are not a Verbatim server's. */
const MESSAGE_CHARS_MAX = 200;

interface Diagnosis {
	readonly atMs: number;
	readonly answer: Promise<ConnectError>;
}

export function explainer(clock: Pick<Clock, "monotonic"> = systemClock): Explain {
	const diagnoses = new Map<string, Diagnosis>();
	return async (endpoint, trouble) => {
		const known = connectError(endpoint.host, trouble);
		if (known.reason !== "unknown" || typeof document === "undefined") return known;
		if (navigator.onLine === false && !isLocal(endpoint.hostname)) {
			return new ConnectError("unreachable", endpoint.host, "this device is offline");
		}
		const before = diagnoses.get(endpoint.href);
		const nowMs = clock.monotonic();
		if (before !== undefined && nowMs - before.atMs < REUSE_MS) return before.answer;
		const answer = diagnose(endpoint);
		diagnoses.set(endpoint.href, { atMs: nowMs, answer });
		return answer;
	};
}

async function diagnose(endpoint: URL): Promise<ConnectError> {
	const where = endpoint.host;
	const url = new URL(endpoint);
	url.protocol = endpoint.protocol === "wss:" ? "https:" : "http:";
	const sameOrigin = url.origin === location.origin;
	let answer: Response;
	try {
		answer = await fetch(url, {
			mode: sameOrigin ? "same-origin" : "no-cors",
			cache: "no-store",
			credentials: "omit",
			redirect: sameOrigin ? "manual" : "follow",
			signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
		});
	} catch (cause) {
		const late = cause instanceof Error && cause.name === "TimeoutError";
		if (late) return new ConnectError("timeout", where, `no answer within ${REQUEST_TIMEOUT_MS} ms`, { cause });
		const words =
			url.protocol === "https:" ? "nothing answers there, or not with a trusted certificate" : "nothing answers there";
		return new ConnectError("refused", where, words, { cause });
	}
	if (sameOrigin && answer.status !== UPGRADE_REQUIRED && answer.status !== 0) {
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

/** A Verbatim server's refusal in an HTTP answer. */
async function refusalIn(answer: Response, retryAfterMs: number): Promise<RefusedError | undefined> {
	try {
		const { code, message } = (await answer.json()) as { readonly code?: unknown; readonly message?: unknown };
		if (typeof code !== "string" || typeof message !== "string") return undefined;
		if (message === "" || message.length > MESSAGE_CHARS_MAX) return undefined;
		return new RefusedError({ code, message, retry: true, retryAfterMs, trace: "" });
	} catch {
		return undefined;
	}
}
