// The SDK's `Entry`: the protocol's, plus the text of a message as a field.
import type { Entry as WireEntry, Page as WirePage } from "@verbatim/protocol";

export type Entry = WireEntry & {
	/** The message's text; undefined for entries of other kinds (see `body.case`). */
	readonly text: string | undefined;
};

/** A page of the server's log. */
export type Page = Omit<WirePage, "entries"> & { entries: Entry[] };

/** Sets `text` on each entry, in place. */
export function withText(entries: readonly WireEntry[]): Entry[] {
	for (const entry of entries as readonly { -readonly [K in keyof Entry]: Entry[K] }[]) {
		entry.text = entry.body.case === "message" ? entry.body.value.text : undefined;
	}
	return entries as Entry[];
}
