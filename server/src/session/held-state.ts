// What a reader that does not keep up is told of the state of things once it does again: of each thing the newest, and of so many
// things at most. What is merged or pushed out on the way is nothing that a reader could miss: only the last state counts.
import type { Push } from "../room/push.ts";

/** Things remembered for one slow reader. */
const KEYS_MAX = 64;

export class HeldState {
	/** The one longest held first. */
	private readonly byKey = new Map<string, Push>();

	/** Holds `push` in the place of an older one of its key; returns what is never told because of that. */
	hold(key: string, push: Push): Push | undefined {
		const older = this.byKey.get(key);
		this.byKey.delete(key);
		this.byKey.set(key, push);
		if (older !== undefined || this.byKey.size <= KEYS_MAX) return older;
		for (const [oldest, dropped] of this.byKey) {
			this.byKey.delete(oldest);
			return dropped;
		}
		return undefined;
	}

	take(): Push[] {
		const pushes = [...this.byKey.values()];
		this.byKey.clear();
		return pushes;
	}
}
