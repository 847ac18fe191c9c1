// Merges the journals of all clients into one history, in the order of the machine's monotonic clock.
//
// Line mode shows less than a history needs. What it lacks is filled in from the log: room id, epoch, sender ids, and the entries
// without a seq (joins, leaves). What it shows, seq, sender and text, stays as shown, so that the checker checks it.
import type { EntryFacts, HistoryEvent } from "../history/events.ts";
import type { WholeLog } from "../whole-log.ts";
import type { JournalLine } from "./journal.ts";
import { lineCid } from "./line-client.ts";

export interface MergeFacts {
	/** The rooms' logs at the end, by name; empty if they could not be read. */
	readonly logs: ReadonlyMap<string, WholeLog>;
	/** User ids of line-mode clients, by user name and by client name. */
	readonly lineSenders: ReadonlyMap<string, string>;
	readonly lineReaders: ReadonlyMap<string, string>;
	/** All user ids, by name. */
	readonly users: ReadonlyMap<string, string>;
	/** Name of the room of the line-mode clients. */
	readonly lineRoom: string;
}

export function merge(journals: readonly (readonly JournalLine[])[], facts: MergeFacts): HistoryEvent[] {
	const lines = journals.flat();
	// An `ask` of the same moment as an `ok` may have come before it.
	lines.sort((a, b) => a.atMs - b.atMs || Number(b.kind === "ask") - Number(a.kind === "ask"));
	return new Merger(facts).all(lines);
}

class Merger {
	private readonly facts: MergeFacts;
	private readonly lineSenderIds: ReadonlySet<string>;
	/** By reading in line mode: the newest seq. */
	private readonly at = new Map<string, number>();

	constructor(facts: MergeFacts) {
		this.facts = facts;
		this.lineSenderIds = new Set(facts.lineSenders.values());
	}

	all(lines: readonly JournalLine[]): HistoryEvent[] {
		return lines.flatMap((line) => this.eventsOf(line));
	}

	/** Replaces the server's cid of a line-mode message by `lineCid`. */
	private named(entry: EntryFacts): EntryFacts {
		return entry.what === "message" && this.lineSenderIds.has(entry.sender) ? { ...entry, cid: lineCid(entry.text) } : entry;
	}

	private eventsOf(line: JournalLine): HistoryEvent[] {
		switch (line.kind) {
			case "kept":
				return [];
			case "shown":
				return this.shown(line);
			case "notShown":
				return this.notShown(line);
			case "invoke": {
				const user = this.facts.lineSenders.get(line.user);
				return [user === undefined ? line : { ...line, user, room: this.lineLog.room }];
			}
			case "ok": {
				if (line.room !== this.facts.lineRoom) return [line];
				const { room, epoch } = this.lineLog;
				return [{ ...line, room, epoch }];
			}
			case "recv":
				return [{ ...line, entry: this.named(line.entry) }];
			case "page":
			case "log":
				return [{ ...line, entries: line.entries.map((entry) => this.named(entry)) }];
			default:
				return [line];
		}
	}

	private get lineLog(): WholeLog {
		const { logs, lineRoom } = this.facts;
		return logs.get(lineRoom) ?? { room: lineRoom, epoch: 0, entries: [] };
	}

	private shown({ atMs, reading, seq, name, text }: Extract<JournalLine, { kind: "shown" }>): HistoryEvent[] {
		const { room, epoch, entries } = this.lineLog;
		const sender = this.facts.users.get(name) ?? name;
		const there = entries[seq - 1];
		const entry = this.named({ seq, atMs: there?.atMs ?? 0, sender, cid: there?.cid ?? "", what: "message", text });
		const user = this.facts.lineReaders.get(reading.split("#")[0] ?? "") ?? "";
		const begun = this.at.has(reading);
		const events: HistoryEvent[] = begun
			? this.unnumbered(atMs, reading, seq)
			: [{ atMs, kind: "resume", reading, session: reading, user, room, epoch, after: seq - 1 }];
		this.at.set(reading, Math.max(seq, this.at.get(reading) ?? 0));
		return [...events, { atMs, kind: "recv", reading, room, epoch, entry }];
	}

	private notShown({ atMs, reading, from, to }: Extract<JournalLine, { kind: "notShown" }>): HistoryEvent[] {
		// Before the first shown line the reading has not begun.
		if (!this.at.has(reading)) return [];
		const { room, epoch } = this.lineLog;
		const events = this.unnumbered(atMs, reading, from);
		this.at.set(reading, to);
		return [...events, { atMs, kind: "skipped", reading, room, epoch, from, to, why: "far" }];
	}

	/** Entries that line mode shows without a seq, between the newest seq and `seq`. */
	private unnumbered(atMs: number, reading: string, seq: number): HistoryEvent[] {
		const { room, epoch, entries } = this.lineLog;
		const events: HistoryEvent[] = [];
		for (let at = (this.at.get(reading) ?? 0) + 1; at < seq; at++) {
			const entry = entries[at - 1];
			if (entry === undefined || entry.what === "message") break;
			events.push({ atMs, kind: "recv", reading, room, epoch, entry });
		}
		return events;
	}
}
