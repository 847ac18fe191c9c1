// What readers that do not keep up are told of the state of things once they do again: of each thing the newest, and of so many things
// at most. What is merged or pushed out on the way is nothing that a reader could miss: only the last state counts. Kept here and not
// with the sessions, because nearly none of them has any.
import type { Push } from "../room/push.ts";

/** Things remembered for one slow reader. */
const KEYS_MAX = 64;

export class EphemeralStates<Reader> {
	/** For each reader the one longest held first. */
	private readonly byReader = new Map<Reader, Map<string, Push>>();

	/** Holds `push` in the place of an older one of its key; returns what is never told because of that. */
	hold(reader: Reader, key: string, push: Push): Push | undefined {
		const held = this.byReader.get(reader) ?? new Map<string, Push>();
		this.byReader.set(reader, held);
		const older = held.get(key);
		held.delete(key);
		held.set(key, push);
		if (older !== undefined || held.size <= KEYS_MAX) return older;
		for (const [oldest, dropped] of held) {
			held.delete(oldest);
			return dropped;
		}
		return undefined;
	}

	/** Something newer under this key was told. */
	drop(reader: Reader, key: string): void {
		this.byReader.get(reader)?.delete(key);
	}

	/** What is held for the reader, and no longer is. */
	take(reader: Reader): Iterable<Push> {
		const held = this.byReader.get(reader);
		if (held === undefined) return NOTHING;
		this.byReader.delete(reader);
		return held.values();
	}
}

const NOTHING: readonly Push[] = [];
