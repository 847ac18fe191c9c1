// Maps errors of the runtimes and HTTP answers to `ConnectError`.
import { CLOSES } from "@verbatim/protocol";
import { ConnectError, type ConnectFailure } from "../base/errors.ts";

const REASONS: Readonly<Record<string, ConnectFailure>> = {
	ECONNREFUSED: "refused",
	ENOENT: "refused",
	ETIMEDOUT: "timeout",
	EHOSTUNREACH: "unreachable",
	ENETUNREACH: "unreachable",
	ENETDOWN: "unreachable",
	EHOSTDOWN: "unreachable",
	EADDRNOTAVAIL: "unreachable",
	EACCES: "unreachable",
	EPERM: "unreachable",
	ENOTFOUND: "dns",
	EAI_AGAIN: "dns",
	ESERVFAIL: "dns",
	ECONNRESET: "closed",
	EPIPE: "closed",
	EPROTO: "tls",
	DEPTH_ZERO_SELF_SIGNED_CERT: "tls",
	SELF_SIGNED_CERT_IN_CHAIN: "tls",
	HOSTNAME_MISMATCH: "tls",
};

const WORDS: Readonly<Partial<Record<ConnectFailure, string>>> = {
	refused: "connection refused, nothing listens there",
	timeout: "no answer in time",
	closed: "the other end hung up",
	unreachable: "there is no way to it from here",
};

/** `cause`: an error of the runtime; the known one may be nested in it. */
export function connectError(where: string, cause: unknown): ConnectError {
	const known = knownWithin(cause);
	if (known instanceof ConnectError) return known;
	if (known === undefined) return new ConnectError("unknown", where, wordsOf(cause), { cause });
	const { error, reason } = known;
	const words = reason === "tls" ? tlsWords(error.message) : (WORDS[reason] ?? error.message);
	return new ConnectError(reason, where, words, { cause });
}

/** An HTTP answer instead of an upgrade. `retryAfter`: the header's value, in seconds. */
export function statusError(where: string, status: number, retryAfter?: string | null): ConnectError {
	const answered = `the server answered HTTP ${status}`;
	if (status === 429 || status >= 500) {
		const seconds = Number(retryAfter ?? "");
		const retryAfterMs = seconds > 0 ? seconds * 1_000 : status === 503 ? CLOSES.busy.afterMs : 0;
		return new ConnectError("unavailable", where, `${answered}, it takes no connections now`, { status, retryAfterMs });
	}
	if (status === 401 || status === 403) {
		return new ConnectError("forbidden", where, `${answered}, it does not take connections from here`, { status });
	}
	return new ConnectError("not_verbatim", where, `${answered}, there is no Verbatim server at this address`, { status });
}

/** OpenSSL's message in one line; an explanation for the most common error, a server without TLS. */
function tlsWords(message: string): string {
	if (/wrong.version.number/i.test(message))
		return "TLS: no TLS is spoken there; without it the address begins with ws, http or tcp";
	return `TLS: ${message.replace(/\s+/g, " ").trim()}`;
}

interface Known {
	readonly error: Error;
	readonly reason: ConnectFailure;
}

function knownWithin(cause: unknown): Known | ConnectError | undefined {
	if (cause instanceof ConnectError) return cause;
	if (cause instanceof AggregateError) return knownWithin(cause.errors[0]);
	if (!(cause instanceof Error)) return undefined;
	const { code } = cause as { readonly code?: unknown };
	const reason = typeof code === "string" ? reasonOf(code) : undefined;
	return reason === undefined ? knownWithin(cause.cause) : { error: cause, reason };
}

function reasonOf(code: string): ConnectFailure | undefined {
	return REASONS[code] ?? (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|INVALID_CA|HOSTNAME_)/.test(code) ? "tls" : undefined);
}

function wordsOf(cause: unknown): string {
	const message = cause instanceof Error ? cause.message : cause === undefined ? "" : String(cause);
	return message || "it failed, and this platform does not say why";
}
