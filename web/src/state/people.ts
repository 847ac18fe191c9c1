// Whether people are there is told only to who asked for it: the page asks after those of its direct conversations, once per
// connection each.
import type { Client } from "@verbatim/client";
import type { RoomModel } from "./room.ts";

/** More would be a burden on the server; whoever has more sees the rest when the conversation is opened. */
const ASKED_MAX = 30;

/** Asks after the people of these rooms that were not asked after on this connection. */
export function createAsker(client: Pick<Client, "status">): (models: readonly RoomModel[]) => void {
	let sinceMs = Number.NaN;
	let asked = new Set<string>();
	return (models) => {
		const { status } = client;
		if (status.state !== "live") return;
		if (status.sinceMs !== sinceMs) {
			sinceMs = status.sinceMs;
			asked = new Set();
		}
		for (const model of models) {
			if (asked.size >= ASKED_MAX || asked.has(model.room.id)) continue;
			asked.add(model.room.id);
			model.ask();
		}
	};
}
