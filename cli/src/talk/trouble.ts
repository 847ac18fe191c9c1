// What the SDK rejects with, as words and an exit code.
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
import type { Connection } from "./connection.ts";

const DENIED = new Set(["unauthenticated", "token_invalid", "token_expired", "credentials_wrong", "forbidden", "not_member"]);

/** What an error that leaves it open means for what was to be said. */
const SO = {
	/** Nothing has been said yet. */
	before: "; nothing was sent",
	/** Said, and not answered. */
	sending: "; what was sent may or may not be in the room",
	/** There is nothing to say. */
	reading: "",
} as const;

export type Phase = keyof typeof SO;

/** Gives the error a command ends with; what is not the SDK's comes back as it is. */
export function troubleOf(error: unknown, { client, trouble }: Connection, phase: Phase): unknown {
	if (!(error instanceof VerbatimError)) return error;
	// A client that has stopped says why; a call that ran out of time was waiting for what is in the way.
	const stopped = client.status.state === "stopped" && client.status.why !== "closed" ? client.status.why : undefined;
	const isOpen = error instanceof TimeoutError || error instanceof DisconnectedError;
	const waiting = isOpen && client.status.state !== "live" ? trouble() : undefined;
	return errorOf(stopped ?? waiting ?? error, SO[phase], waiting !== undefined);
}

/** `so`: what to say where it is open what has become of the command. */
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
