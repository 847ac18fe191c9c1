// Why a WebSocket could not be opened, where the platform does not say: browsers hide it from scripts. A plain request to the
// same address tells some of it: the status, for the page's own server; for another one only whether anything answers.
import { type Clock, systemClock } from "../clock.ts";
import { ConnectError } from "../errors.ts";
import { connectError, statusError } from "./failure.ts";
import type { Explain } from "./web-socket-connection.ts";

/** A server in trouble is not asked a second time by every page at every attempt. */
const ASK_AGAIN_MS = 10_000;
const ASK_MS = 3_000;

/** What a request at the path of the WebSocket is told by a Verbatim server. */
const UPGRADE_REQUIRED = 426;

const SILENT = "it failed, and browsers do not say why";

export function explainer(clock: Pick<Clock, "monotonic"> = systemClock): Explain {
	let askedAtMs = Number.NEGATIVE_INFINITY;
	return async (endpoint, trouble) => {
		const told = connectError(endpoint.host, trouble);
		if (told.reason !== "unknown" || typeof document === "undefined") return told;
		if (navigator.onLine === false) return new ConnectError("unreachable", endpoint.host, "this device is offline");
		if (clock.monotonic() - askedAtMs < ASK_AGAIN_MS) return new ConnectError("unknown", endpoint.host, SILENT);
		askedAtMs = clock.monotonic();
		return ask(endpoint);
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
		return new ConnectError("refused", where, "nothing answers there, or not with a trusted certificate", { cause });
	}
	if (own && answer.status !== UPGRADE_REQUIRED && answer.status !== 0) {
		return statusError(where, answer.status, answer.headers.get("retry-after"));
	}
	return new ConnectError(
		"unknown",
		where,
		"the server answers, but gave no WebSocket: it may have no room, not take pages of this origin, or stand behind a proxy that passes none on",
	);
}
