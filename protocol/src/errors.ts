// All errors with which a server refuses a command, in one table. Codes are stable: clients decide by them; messages are for people.
//
// `retry`: the same command, unchanged, may succeed later. `afterMs`: default delay before a retry; 0: the client chooses. The server may
// send its own value.

export interface ErrorFacts {
	/** Whether the same command may succeed later, unchanged. */
	readonly retry: boolean;
	/** Default delay before a retry, in milliseconds; 0: the client chooses. */
	readonly afterMs: number;
	/** Message for people: what happened and what to do. The server may send a more specific one. */
	readonly message: string;
	/** HTTP status of the error. */
	readonly status: number;
}

export const ERRORS = {
	// The peer's mistake: not retryable.
	malformed: fatal(400, "this is not a message of the schema; see docs/protocol.md"),
	too_large: fatal(413, "this is longer than the limit; send less at once"),
	bad_utf8: fatal(400, "text must be well-formed UTF-8 without unpaired surrogates"),
	unknown_command: fatal(400, "there is no such command; see the list of commands"),
	out_of_place: fatal(409, "this command does not fit the state of the connection; say hello first, and once"),
	invalid: fatal(400, "a field has a value that is not allowed"),
	cid_reused: fatal(409, "this cid was used for another message, or in another room; take a new one for each message"),
	// Authentication.
	unauthenticated: fatal(401, "log in first"),
	token_invalid: fatal(401, "this token was not issued for this server; log in again"),
	token_expired: fatal(401, "this token has expired; refresh it or log in again"),
	credentials_wrong: fatal(401, "name or password is wrong"),
	name_taken: fatal(409, "this name, or one that looks like it, is taken; choose another"),
	name_invalid: fatal(400, "a name has 1 to 32 letters, digits, and . _ - between them"),
	password_weak: fatal(400, "a password has 8 to 256 characters"),
	// Authorization and limits.
	forbidden: fatal(403, "you may not do this here"),
	no_such_room: fatal(404, "there is no such room, or you may not see it"),
	no_such_user: fatal(404, "there is no such user"),
	not_member: fatal(403, "join the room first"),
	room_taken: fatal(409, "a room with this name, or one that looks like it, exists; choose another"),
	room_full: fatal(409, "this room has reached its limit; go on in a new one"),
	too_many_rooms: fatal(409, "you are in as many rooms as one user may be; leave one first"),
	too_many_invitations: fatal(409, "as many of your invitations are open as may be; wait until some are answered"),
	invitations_full: fatal(409, "this user takes no further invitations and conversations for now"),
	// Conditions of the environment: retryable.
	rate_limited: passing(429, 0, "slow down"),
	busy: passing(503, 2_000, "the server has no room for more just now; try again"),
	unavailable: passing(503, 1_000, "the server cannot store anything just now; nothing was lost, try again"),
	timeout: passing(504, 0, "there was no answer in time; the command may or may not have been carried out, try again"),
	out_of_order: passing(409, 0, "the send that this one stands behind is not in the log; send that first, then this again"),
	draining: passing(503, 0, "the server is about to stop; reconnect"),
	// A bug of the server.
	internal: passing(500, 1_000, "something went wrong on the server; it was logged under the trace id"),
} as const satisfies Record<string, ErrorFacts>;

export type ErrorCode = keyof typeof ERRORS;

const FINAL: ReadonlySet<string> = new Set<ErrorCode>([
	"forbidden",
	"no_such_room",
	"no_such_user",
	"not_member",
	"room_full",
	"too_many_rooms",
	"too_many_invitations",
	"invitations_full",
]);

/**
 * Is a send that is refused so refused for good? Then its cid has its answer: no copy of it is carried out (docs/protocol.md, "Idempotent sends"). Other
 * refusals say nothing of copies that may be under way.
 */
export function isFinal(code: string): boolean {
	return FINAL.has(code);
}

export function isErrorCode(code: string): code is ErrorCode {
	return Object.hasOwn(ERRORS, code);
}

/**
 * The refusal of a command on the server: thrown by handlers, answered as `Failure`. The message defaults to that of the table.
 */
export class Refusal extends Error {
	readonly code: ErrorCode;
	/** Delay before a retry, in milliseconds; 0: the client chooses. */
	readonly retryAfterMs: number;

	constructor(code: ErrorCode, message?: string, retryAfterMs?: number) {
		super(message ?? ERRORS[code].message);
		this.name = "Refusal";
		this.code = code;
		this.retryAfterMs = retryAfterMs ?? ERRORS[code].afterMs;
	}
}

function fatal(status: number, message: string): ErrorFacts {
	return { retry: false, afterMs: 0, message, status };
}

function passing(status: number, afterMs: number, message: string): ErrorFacts {
	return { retry: true, afterMs, message, status };
}
