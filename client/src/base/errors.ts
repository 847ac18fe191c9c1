// The SDK's errors: classes with fields. `cause` holds the underlying error.
import { type CloseName, closeByCode, ERRORS, type Failure, isErrorCode } from "@verbatim/protocol";

/** Base class of all errors that the SDK throws or rejects with. */
export class VerbatimError extends Error {
	constructor(message: string, options?: { readonly cause?: unknown }) {
		super(message, options);
		this.name = new.target.name;
	}
}

/** The server refused a command. */
export class RefusedError extends VerbatimError {
	/** Stable; listed in `ERRORS`. A newer server may send further codes. */
	readonly code: string;
	/** Whether the same command may succeed later, unchanged. */
	readonly retry: boolean;
	/** Earliest sensible retry, in milliseconds from the refusal; 0: no advice. */
	readonly retryAfterMs: number;
	/** Trace id of the refusal in the server's log; empty if there is none. */
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
 * A send was answered `internal` several times and is not retried automatically. It may be in the log. `Delivery.retry` repeats it
 * under the same cid, so that it is committed at most once.
 */
export class UnknownOutcomeError extends VerbatimError {
	/** The newest of the server's answers. */
	declare readonly cause: RefusedError;
	/** Number of failed tries. */
	readonly tries: number;

	constructor(tries: number, cause: RefusedError) {
		super(`the server failed at it ${tries} times; it may have been sent or not (${cause.message})`, { cause });
		this.tries = tries;
	}
}

/** No answer within the time-out. A command that had been sent may or may not have been executed. */
export class TimeoutError extends VerbatimError {
	readonly timeoutMs: number;

	/** `cause`: why there was no connection, if there was none. */
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

/** The connection ended before the answer. The command may or may not have been executed. */
export class DisconnectedError extends VerbatimError {}

/** The client was closed, logged out, or switched to another user. */
export class ClosedError extends VerbatimError {}

/** The server closed the connection with a code. */
export class ServerClosedError extends VerbatimError {
	/** A code of `CLOSES`, or of the transport. */
	readonly code: number;
	/** Its name in `CLOSES`, if it has one. */
	readonly closeName: CloseName | undefined;
	/** Whether the client should reconnect. */
	readonly reconnect: boolean;
	/** Delay before reconnecting, in milliseconds; 0: the client's own back-off. */
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

/** A connection could not be opened, or broke. */
export class TransportError extends VerbatimError {}

/**
 * - refused: nothing listens at this address
 * - timeout: no answer within the time-out
 * - unreachable: no route to this address, or this device is offline
 * - dns: the name could not be resolved
 * - tls: the peer does not speak TLS, or its certificate is not trusted
 * - closed: the peer closed the connection before the handshake was complete
 * - unavailable: the server, or a proxy before it, is at capacity (HTTP 429 and 5xx)
 * - forbidden: it does not accept connections from here (HTTP 401, 403)
 * - not_verbatim: another service answers at this address
 * - unknown: the platform does not report the cause; most browsers do not
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

/** A connection could not be opened. */
export class ConnectError extends TransportError {
	readonly reason: ConnectFailure;
	/** Host and port, or the path of a Unix socket. */
	readonly where: string;
	/** HTTP status of the answer, if there was one. */
	readonly status: number | undefined;
	/** Earliest sensible retry, in milliseconds; 0: no advice. */
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

/** The server's message violates the protocol. The client drops the connection and reconnects. */
export class ProtocolError extends VerbatimError {}

/** The outbox's store failed (sends go on from memory, and do not survive a reload), or the outbox is full. */
export class OutboxError extends VerbatimError {}

/** The send was discarded before it was acknowledged. */
export class DiscardedError extends VerbatimError {}

/**
 * The room's log was restored from an older state: entries read before may be gone, and cursors into it are invalid. Read again,
 * from the start or from `head`.
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
