// The server's own faults, as a client meets them: the answer `internal`, or a session that ends by one. Trying again may end the
// session once more, for everything that goes over it, so it is done with pauses that grow quickly.
import type { Timing } from "@verbatim/protocol";
import type { Random } from "./clock.ts";
import { DisconnectedError, RefusedError, ServerClosedError, type VerbatimError } from "./errors.ts";

/** Was it answered `internal`? */
export function isInternal(error: unknown): boolean {
	return error instanceof RefusedError && error.code === "internal";
}

/** Did the session end by a fault before the answer came? */
export function isCutOff(error: VerbatimError): boolean {
	return error instanceof DisconnectedError && error.cause instanceof ServerClosedError && error.cause.closeName === "internal";
}

/** The pause after so many faults in a row: tripling, with jitter, but half of it at least, because it is to spare the server. */
export function faultWaitMs(
	faults: number,
	{ faultMinMs, faultMaxMs }: Pick<Timing, "faultMinMs" | "faultMaxMs">,
	random: Pick<Random, "float">,
): number {
	const fullMs = Math.min(faultMaxMs, faultMinMs * 3 ** Math.min(20, Math.max(0, faults - 1)));
	return fullMs * (0.5 + random.float() / 2);
}
