// Judges what clients saw against the log that is there at the end. It reads only what was recorded, so it is the same whoever
// recorded it.

/** An acknowledgement that a client was given. */
export interface Acknowledged {
	readonly room: string;
	readonly seq: number;
	readonly text: string;
}

/** What one reader was given of one room, in order. */
export interface Reading {
	readonly reader: string;
	readonly room: string;
	readonly seqs: readonly number[];
	/** The text of each message, by position; undefined for other entries. */
	readonly texts: readonly (string | undefined)[];
}

/** A room's whole log at the end: text by seq − 1, undefined for what is not a message. */
export type FinalLog = {
	readonly room: string;
	readonly seqs: readonly number[];
	readonly texts: readonly (string | undefined)[];
};

export interface Verdict {
	readonly acknowledged: number;
	/** Acknowledged and not in the log at that seq with that text. */
	readonly lost: number;
	/** Texts that stand in a log twice, or that a reader was given twice. */
	readonly doubled: number;
	/** Places where a log or a reader's view is not dense, or a reader was given something else than the log has. */
	readonly holes: number;
	/** The first few violations, in words. */
	readonly examples: readonly string[];
}

const EXAMPLES_MAX = 10;

/** Every text must have been sent once only, by whoever made the history. */
export function judge(acknowledged: readonly Acknowledged[], readings: readonly Reading[], logs: readonly FinalLog[]): Verdict {
	const examples: string[] = [];
	const note = (words: string): number => {
		if (examples.length < EXAMPLES_MAX) examples.push(words);
		return 1;
	};
	let lost = 0;
	let doubled = 0;
	let holes = 0;
	const byRoom = new Map(logs.map((log) => [log.room, log]));
	for (const log of logs) {
		const seen = new Set<string>();
		for (const [i, seq] of log.seqs.entries()) {
			if (seq !== i + 1) holes += note(`${log.room}: the log has ${seq} at place ${i + 1}`);
			const text = log.texts[i];
			if (text === undefined) continue;
			if (seen.has(text)) doubled += note(`${log.room}: "${text}" stands twice in the log`);
			seen.add(text);
		}
	}
	for (const { room, seq, text } of acknowledged) {
		const there = byRoom.get(room)?.texts[seq - 1];
		if (there !== text)
			lost += note(
				`${room}: "${text}" was acknowledged at ${seq}, where the log has ${there === undefined ? "nothing" : `"${there}"`}`,
			);
	}
	for (const { reader, room, seqs, texts } of readings) {
		const log = byRoom.get(room);
		const first = seqs[0] ?? 1;
		const given = new Set<number>();
		for (const [i, seq] of seqs.entries()) {
			if (given.has(seq)) doubled += note(`${reader} was given ${room} ${seq} twice`);
			else if (seq !== first + i) holes += note(`${reader} was given ${room} ${seq} where ${first + i} was due`);
			if (log?.texts[seq - 1] !== texts[i])
				holes += note(`${reader} was given "${texts[i]}" as ${room} ${seq}, where the log has "${log?.texts[seq - 1]}"`);
			given.add(seq);
		}
		const last = seqs.at(-1) ?? 0;
		if (log !== undefined && last !== log.seqs.length)
			holes += note(`${reader} stands at ${last} of ${log.seqs.length} in ${room}`);
	}
	return { acknowledged: acknowledged.length, lost, doubled, holes, examples };
}
