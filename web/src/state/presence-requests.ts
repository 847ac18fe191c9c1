// Requests the presence of the peers of direct conversations, once per conversation and connection: the server reports presence only on
// request.
import type { Client } from "@verbatim/client";
import type { RoomModel } from "./room.ts";

/** Requests per connection, to bound the load on the server; further conversations request presence when they are opened. */
const ASKED_MAX = 30;

/** Returns the function that requests presence for those of `models` that were not requested on this connection. */
export function createPresenceRequests(client: Pick<Client, "status">): (models: readonly RoomModel[]) => void {
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
