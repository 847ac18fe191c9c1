// A client's write-ahead journal, one JSON line an event, written before its effect: a kill loses at most the line being written.
// Every incarnation of a client reads the journals of those before it.
//
// What holds for a killed client:
// - `invoke` is written before the send enters the outbox, and so before any wire: no log holds a send that was not invoked;
// - `kept` is written when the outbox has made the send durable: from then on some incarnation must record its outcome; a send that
//   was never kept may be recorded as unknown;
// - the outcome is written before the send leaves the outbox;
// - an entry counts as delivered once its `recv` is written: the next incarnation resumes after the last one.
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { HistoryEvent } from "../history/events.ts";
import { monotonicMs } from "./monotonic.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "atMs"> : never;

export type JournalLine =
	| HistoryEvent
	/** The outbox has made this send durable. */
	| { readonly atMs: number; readonly kind: "kept"; readonly cid: string }
	/** A message as line mode shows it. Joins and leaves are shown without a seq. */
	| {
			readonly atMs: number;
			readonly kind: "shown";
			readonly reading: string;
			readonly seq: number;
			readonly name: string;
			readonly text: string;
	  }
	/** Line mode reports a range that it leaves out. */
	| { readonly atMs: number; readonly kind: "notShown"; readonly reading: string; readonly from: number; readonly to: number };

const SUFFIX = ".history.jsonl";

export class Journal {
	private readonly file: number;

	/** One file for each incarnation; creates the client's folder. */
	constructor(folder: string, incarnation: number) {
		mkdirSync(folder, { recursive: true });
		this.file = openSync(join(folder, `${String(incarnation).padStart(5, "0")}${SUFFIX}`), "ax");
	}

	add(line: WithoutTime<JournalLine>): void {
		// `invoke` and `ask` are written before they happen, all else after: an `ok` before an `ask` in the merged history was really
		// before it.
		writeSync(this.file, `${JSON.stringify({ atMs: monotonicMs(), ...line })}\n`);
	}

	note(words: string): void {
		this.add({ kind: "note", words });
	}

	close(): void {
		closeSync(this.file);
	}
}

/** The lines of all incarnations, in order. A torn last line counts as not written. */
export function readJournal(folder: string): JournalLine[] {
	const lines: JournalLine[] = [];
	const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
	for (const name of names.sort()) {
		const texts = readFileSync(join(folder, name), "utf8").split("\n");
		// After the last newline: empty, or torn.
		texts.pop();
		for (const text of texts) lines.push(JSON.parse(text) as JournalLine);
	}
	return lines;
}
