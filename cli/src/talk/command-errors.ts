// Maps errors of the SDK to messages and exit codes.
import {
	ClosedError,
	ConnectError,
	DisconnectedError,
	OutboxError,
	RefusedError,
	ServerClosedError,
	TimeoutError,
	UnknownOutcomeError,
	VerbatimError,
} from "@verbatim/client";
import { CommandError, EXIT, type ExitCode } from "../exit.ts";
import type { ConnectedClient } from "./connection.ts";

const DENIED = new Set(["unauthenticated", "token_invalid", "token_expired", "credentials_wrong", "forbidden", "not_member"]);

/** Appended to an error with an unknown outcome, by phase of the command. */
const OUTCOME_NOTES = {
	/** Nothing has been sent. */
	before: "; nothing was sent",
	/** Sent, and not acknowledged. */
	sending: "; what was sent may or may not be in the room",
	reading: "",
} as const;

export type CommandPhase = keyof typeof OUTCOME_NOTES;

/** The `CommandError` of an SDK error; any other error is returned unchanged. */
export function commandErrorOf(error: unknown, { client, lastProblem }: ConnectedClient, phase: CommandPhase): unknown {
	if (!(error instanceof VerbatimError)) return error;
	// Prefers the reason why the client has stopped, or the failure that a timed-out call was waiting on.
	const stopped = client.status.state === "stopped" && client.status.why !== "closed" ? client.status.why : undefined;
	const isOpen = error instanceof TimeoutError || error instanceof DisconnectedError;
	const waiting = isOpen && client.status.state !== "live" ? lastProblem() : undefined;
	return errorOf(stopped ?? waiting ?? error, OUTCOME_NOTES[phase], waiting !== undefined);
}

/** `so`: appended to errors that leave the command's outcome open. */
export function errorOf(why: VerbatimError, so: string, unreachable: boolean): CommandError {
	if (why instanceof RefusedError) {
		const trace = why.trace === "" ? "" : ` (trace ${why.trace})`;
		return new CommandError(refusalCode(why), `${why.code}: ${why.message}${trace}`, why);
	}
	if (why instanceof ServerClosedError) {
		return new CommandError(why.reconnect ? EXIT.later : EXIT.denied, `${why.message}${so}`, why);
	}
	if (why instanceof UnknownOutcomeError) {
		const trace = why.cause.trace === "" ? "" : ` (trace ${why.cause.trace})`;
		return new CommandError(EXIT.later, `${why.message}${trace}`, why);
	}
	if (why instanceof ConnectError) {
		const hint = why.status === 404 ? "; is the path of its address right? A server's is /ws" : "";
		const code = why.reason === "forbidden" ? EXIT.denied : EXIT.unreachable;
		return new CommandError(code, `${why.message}${hint}${so}`, why);
	}
	if (unreachable) return new CommandError(EXIT.unreachable, `the server cannot be reached: ${why.message}${so}`, why);
	if (why instanceof TimeoutError || why instanceof DisconnectedError) {
		return new CommandError(EXIT.later, `${why.message}${so}`, why);
	}
	if (why instanceof OutboxError || why instanceof ClosedError) return new CommandError(EXIT.later, why.message, why);
	return new CommandError(EXIT.unreachable, `${why.message}${so}`, why);
}

function refusalCode({ code, retry }: RefusedError): ExitCode {
	if (DENIED.has(code)) return EXIT.denied;
	return retry ? EXIT.later : EXIT.refused;
}
