// Peers that are not installed here: reported on stderr at once, and again in the report.
import { PeerUnavailable } from "./peers/peer.ts";

/** Unavailable peers of this run, as text. */
export const unavailablePeers = new Set<string>();

/** For `catch`: reports an unavailable peer; any other error is rethrown. */
export function skipUnavailable(error: unknown): undefined {
	if (!(error instanceof PeerUnavailable)) throw error;
	console.error(`ABSENT: ${error.message}`);
	unavailablePeers.add(error.message);
	return undefined;
}
