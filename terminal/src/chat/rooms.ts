// Follows the client's rooms: subscribes to each once, opens and closes views with them, loads what came before where the
// window has reached the top, and says what was seen.
import type { Off, Room } from "@verbatim/client";
import type { Desk } from "./desk.ts";
import type { Scene } from "./scene.ts";
import { HOME, opened, viewOf, withView } from "./state.ts";
import { errorWords, roomsInOrder } from "./words.ts";

export interface Rooms {
	/** Looks which rooms the client has now. Call it whenever that may have changed. */
	sync(): void;
	/** Shows a room. */
	open(room: Room): void;
	/** Shows the room `step` places further in the list, round the end. */
	turn(step: number): void;
	/** Shows the next room with something unread. */
	openUnread(): void;
	/**
	 * Loads what came before into the room shown, and gives how many entries came. Failures are told. While it loads, all who
	 * ask get the same answer.
	 */
	loadOlder(limit?: number): Promise<number>;
	/** The frame is on the screen: what it shows is seen, and if it shows the top, more is wanted. */
	shown(scene: Scene): void;
	close(): void;
}

/** Entries that stay in memory of a room one has left; PageUp loads older ones again. */
const KEEP_ENTRIES = 1_000;

export function createRooms(desk: Desk, remember: (room: Room) => void): Rooms {
	const followed = new Map<string, { readonly room: Room; readonly offs: readonly Off[] }>();
	const loading = new Map<string, Promise<number>>();

	const follow = (room: Room): void => {
		followed.set(room.id, {
			room,
			offs: [
				room.on("changed", () => desk.touch()),
				room.on("skipped", (range) => {
					desk.change((ui) =>
						withView(ui, room.id, {
							skipped: [...viewOf(ui, room.id).skipped, range].slice(-20),
							anchor: undefined,
							older: "idle",
						}),
					);
					if (range.reason === "epoch")
						desk.tell("the server was put back to an older state; what is shown here is what it has now", "info", room.id);
				}),
			],
		});
	};

	const forget = (id: string): void => {
		for (const off of followed.get(id)?.offs ?? []) off();
		followed.delete(id);
	};

	const load = async (room: Room, limit: number | undefined): Promise<number> => {
		desk.change((ui) => withView(ui, room.id, { older: "loading" }));
		try {
			const count = await room.loadOlder(limit);
			desk.change((ui) =>
				withView(ui, room.id, {
					// None came although there are some: asking at once again would ask for ever.
					older: count > 0 ? "idle" : "failed",
					skipped: viewOf(ui, room.id).skipped.filter(({ from }) => from < room.from),
				}),
			);
			return count;
		} catch (error) {
			desk.change((ui) => withView(ui, room.id, { older: "failed" }));
			desk.tell(`what came before could not be loaded: ${errorWords(error)}. PageUp tries again`, "error", room.id);
			return 0;
		}
	};

	const rooms: Rooms = {
		sync() {
			const { rooms: now } = desk.client;
			for (const [id, { room }] of [...followed]) if (now.get(id) !== room) forget(id);
			for (const room of now.values()) if (!followed.has(room.id)) follow(room);
			if (desk.ui.current !== HOME && !now.has(desk.ui.current)) {
				const [first] = roomsInOrder(desk.client);
				desk.change((ui) => opened(ui, first?.id ?? HOME, undefined));
			}
			desk.touch();
		},
		open(room) {
			const left = desk.room();
			if (left && left !== room && left.to - left.from >= KEEP_ENTRIES) left.trim(KEEP_ENTRIES);
			desk.change((ui) => opened(ui, room.id, room.unread > 0 ? room.seen + 1 : undefined));
			remember(room);
		},
		turn(step) {
			const list = roomsInOrder(desk.client);
			const at = list.findIndex(({ id }) => id === desk.ui.current);
			const next = list[at < 0 ? 0 : (at + step + list.length) % list.length];
			if (next) rooms.open(next);
		},
		openUnread() {
			const list = roomsInOrder(desk.client);
			const at = list.findIndex(({ id }) => id === desk.ui.current);
			const next = [...list.slice(at + 1), ...list.slice(0, at + 1)].find(
				({ id, unread }) => unread > 0 && id !== desk.ui.current,
			);
			if (next) rooms.open(next);
		},
		loadOlder(limit) {
			const room = desk.room();
			if (!room || room.from <= 1) return Promise.resolve(0);
			const under = loading.get(room.id) ?? load(room, limit).finally(() => loading.delete(room.id));
			loading.set(room.id, under);
			return under;
		},
		shown({ room, seen }) {
			if (!room) return;
			if (viewOf(desk.ui).anchor === undefined && room.seen < room.to) room.markSeen();
			if (seen.atTop && room.from > 1 && viewOf(desk.ui).older === "idle" && desk.client.status.state === "live")
				void rooms.loadOlder();
		},
		close() {
			for (const id of [...followed.keys()]) forget(id);
		},
	};
	return rooms;
}
