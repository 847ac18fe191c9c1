// The channels that one may find, as far as they were loaded: a page when one begins, and more as one goes along them or looks for a name.
// There may be thousands. Whether there is one of a name is asked, and not looked up in all of them.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Client, RoomInfo } from "@verbatim/client";
import { Room_Kind } from "@verbatim/protocol";
import { sameRoomName } from "../text/names.ts";
import { errorWords } from "../text/words.ts";

export interface RoomSearch {
	/** In the order of their pages: one's own first. */
	readonly rooms: ReadonlySignal<readonly RoomInfo[]>;
	/** Are these all? */
	readonly complete: ReadonlySignal<boolean>;
	/** Why the last page, or the answer about a name, could not be had; empty if it could. */
	readonly failed: ReadonlySignal<string>;
	/** Is there a channel of the name that was asked after last? Undefined while that is not known. */
	readonly named: ReadonlySignal<{ readonly name: string; readonly there: boolean } | undefined>;
	/** Loads the next page, unless one is on its way or all are here. */
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
			// By id: a channel that is renamed meanwhile may come twice.
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
				// Without an answer nothing is offered; the next letter, the next connection or the reader asks again.
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

/** The channel of this name as a list describes it; true where there is one that is not on the first page; undefined where there is none. */
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
