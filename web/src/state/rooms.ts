// The user's rooms, and which of them is open. The open room is also the page's address (place.ts).

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Client, Clock, Room, RoomInfo } from "@verbatim/client";
import { Room_Kind, type User } from "@verbatim/protocol";
import type { Address } from "./address.ts";
import { hashOfTitle, refOfHash } from "./place.ts";
import { createPresenceRequests } from "./presence-requests.ts";
import { createRoomModel, type RoomModel } from "./room.ts";
import { KEYS, type TextStorage } from "./storage.ts";

export interface Rooms {
	/** Channels by name, then direct conversations by name: a stable order. */
	readonly channels: ReadonlySignal<readonly RoomModel[]>;
	readonly directs: ReadonlySignal<readonly RoomModel[]>;
	readonly invitations: ReadonlySignal<readonly RoomInfo[]>;
	readonly current: ReadonlySignal<RoomModel | undefined>;
	/** A room that the address names and that the user is not in; empty for none. */
	readonly wanted: ReadonlySignal<string>;
	/** Unseen messages, over all rooms. */
	readonly unread: ReadonlySignal<number>;
	/** Increases when presence or membership changes in any room. */
	readonly presence: ReadonlySignal<number>;
	open(roomId: string): void;
	/** Opens the next (1) or previous (-1) room of the list, and wraps around. */
	step(by: 1 | -1): void;
	/** Number of rooms with a draft. */
	drafts(): number;
	forgetDrafts(): void;
	/** Drops the room that the address asked for. */
	unwant(): void;
}

export interface RoomsOptions {
	readonly client: Client;
	readonly clock: Clock;
	readonly user: ReadonlySignal<User | undefined>;
	readonly storage: TextStorage;
	readonly drafts: TextStorage;
	readonly address: Address;
	readonly dayKey: (atMs: number) => string;
	/** Called when the open room is removed by another user, or by the user on another device. */
	readonly onGone: (title: string) => void;
}

export function createRooms(options: RoomsOptions): Rooms {
	const { client, clock, storage, address } = options;
	const models = signal<ReadonlyMap<string, RoomModel>>(new Map());
	const invitations = signal<readonly RoomInfo[]>([...client.invitations.values()]);
	const currentId = signal<string | undefined>(undefined);
	const wanted = signal(refOfHash(address.hash()));
	const presence = signal(0);
	const askAfter = createPresenceRequests(client);
	/** The user of these rooms. */
	let userId = "";

	const sorted = (is: (room: Room) => boolean): ReadonlySignal<readonly RoomModel[]> =>
		computed(() =>
			[...models.value.values()].filter((model) => is(model.room)).sort((a, b) => a.title.value.localeCompare(b.title.value)),
		);
	const channels = sorted((room) => room.kind !== Room_Kind.DIRECT);
	const directs = sorted((room) => room.kind === Room_Kind.DIRECT);
	const current = computed(() => (currentId.value === undefined ? undefined : models.value.get(currentId.value)));

	const add = (room: Room): void => {
		const before = models.peek().get(room.id);
		if (before?.room === room) return;
		before?.dispose();
		userId = client.user?.id ?? "";
		const context = { me: options.user, userId, storage: options.drafts, dayKey: options.dayKey };
		models.value = new Map(models.peek()).set(room.id, createRoomModel(room, context));
		if (before !== undefined && currentId.peek() === room.id) models.peek().get(room.id)?.enter();
	};

	const remove = (room: Room): void => {
		const model = models.peek().get(room.id);
		if (model === undefined) return;
		model.dispose();
		const rest = new Map(models.peek());
		rest.delete(room.id);
		batch(() => {
			models.value = rest;
			if (currentId.peek() !== room.id) return;
			currentId.value = undefined;
			address.replace("#");
			// Signing out, or in as another user, is no leave.
			if (client.user?.id === userId) options.onGone(room.title);
		});
	};

	const open = (roomId: string, how: "push" | "replace" = "push"): void => {
		const room = client.rooms.get(roomId);
		if (room !== undefined) add(room);
		const model = models.peek().get(roomId);
		if (model === undefined) return;
		batch(() => {
			wanted.value = "";
			if (currentId.peek() !== roomId) {
				current.peek()?.exit();
				currentId.value = roomId;
				model.enter();
			}
		});
		const hash = hashOfTitle(model.room.title);
		if (address.hash() !== hash) address[how](hash);
		storage.setItem(KEYS.place(client.user?.id ?? ""), roomId);
	};

	/** Opens the room of the address, or without one the last open room. */
	const settle = (): void => {
		if (client.user === undefined) return;
		if (wanted.peek() !== "") {
			const found = [...models.peek().values()].find((model) => sameRef(model.room.title, wanted.peek()));
			if (found !== undefined) open(found.room.id, "replace");
		} else if (currentId.peek() === undefined && client.status.state === "live") {
			const last = storage.getItem(KEYS.place(client.user.id));
			const id = last !== null && models.peek().has(last) ? last : channels.peek()[0]?.room.id;
			if (id !== undefined) open(id, "replace");
		}
	};
	let settled = false;
	let arriving = false;
	const arrive = (): void => {
		if (arriving) return;
		arriving = true;
		// In the next turn: by then all rooms of the welcome and their last seen seqs are loaded.
		clock.after(0, () => {
			arriving = false;
			// Only the first visit chooses a room; later an empty address is the user's choice.
			if (!settled || wanted.peek() !== "") settle();
			if (client.status.state === "live") settled = true;
			askAfter(directs.peek());
		});
	};

	const renewInvitations = (): void => {
		invitations.value = [...client.invitations.values()];
	};

	client.on("roomAdded", (room) => {
		add(room);
		renewInvitations();
		arrive();
	});
	client.on("roomRemoved", remove);
	client.on("invited", renewInvitations);
	client.on("invitationClosed", renewInvitations);
	client.on("presence", () => {
		presence.value++;
	});
	client.on("user", () => {
		settled = false;
	});
	client.on("status", () => {
		for (const room of client.rooms.values()) add(room);
		renewInvitations();
		arrive();
	});
	address.onChange(() => {
		wanted.value = refOfHash(address.hash());
		settle();
	});
	for (const room of client.rooms.values()) add(room);

	return {
		channels,
		directs,
		invitations,
		current,
		wanted,
		unread: computed(() => [...models.value.values()].reduce((sum, model) => sum + model.unread.value, 0)),
		presence,
		open: (roomId) => open(roomId),
		step(by) {
			const all = [...channels.value, ...directs.value];
			if (all.length === 0) return;
			const at = all.findIndex((model) => model.room.id === currentId.value);
			const next = at < 0 ? (by === 1 ? 0 : all.length - 1) : (at + by + all.length) % all.length;
			const model = all[next];
			if (model !== undefined) open(model.room.id);
		},
		drafts: () => [...models.peek().values()].filter((model) => model.draft.peek().trim() !== "").length,
		forgetDrafts() {
			for (const model of models.peek().values()) model.setDraft("");
		},
		unwant() {
			wanted.value = "";
			const model = current.peek();
			address.replace(model === undefined ? "#" : hashOfTitle(model.room.title));
		},
	};
}

/** Names are unique by their look: `#Tea` finds `#tea`. */
function sameRef(title: string, ref: string): boolean {
	return title.toLocaleLowerCase() === ref.toLocaleLowerCase();
}
