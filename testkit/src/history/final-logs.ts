// The logs by room and epoch, the reference of all checks: the final log, and for an epoch that ended by a restore, the part that was kept
// and what was observed of the rest.
import type { EntryFacts, History } from "./events.ts";

export interface Incarnation {
	readonly room: string;
	readonly epoch: number;
	/** Seq n is at index n − 1; undefined where unknown. */
	readonly entries: (EntryFacts | undefined)[];
	/** The final log: complete. */
	readonly final: boolean;
	/** Entries up to here are in the final log. */
	kept: number;
	/** The place in the history of its `log` or `restored` event. */
	readonly place: number;
}

export class FinalLogs {
	/** Recorded from inside: commits are known. */
	readonly commitsKnown: boolean;
	private readonly byKey = new Map<string, Incarnation>();
	private readonly finals = new Map<string, Incarnation>();

	constructor(history: History) {
		let commitsKnown = false;
		const restores: { readonly room: string; readonly before: number; readonly head: number; readonly place: number }[] = [];
		for (const [place, event] of history.entries()) {
			if (event.kind === "commit") commitsKnown = true;
			else if (event.kind === "restored") restores.push({ ...event, place });
			else if (event.kind === "log") {
				const { room, epoch, entries } = event;
				const log: Incarnation = { room, epoch, entries: [...entries], final: true, kept: entries.length, place };
				this.byKey.set(key(room, epoch), log);
				this.finals.set(room, log);
			}
		}
		this.commitsKnown = commitsKnown;
		// From the newest restore back: each keeps no more than those after it did.
		const kept = new Map<string, number>();
		for (const { room, before, head, place } of restores.reverse()) {
			const least = Math.min(head, kept.get(room) ?? head);
			kept.set(room, least);
			const entries = this.finals.get(room)?.entries.slice(0, least) ?? [];
			this.byKey.set(key(room, before), { room, epoch: before, entries, final: false, kept: least, place });
		}
	}

	get logs(): Iterable<Incarnation> {
		return this.finals.values();
	}

	/** The room's log at the end. */
	log(room: string): Incarnation | undefined {
		return this.finals.get(room);
	}

	/** The incarnation; undefined if nothing is known of it. */
	of(room: string, epoch: number): Incarnation | undefined {
		return this.byKey.get(key(room, epoch));
	}
}

export function sameEntry(a: EntryFacts, b: EntryFacts): boolean {
	return (
		a.seq === b.seq && a.cid === b.cid && a.text === b.text && a.what === b.what && a.sender === b.sender && a.atMs === b.atMs
	);
}

function key(room: string, epoch: number): string {
	return `${epoch} ${room}`;
}
