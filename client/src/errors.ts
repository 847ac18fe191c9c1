// What can go wrong for a user of the SDK, as classes with fields. `cause` holds what lies beneath.
import { type CloseName, closeByCode, ERRORS, type Failure, isErrorCode } from "@verbatim/protocol";

/** Everything this SDK throws or rejects with on purpose. */
export class VerbatimError extends Error {
	constructor(message: string, options?: { readonly cause?: unknown }) {
		super(message, options);
		this.name = new.target.name;
	}
}

/** The server refused a command. */
export class RefusedError extends VerbatimError {
	/** Stable; listed in `ERRORS`. A server newer than this SDK may send one that is not. */
	readonly code: string;
	/** May the same command succeed later, unchanged? */
	readonly retry: boolean;
	/** When it is worth trying, in milliseconds from the refusal; 0: no advice. */
	readonly retryAfterMs: number;
	/** Under which the server's log has it; empty if it gave none. */
	readonly trace: string;

	constructor(facts: Pick<Failure, "code" | "message" | "retry" | "retryAfterMs" | "trace">) {
		super(facts.message || (isErrorCode(facts.code) ? ERRORS[facts.code].message : facts.code));
		this.code = facts.code;
		this.retry = facts.retry;
		this.retryAfterMs = facts.retryAfterMs;
		this.trace = facts.trace;
	}
}

/**
 * A send ended several times by the server's own fault (`internal`) and is not tried again by itself. It may be in the log or not:
 * `Delivery.retry` says it again under the same cid, so that it is never there twice.
 */
export class UnknownOutcomeError extends VerbatimError {
	/** The newest of the server's answers, with the trace under which its log has it. */
	declare readonly cause: RefusedError;
	/** How often it was tried in vain. */
	readonly tries: number;

	constructor(tries: number, cause: RefusedError) {
		super(`the server failed at it ${tries} times; it may have been sent or not (${cause.message})`, { cause });
		this.tries = tries;
	}
}

/** There was no answer in time. A command that had been sent may or may not have been carried out. */
export class TimeoutError extends VerbatimError {
	readonly timeoutMs: number;

	/** `cause`: why there was no connection to ask on, if there was none. */
	constructor(what: string, timeoutMs: number, cause?: Error) {
		super(`${what}: no answer within ${timeoutMs} ms${cause === undefined ? "" : ` (${cause.message})`}`, { cause });
		this.timeoutMs = timeoutMs;
	}
}

/** The caller's signal ended the call; `cause` is the signal's reason. */
export class AbortedError extends VerbatimError {
	constructor(what: string, reason: unknown) {
		super(`${what}: aborted by the caller`, { cause: reason });
	}
}

/** The connection ended before the answer came. The command may or may not have been carried out. */
export class DisconnectedError extends VerbatimError {}

/** The client was closed, or has stopped for good: nothing more will happen on it. */
export class ClosedError extends VerbatimError {}

/** The server ended the connection, and said why. */
export class ServerClosedError extends VerbatimError {
	/** The number in `CLOSES`, or another one of the transport's. */
	readonly code: number;
	/** Its name in `CLOSES`, if it has one. */
	readonly closeName: CloseName | undefined;
	/** Is it of use to connect again? */
	readonly reconnect: boolean;
	/** When, in milliseconds; 0: by the client's own back-off. */
	readonly retryAfterMs: number;

	constructor(code: number, reason: string, reconnect?: boolean, retryAfterMs?: number) {
		const facts = closeByCode(code);
		super(`the server closed the connection: ${reason || facts?.reason || `code ${code}`}`);
		this.code = code;
		this.closeName = facts?.name;
		this.reconnect = reconnect ?? facts?.reconnect ?? true;
		this.retryAfterMs = retryAfterMs || (facts?.afterMs ?? 0);
	}
}

/** No connection could be made, or it broke. */
export class TransportError extends VerbatimError {}

/**
 * - refused: nothing listens at this address
 * - timeout: no answer in time
 * - unreachable: there is no way to this address, or this device is offline
 * - dns: no address was found for the name
 * - tls: no TLS, or a certificate that is not trusted
 * - closed: the other end hung up before anything was agreed
 * - unavailable: the server, or a proxy before it, has no room now (HTTP 429 and 5xx)
 * - forbidden: it does not take connections from here (HTTP 401, 403)
 * - not_verbatim: something else answers there
 * - unknown: the platform does not say; browsers mostly do not
 */
export type ConnectFailure =
	| "refused"
	| "timeout"
	| "unreachable"
	| "dns"
	| "tls"
	| "closed"
	| "unavailable"
	| "forbidden"
	| "not_verbatim"
	| "unknown";

/** No connection could be made. */
export class ConnectError extends TransportError {
	readonly reason: ConnectFailure;
	/** Host and port, or the path of a Unix socket. */
	readonly where: string;
	/** Of the HTTP answer, where there was one. */
	readonly status: number | undefined;
	/** When it is worth trying, in milliseconds; 0: no advice. */
	readonly retryAfterMs: number;

	constructor(
		reason: ConnectFailure,
		where: string,
		words: string,
		facts: { readonly cause?: unknown; readonly status?: number | undefined; readonly retryAfterMs?: number } = {},
	) {
		super(`no connection to ${where}: ${words}`, "cause" in facts ? { cause: facts.cause } : undefined);
		this.reason = reason;
		this.where = where;
		this.status = facts.status;
		this.retryAfterMs = facts.retryAfterMs ?? 0;
	}
}

/** What the server sent does not fit the protocol. The connection is dropped and made anew. */
export class ProtocolError extends VerbatimError {}

/** The outbox cannot keep what was said through a reload (it goes on from memory), or is full. */
export class OutboxError extends VerbatimError {}

/** The send was taken back before it was acknowledged. */
export class DiscardedError extends VerbatimError {}

/**
 * The room's log was put back to an older state: entries seen before may not be in it any more, and a reader cannot go on
 * from where it stood. Read anew, from the start or from `head`.
 */
export class EpochError extends VerbatimError {
	readonly room: string;
	readonly head: number;

	constructor(room: string, head: number) {
		super("the room's log was restored from an older state; read it anew");
		this.room = room;
		this.head = head;
	}
}
