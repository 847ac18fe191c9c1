// Server faults: the answer `internal`, or a session that ends by one. A retry may end the session again, for all its commands, so
// the back-off grows quickly.
import type { Timing } from "@verbatim/protocol";
import type { Random } from "./clock.ts";
import { DisconnectedError, RefusedError, ServerClosedError, type VerbatimError } from "./errors.ts";

/** The server answered `internal`. */
export function isInternal(error: unknown): boolean {
	return error instanceof RefusedError && error.code === "internal";
}

/** The session ended by a server fault before the answer. */
export function isEndedByFault(error: VerbatimError): boolean {
	return error instanceof DisconnectedError && error.cause instanceof ServerClosedError && error.cause.closeName === "internal";
}

/** Back-off after this many consecutive faults: tripling, with jitter over its upper half. */
export function faultWaitMs(
	faults: number,
	{ faultMinMs, faultMaxMs }: Pick<Timing, "faultMinMs" | "faultMaxMs">,
	random: Pick<Random, "float">,
): number {
	const fullMs = Math.min(faultMaxMs, faultMinMs * 3 ** Math.min(20, Math.max(0, faults - 1)));
	return fullMs * (0.5 + random.float() / 2);
}
