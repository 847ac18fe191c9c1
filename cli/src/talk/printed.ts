// What a tail has printed, to find the place where a restored log differs from it. The log of a backup is an earlier state of the same
// log: where an entry is the same, all before it are, too. Hence the newest entries are enough, 8 bytes each.
import { createHash } from "node:crypto";
import type { Entry } from "@verbatim/protocol";

export const PRINTED_MAX = 65_536;

export class Printed {
	private readonly max: number;
	private first = 1;
	private marks: number[] = [];

	constructor(max = PRINTED_MAX) {
		this.max = max;
	}

	/** Seq of the oldest entry that is kept; undefined: none is. */
	get oldest(): number | undefined {
		return this.marks.length === 0 ? undefined : this.first;
	}

	/** Seq of the newest entry that was added; 0: none is kept. */
	get newest(): number {
		return this.marks.length === 0 ? 0 : this.first + this.marks.length - 1;
	}

	/** Whether `entry` is the one that was added under its seq. */
	has(entry: Entry): boolean {
		return this.marks[entry.seq - this.first] === markOf(entry);
	}

	/** Adds `entry`, in place of what was added under its seq and after it. */
	add(entry: Entry): void {
		const at = entry.seq - this.first;
		if (at < 0 || at > this.marks.length) this.clear();
		if (this.marks.length === 0) this.first = entry.seq;
		this.marks.length = entry.seq - this.first;
		this.marks.push(markOf(entry));
		if (this.marks.length < 2 * this.max) return;
		this.marks = this.marks.slice(this.max);
		this.first += this.max;
	}

	clear(): void {
		this.marks = [];
	}
}

/** Of what the server gives an entry once and never changes. */
function markOf({ seq, atMs, sender, cid, body }: Entry): number {
	const facts = JSON.stringify([seq, atMs, sender?.id, cid, body.case]);
	return createHash("sha256").update(facts).digest().readUIntBE(0, 6);
}
