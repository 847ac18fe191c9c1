// A message on its way to many: encoded once per format, whatever the number of readers.
import { create, type Down, type DownBody, DownSchema, type Entry } from "@verbatim/protocol";
import type { Encoded, Format } from "../listen/link.ts";

export class Push {
	readonly down: Down;
	// A handful of formats at most, and mostly one: that one needs no list.
	private format: Format | undefined;
	private encoding: Encoded | undefined;
	private others: Array<{ readonly format: Format; readonly encoding: Encoded }> | undefined;

	constructor(body: DownBody) {
		this.down = create(DownSchema, { body });
	}

	encoded(format: Format): Encoded {
		if (this.format === format && this.encoding !== undefined) return this.encoding;
		const known = this.others?.find((other) => other.format === format);
		if (known !== undefined) return known.encoding;
		const encoding = format.encode(this.down);
		if (this.format === undefined) {
			this.format = format;
			this.encoding = encoding;
		} else {
			this.others ??= [];
			this.others.push({ format, encoding });
		}
		return encoding;
	}
}

/** A dense run of a room's entries as one message. */
export class EntriesPush extends Push {
	readonly from: number;
	readonly to: number;
	readonly entries: readonly Entry[];

	/** `entries` is not empty, dense and in order. */
	constructor(room: string, epoch: number, entries: readonly Entry[]) {
		super({ case: "entries", value: { room, epoch, entries: entries as Entry[] } });
		this.entries = entries;
		this.from = entries[0]?.seq ?? 0;
		this.to = this.from + entries.length - 1;
	}
}

/** About what an entry takes on the wire, in bytes: for cutting pages and pushes, not for accounts. */
export function roughBytes(entry: Entry): number {
	return entry.body.case === "message" ? 160 + entry.body.value.text.length * 2 : 240;
}

/** Cuts a dense run into pushes of at most about `bytesMax` each (one entry at least). */
export function cutPushes(room: string, epoch: number, entries: readonly Entry[], bytesMax: number): EntriesPush[] {
	const pushes: EntriesPush[] = [];
	let start = 0;
	let bytes = 0;
	for (let i = 0; i < entries.length; i++) {
		const size = roughBytes(entries[i] as Entry);
		if (i > start && bytes + size > bytesMax) {
			pushes.push(new EntriesPush(room, epoch, entries.slice(start, i)));
			start = i;
			bytes = 0;
		}
		bytes += size;
	}
	if (start < entries.length) pushes.push(new EntriesPush(room, epoch, start === 0 ? entries : entries.slice(start)));
	return pushes;
}
