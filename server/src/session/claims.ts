// A send may be on its way twice: in what is left of a connection that its client has given up, and over the one that took its place.
// Only the newer one is listened to. If it was refused for good there, the other copy must not be carried out when it arrives after
// all: what was refused never appears. (If it was committed, the store knows the other copy as a repeat.)
import { Refusal } from "@verbatim/protocol";

/** What is left of a connection never holds as many sends; the oldest are forgotten first. */
const VOID_MAX = 4_096;

/** One of a user's connections; a greater number is a newer one. */
export interface Claimant {
	readonly number: number;
	/** Sends that came over a newer connection; nearly no connection has any. */
	voided: Set<string> | undefined;
}

/**
 * `cid` is about to be handed to the store for `own`: whatever older connections of the user still bring of it is void. Refuses it
 * itself if a newer one has claimed it.
 */
export function claim(cid: string, own: Claimant, all: Iterable<Claimant>): void {
	if (own.voided?.has(cid) === true) {
		throw new Refusal("cid_reused", "this send has come over a newer connection, where its answer went");
	}
	for (const other of all) {
		if (other.number >= own.number) continue;
		other.voided ??= new Set();
		other.voided.add(cid);
		if (other.voided.size > VOID_MAX)
			for (const oldest of other.voided) {
				other.voided.delete(oldest);
				break;
			}
	}
}

/** It is in the log: every copy of it is a repeat. */
export function settle(cid: string, own: Claimant, all: Iterable<Claimant>): void {
	for (const other of all) if (other.number < own.number) other.voided?.delete(cid);
}
