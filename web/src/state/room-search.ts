// The channels that can be found, as far as they are loaded: a first page, and more while the user scrolls or searches. There may
// be thousands, so whether a name exists is asked of the server.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Client, RoomInfo } from "@verbatim/client";
import { Room_Kind } from "@verbatim/protocol";
import { sameRoomName } from "../text/names.ts";
import { errorWords } from "../text/words.ts";

export interface RoomSearch {
	/** In the order of their pages: the user's own first. */
	readonly rooms: ReadonlySignal<readonly RoomInfo[]>;
	/** Are these all? */
	readonly complete: ReadonlySignal<boolean>;
	/** Why the last page, or the answer about a name, failed; empty if it did not. */
	readonly failed: ReadonlySignal<string>;
	/** Does a channel of the last requested name exist? Undefined while unknown. */
	readonly named: ReadonlySignal<{ readonly name: string; readonly there: boolean } | undefined>;
	/** Loads the next page, unless one is loading or all are loaded. */
	more(): void;
	/** Asks whether there is a channel of this name. */
	ask(name: string): void;
	stop(): void;
}

export function createRoomSearch(client: Pick<Client, "listRoomsPage" | "hasRoom">): RoomSearch {
	const rooms = signal<readonly RoomInfo[]>([]);
	const complete = signal(false);
	const failed = signal("");
	const named = signal<{ readonly name: string; readonly there: boolean } | undefined>(undefined);
	const stop = new AbortController();
	const { signal: stopped } = stop;
	let after: string | undefined;
	let asking = false;
	let asked = "";

	const load = async (): Promise<void> => {
		asking = true;
		try {
			const page = await client.listRoomsPage({ signal: stopped, ...(after !== undefined && { after }) });
			// By id: a channel renamed meanwhile may arrive twice.
			const known = new Map(rooms.peek().map((room) => [room.id, room]));
			for (const room of page.rooms) if (room.kind !== Room_Kind.DIRECT) known.set(room.id, room);
			after = page.next;
			failed.value = "";
			complete.value = after === undefined;
			rooms.value = [...known.values()];
		} catch (refusal) {
			if (!stopped.aborted) failed.value = errorWords(refusal);
		} finally {
			asking = false;
		}
	};

	return {
		rooms,
		complete,
		failed,
		named,
		more() {
			if (!asking && !complete.peek() && !stopped.aborted) void load();
		},
		ask(name) {
			if (name === asked) return;
			asked = name;
			named.value = undefined;
			client.hasRoom(name, { signal: stopped }).then(
				(there) => {
					if (asked !== name) return;
					failed.value = "";
					named.value = { name, there };
				},
				// Without an answer nothing is offered; the next letter, connection or click asks again.
				(refusal: unknown) => {
					if (asked !== name || stopped.aborted) return;
					asked = "";
					failed.value = errorWords(refusal);
				},
			);
		},
		stop: () => stop.abort(),
	};
}

/** The channel of this name as listed; true if there is one beyond the first page; undefined if there is none. */
export async function findRoom(
	client: Pick<Client, "listRoomsPage" | "hasRoom">,
	name: string,
	abort: AbortSignal,
): Promise<RoomInfo | true | undefined> {
	const { rooms, next } = await client.listRoomsPage({ signal: abort });
	const found = rooms.find((room) => room.kind !== Room_Kind.DIRECT && sameRoomName(room.name, name));
	if (found !== undefined || next === undefined) return found;
	return (await client.hasRoom(name, { signal: abort })) || undefined;
}
