// A message to many subscribers, encoded once per format.
import { create, type Down, type DownBody, DownSchema, type Entry } from "@verbatim/protocol";
import { longTextBytes, roughBytes } from "../base/entry-size.ts";
import { weightOf } from "../base/stored-size.ts";
import type { Encoded, Format } from "../link/link.ts";

export class Push {
	/** Undefined once it is settled. */
	private down: Down | undefined;
	// Mostly one format, which needs no list.
	private format: Format | undefined;
	private encoding: Encoded | undefined;
	private others: Array<{ readonly format: Format; readonly encoding: Encoded }> | undefined;

	/** The kind of message, for metrics. */
	readonly kind: string;
	/** Newer pushes of a key replace older ones; undefined: the message is an event, or must not be dropped. */
	readonly key: string | undefined;

	/** A whole message is taken as it is. */
	constructor(message: Down | DownBody, key?: string) {
		const down = "$typeName" in message ? message : create(DownSchema, { body: message });
		this.kind = down.body.case ?? "other";
		this.key = key;
		this.down = down;
	}

	/** Is there an encoding in `format`? Always, until it is settled. */
	has(format: Format): boolean {
		return this.down !== undefined || this.find(format) !== undefined;
	}

	encoded(format: Format): Encoded {
		const known = this.find(format);
		if (known !== undefined) return known;
		if (this.down === undefined) throw new Error("a settled push is not encoded anew");
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

	/** Keeps the encodings and drops the message, which takes several times as much memory. */
	settle(): void {
		this.down = undefined;
	}

	private find(format: Format): Encoded | undefined {
		return this.format === format ? this.encoding : this.others?.find((other) => other.format === format)?.encoding;
	}
}

/** A dense run of a room's entries in one message. */
export class EntriesPush extends Push {
	readonly from: number;
	readonly to: number;
	/** What it costs of the user's read rate limit. */
	readonly bytes: number;

	/** `entries` is not empty, dense and in order. */
	constructor(room: string, epoch: number, entries: readonly Entry[]) {
		// A literal, not `create(…)`: that copies the list, and walks the schema for each push.
		const value = { $typeName: "verbatim.v1.Entries", room, epoch, entries: entries as Entry[] } as const;
		super({ $typeName: "verbatim.v1.Down", id: 0, body: { case: "entries", value } });
		this.from = entries[0]?.seq ?? 0;
		this.to = this.from + entries.length - 1;
		this.bytes = entriesBytes(entries);
	}

	/** Entries in it. */
	get count(): number {
		return this.to - this.from + 1;
	}
}

/** What entries cost of a read rate limit, in bytes: by their content, so that it is the same in every codec. */
export function entriesBytes(entries: readonly Entry[]): number {
	let bytes = 0;
	for (const { body } of entries) bytes += weightOf(longTextBytes(body));
	return bytes;
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
