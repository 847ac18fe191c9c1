// An entry as the SDK gives it: the protocol's, with a message's text at hand.
import type { Entry as WireEntry, Page as WirePage } from "@verbatim/protocol";

export type Entry = WireEntry & {
	/** What was said, word for word; undefined for everything that is no message (`body.case` says what it is). */
	readonly text: string | undefined;
};

/** A page of the log as it lies on the server. */
export type Page = Omit<WirePage, "entries"> & { entries: Entry[] };

/** The same entries, each with its text. */
export function withText(entries: readonly WireEntry[]): Entry[] {
	for (const entry of entries as readonly { -readonly [K in keyof Entry]: Entry[K] }[]) {
		entry.text = entry.body.case === "message" ? entry.body.value.text : undefined;
	}
	return entries as Entry[];
}
