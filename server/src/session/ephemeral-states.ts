// Ephemeral state, coalesced for slow subscribers: while one is under backpressure, the newest push of each key is kept, up to a
// bound, and sent when it can take more. Only the newest state matters, so nothing is lost by replacing older ones. Kept here and
// not in the sessions, because nearly none has any.
import type { Push } from "../room/push.ts";

/** Keys kept for one slow subscriber. */
const KEYS_MAX = 64;

export class EphemeralStates<Subscriber> {
	/** By subscriber; its oldest key first. */
	private readonly bySubscriber = new Map<Subscriber, Map<string, Push>>();

	/** Keeps `push`, replacing an older one of its key; returns the push that is dropped for it. */
	keep(subscriber: Subscriber, key: string, push: Push): Push | undefined {
		const kept = this.bySubscriber.get(subscriber) ?? new Map<string, Push>();
		this.bySubscriber.set(subscriber, kept);
		const older = kept.get(key);
		kept.delete(key);
		kept.set(key, push);
		if (older !== undefined || kept.size <= KEYS_MAX) return older;
		for (const [oldest, dropped] of kept) {
			kept.delete(oldest);
			return dropped;
		}
		return undefined;
	}

	/** A newer push of this key was sent. */
	drop(subscriber: Subscriber, key: string): void {
		this.bySubscriber.get(subscriber)?.delete(key);
	}

	/** Takes out all that is kept for the subscriber. */
	take(subscriber: Subscriber): Iterable<Push> {
		// Called after each write of each session, and nearly always nothing is kept for anybody.
		if (this.bySubscriber.size === 0) return NONE;
		const kept = this.bySubscriber.get(subscriber);
		if (kept === undefined) return NONE;
		this.bySubscriber.delete(subscriber);
		return kept.values();
	}
}

const NONE: readonly Push[] = [];
