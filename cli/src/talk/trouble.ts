// What the SDK rejects with, as words and an exit code.
import { ClosedError, OutboxError, RefusedError, ServerClosedError, TimeoutError, VerbatimError } from "@verbatim/client";
import { CommandError, EXIT, type ExitCode } from "../exit.ts";
import type { Connection } from "./connection.ts";

const DENIED = new Set(["unauthenticated", "token_invalid", "token_expired", "credentials_wrong", "forbidden", "not_member"]);

/** Gives the error a command ends with; what is not the SDK's comes back as it is. */
export function troubleOf(error: unknown, { client, trouble }: Connection): unknown {
	if (!(error instanceof VerbatimError)) return error;
	// A client that has stopped says why; a call that ran out of time was waiting for what is in the way.
	const stopped = client.status.state === "stopped" && client.status.why !== "closed" ? client.status.why : undefined;
	const waiting = error instanceof TimeoutError && client.status.state !== "live" ? trouble() : undefined;
	const why = stopped ?? waiting ?? error;
	if (why instanceof RefusedError) {
		const trace = why.trace === "" ? "" : ` (trace ${why.trace})`;
		return new CommandError(refusalCode(why), `${why.code}: ${why.message}${trace}`, error);
	}
	if (why instanceof ServerClosedError) return new CommandError(why.reconnect ? EXIT.later : EXIT.denied, why.message, error);
	if (waiting) return new CommandError(EXIT.unreachable, `the server cannot be reached: ${why.message}`, error);
	if (why instanceof TimeoutError) {
		return new CommandError(EXIT.later, `${why.message}; what was sent may or may not be in the room`, error);
	}
	if (why instanceof OutboxError || why instanceof ClosedError) return new CommandError(EXIT.later, why.message, error);
	return new CommandError(EXIT.unreachable, why.message, error);
}

function refusalCode({ code, retry }: RefusedError): ExitCode {
	if (DENIED.has(code)) return EXIT.denied;
	return retry ? EXIT.later : EXIT.refused;
}
