// A room's log from its first entry to its last.
import type { Room } from "@verbatim/client";
import type { Entry, Page } from "@verbatim/protocol";
import type { EntryFacts } from "./history/events.ts";
import { factsOf } from "./sim/recorder.ts";

export interface WholeLog {
	/** The room's id. */
	readonly room: string;
	readonly epoch: number;
	readonly entries: readonly EntryFacts[];
}

/** As pages of history give it to the SDK. */
export function wholeLog(room: Room): Promise<WholeLog> {
	return collectLog((after) => room.history({ after, limit: 200 }));
}

/** From pages, however they are asked for. */
export async function collectLog(read: (after: number) => Promise<Page>): Promise<WholeLog> {
	const entries: Entry[] = [];
	for (;;) {
		const page = await read(entries.length);
		entries.push(...page.entries);
		if (page.entries.length === 0 || page.to >= page.head) {
			return { room: page.room, epoch: page.epoch, entries: entries.map(factsOf) };
		}
	}
}
