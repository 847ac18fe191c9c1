// What a client writes down, one JSON line an event, each written before anything follows from it: whoever is killed loses at most
// the line that was being written. The next life of the same client reads what all before it have written.
//
// What may be concluded of a killed client:
// - a send's `invoke` stands here before the send goes into the outbox, and so before any wire: nothing is ever in a log that was
//   not invoked;
// - `kept` stands here when the outbox says that the send survives a crash: from then on it has to come to an ending, whichever
//   life writes it down; one that was never kept may be given up as unknown;
// - an ending stands here before the send leaves the outbox;
// - what the application was given and did not write down it was not given: it reads on after the last `recv` that stands here.
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { HistoryEvent } from "../history/events.ts";
import { monotonicMs } from "./monotonic.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "atMs"> : never;

export type JournalLine =
	| HistoryEvent
	/** The outbox keeps this send. */
	| { readonly atMs: number; readonly kind: "kept"; readonly cid: string }
	/** A line of a room as a person with `nc` sees it: who joined and left is shown too, but without a number. */
	| {
			readonly atMs: number;
			readonly kind: "shown";
			readonly reading: string;
			readonly seq: number;
			readonly name: string;
			readonly text: string;
	  }
	/** Such a person is told that lines are left out. */
	| { readonly atMs: number; readonly kind: "unshown"; readonly reading: string; readonly from: number; readonly to: number };

const SUFFIX = ".history.jsonl";

export class Journal {
	private readonly file: number;

	/** Of one life, in the client's folder, which is made if it is not there. */
	constructor(folder: string, life: number) {
		mkdirSync(folder, { recursive: true });
		this.file = openSync(join(folder, `${String(life).padStart(5, "0")}${SUFFIX}`), "ax");
	}

	add(line: WithoutTime<JournalLine>): void {
		// Whatever is written down here has happened already, or, an `invoke` and an `ask`, happens after this: where the merged history
		// has an `ok` before an `ask`, it was so.
		writeSync(this.file, `${JSON.stringify({ atMs: monotonicMs(), ...line })}\n`);
	}

	note(words: string): void {
		this.add({ kind: "note", words });
	}

	close(): void {
		closeSync(this.file);
	}
}

/** What all lives of a client have written, in order. A torn last line of a life was never written. */
export function readJournal(folder: string): JournalLine[] {
	const lines: JournalLine[] = [];
	const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
	for (const name of names.sort()) {
		const texts = readFileSync(join(folder, name), "utf8").split("\n");
		// After the last line end stands nothing, or what was torn.
		texts.pop();
		for (const text of texts) lines.push(JSON.parse(text) as JournalLine);
	}
	return lines;
}
