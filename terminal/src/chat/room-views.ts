// The views of the client's rooms: subscribes to each room, opens and closes its view, loads older entries when the viewport reaches
// the top, and marks entries as seen.
import type { Off, Room } from "@verbatim/client";
import { errorWords, roomsInOrder } from "./format.ts";
import type { ChatModel } from "./model.ts";
import type { Scene } from "./scene.ts";
import { HOME, viewOf, withShownRoom, withView } from "./state.ts";

export interface RoomViews {
	/** Synchronises the views with the client's rooms. To be called after they may have changed. */
	sync(): void;
	/** Shows a room. */
	open(room: Room): void;
	/** Shows the room `step` places further in the list; wraps around. */
	turn(step: number): void;
	/** Shows the next room with unread messages. */
	openUnread(): void;
	/**
	 * Loads older entries of the shown room; returns how many. Failures are shown as notices, not thrown. Concurrent calls share one
	 * request.
	 */
	loadOlder(limit?: number): Promise<number>;
	/** A frame was painted: marks its entries as seen, and loads older ones if it shows the top. */
	shown(scene: Scene): void;
	close(): void;
}

/** Entries held of a room that is not shown; PageUp loads older ones again. */
const KEEP_ENTRIES = 1_000;

export function createRoomViews(model: ChatModel, remember: (room: Room) => void): RoomViews {
	const followed = new Map<string, { readonly room: Room; readonly offs: readonly Off[] }>();
	const loading = new Map<string, Promise<number>>();

	const follow = (room: Room): void => {
		followed.set(room.id, {
			room,
			offs: [
				room.on("changed", () => model.touch()),
				room.on("skipped", (range) => {
					model.change((ui) =>
						withView(ui, room.id, {
							skipped: [...viewOf(ui, room.id).skipped, range].slice(-20),
							anchor: undefined,
							older: "idle",
						}),
					);
					if (range.reason === "epoch")
						model.notify("the server was put back to an older state; what is shown here is what it has now", "info", room.id);
				}),
			],
		});
	};

	const forget = (id: string): void => {
		for (const off of followed.get(id)?.offs ?? []) off();
		followed.delete(id);
	};

	const load = async (room: Room, limit: number | undefined): Promise<number> => {
		model.change((ui) => withView(ui, room.id, { older: "loading" }));
		try {
			const count = await room.loadOlder(limit);
			model.change((ui) =>
				withView(ui, room.id, {
					// None loaded although there are some: retrying automatically could loop.
					older: count > 0 ? "idle" : "failed",
					skipped: viewOf(ui, room.id).skipped.filter(({ from }) => from < room.from),
				}),
			);
			return count;
		} catch (error) {
			model.change((ui) => withView(ui, room.id, { older: "failed" }));
			model.notify(`what came before could not be loaded: ${errorWords(error)}. PageUp tries again`, "error", room.id);
			return 0;
		}
	};

	const rooms: RoomViews = {
		sync() {
			const { rooms: now } = model.client;
			for (const [id, { room }] of [...followed]) if (now.get(id) !== room) forget(id);
			for (const room of now.values()) if (!followed.has(room.id)) follow(room);
			if (model.ui.current !== HOME && !now.has(model.ui.current)) {
				const [first] = roomsInOrder(model.client);
				model.change((ui) => withShownRoom(ui, first?.id ?? HOME, undefined));
			}
			model.touch();
		},
		open(room) {
			const left = model.room();
			if (left && left !== room && left.to - left.from >= KEEP_ENTRIES) left.trim(KEEP_ENTRIES);
			model.change((ui) => withShownRoom(ui, room.id, room.unread > 0 ? room.seen + 1 : undefined));
			remember(room);
		},
		turn(step) {
			const list = roomsInOrder(model.client);
			const at = list.findIndex(({ id }) => id === model.ui.current);
			const next = list[at < 0 ? 0 : (at + step + list.length) % list.length];
			if (next) rooms.open(next);
		},
		openUnread() {
			const list = roomsInOrder(model.client);
			const at = list.findIndex(({ id }) => id === model.ui.current);
			const next = [...list.slice(at + 1), ...list.slice(0, at + 1)].find(
				({ id, unread }) => unread > 0 && id !== model.ui.current,
			);
			if (next) rooms.open(next);
		},
		loadOlder(limit) {
			const room = model.room();
			if (!room || room.from <= 1) return Promise.resolve(0);
			const under = loading.get(room.id) ?? load(room, limit).finally(() => loading.delete(room.id));
			loading.set(room.id, under);
			return under;
		},
		shown({ room, visible }) {
			if (!room) return;
			if (viewOf(model.ui).anchor === undefined && room.seen < room.to) room.markSeen();
			if (visible.atTop && room.from > 1 && viewOf(model.ui).older === "idle" && model.client.status.state === "live")
				void rooms.loadOlder();
		},
		close() {
			for (const id of [...followed.keys()]) forget(id);
		},
	};
	return rooms;
}
