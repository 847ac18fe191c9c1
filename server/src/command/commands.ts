// The contract of the command table for callers that are no sessions: the HTTP API runs the same commands through it.
import type { DownBody, Up } from "@verbatim/protocol";
import type { Identity } from "../account/accounts.ts";

export interface Commands {
	/**
	 * Carries out one command (not hello, ping or pong) for `identity` and gives the body of its answer. Rejects with
	 * `Refusal` for everything that the table of errors names; anything else it rejects with is our bug.
	 */
	run(identity: Identity, command: Up["command"], trace: string): Promise<DownBody>;
}
