// A room's log from its first entry to its last, as pages of history give it.
import type { Room } from "@verbatim/client";
import type { FinalLog } from "./crash/judge.ts";

/** `label` names the room in the verdict. */
export async function wholeLog(room: Room, label: string): Promise<FinalLog> {
	const log = { room: label, seqs: [] as number[], texts: [] as (string | undefined)[] };
	for (;;) {
		const page = await room.history({ after: log.seqs.length, limit: 200 });
		for (const entry of page.entries) {
			log.seqs.push(entry.seq);
			log.texts.push(entry.body.case === "message" ? entry.body.value.text : undefined);
		}
		if (page.entries.length === 0 || page.to >= page.head) return log;
	}
}
