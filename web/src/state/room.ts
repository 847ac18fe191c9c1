// A room as the page shows it: the SDK's room, whose changes become one signal, and the user's own state: the divider of new
// messages, the draft, the loading of older pages.

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Delivery, Room, SkippedRange } from "@verbatim/client";
import { LIMITS, type User } from "@verbatim/protocol";
import { type Row, rowsOf } from "../text/rows.ts";
import { errorWords } from "../text/words.ts";
import { KEYS, type TextStorage } from "./storage.ts";

export interface RoomModel {
	readonly room: Room;
	/** Increases with each change of `room`. A view that reads fields of `room` reads this first. */
	readonly version: ReadonlySignal<number>;
	readonly title: ReadonlySignal<string>;
	readonly rows: ReadonlySignal<readonly Row[]>;
	/** Unseen messages. */
	readonly unread: ReadonlySignal<number>;
	/** The composer's text; kept over reloads. */
	readonly draft: ReadonlySignal<string>;
	readonly loading: ReadonlySignal<boolean>;
	/** Why the last page could not be loaded; undefined after a success. */
	readonly loadError: ReadonlySignal<string | undefined>;
	/** A skipped range that is not loaded yet, at the timeline's beginning; for a log restored from an earlier state, always. */
	readonly skipped: ReadonlySignal<SkippedRange | undefined>;

	/** The user opens this room: unread messages get the divider, and the newest page is loaded. */
	enter(): void;
	/** The user leaves this room: dividers are removed. */
	exit(): void;
	/** Is the end of the room visible? While it is, new entries are seen at once. */
	watch(watching: boolean): void;
	setDraft(text: string): void;
	/** Sends it; throws as `Room.send` does, and then keeps the draft. */
	say(text: string): Delivery;
	/** Loads the first members with their presence, once; failures are not shown. */
	ask(): void;
	/** The end of the loaded members is visible: loads the next page. */
	loadMembers(): void;
	/** Loads the rest of the members. Resolves once they are loaded, or loading has failed. */
	loadAllMembers(): Promise<void>;
	/** These members are visible, by id: their presence is requested where it is not notified. */
	lookAt(users: readonly string[]): void;
	/** Loads the page before the oldest entry, on request. Never rejects, see `loadError`. */
	loadOlder(): Promise<void>;
	/**
	 * The user scrolls near the oldest entry: loads the page before it, but not after a failure, and not into a skipped range,
	 * which is shown first.
	 */
	loadAhead(): void;
	dispose(): void;
}

export interface RoomContext {
	readonly me: ReadonlySignal<User | undefined>;
	readonly userId: string;
	readonly storage: TextStorage;
	readonly dayKey: (atMs: number) => string;
}

/** Entries per page of history: a few screens. */
export const OLDER_ENTRIES = 60;
/** Members loaded when a room is opened: all of nearly every room. */
const MEMBERS_FIRST = 200;

export function createRoomModel(room: Room, context: RoomContext): RoomModel {
	const { storage } = context;
	const draftKey = KEYS.draft(context.userId, room.id);
	const version = signal(0);
	const draft = signal(storage.getItem(draftKey) ?? "");
	const loading = signal(false);
	const loadError = signal<string | undefined>(undefined);
	const skippedRange = signal<SkippedRange | undefined>(undefined);
	const newFrom = signal<number | undefined>(undefined);
	/** The user has requested the skipped range: it is loaded like any other history from now on. */
	let intoSkipped = false;
	let watching = false;
	let entered = false;

	const unread = computed(() => {
		version.value;
		return room.unread;
	});
	const rows = computed(() => {
		version.value;
		return rowsOf({
			timeline: room.timeline,
			from: room.from,
			epoch: room.epoch,
			pending: room.pending,
			me: context.me.value,
			newFrom: newFrom.value,
			dayKey: context.dayKey,
		});
	});

	const setDraft = (text: string): void => {
		draft.value = text;
		if (text === "") storage.removeItem(draftKey);
		else storage.setItem(draftKey, text);
	};

	const offs = [
		room.on("changed", () => {
			version.value++;
			if (watching && room.unread > 0) room.markSeen();
		}),
		room.on("entry", (entry) => {
			const mine = entry.sender?.id === context.me.value?.id;
			if (entered && !watching && !mine && newFrom.value === undefined) newFrom.value = entry.seq;
			if (watching) room.markSeen();
		}),
		room.on("skipped", (range) => {
			skippedRange.value = range;
			intoSkipped = false;
		}),
	];

	const skipped = computed(() => {
		version.value;
		const range = skippedRange.value;
		return range !== undefined && (range.reason === "epoch" || room.from > range.from) ? range : undefined;
	});
	const load = async (): Promise<void> => {
		if (loading.value || room.from <= 1) return;
		loading.value = true;
		try {
			await room.loadOlder(OLDER_ENTRIES);
			loadError.value = undefined;
		} catch (error) {
			loadError.value = errorWords(error);
		} finally {
			loading.value = false;
		}
	};

	let lookedAt: readonly string[] = [];
	let looking = false;
	/** One request at a time: while the user scrolls, only the last view counts. */
	const look = async (): Promise<void> => {
		if (looking) return;
		looking = true;
		for (let asked: readonly string[] = []; asked !== lookedAt; ) {
			asked = lookedAt;
			await room.lookAt(asked).catch(() => undefined);
		}
		looking = false;
	};

	const loadAhead = (): void => {
		if (loadError.peek() === undefined && (intoSkipped || skipped.peek() === undefined)) void load();
	};

	return {
		room,
		version,
		title: computed(() => {
			version.value;
			return room.title;
		}),
		rows,
		unread,
		draft,
		loading,
		loadError,
		skipped,
		enter() {
			entered = true;
			newFrom.value = room.unread > 0 ? room.seen + 1 : undefined;
			if (room.timeline.length < OLDER_ENTRIES) loadAhead();
		},
		exit() {
			entered = false;
			watching = false;
			newFrom.value = undefined;
		},
		watch(now) {
			watching = now;
			if (now) room.markSeen();
		},
		setDraft,
		say(text) {
			const delivery = room.send(text);
			setDraft("");
			newFrom.value = undefined;
			return delivery;
		},
		ask() {
			// After a reconnect the SDK requests them again, and only what has changed.
			if (room.onlineCount === undefined) room.loadMembers(MEMBERS_FIRST).catch(() => undefined);
		},
		loadMembers() {
			if (!room.membersComplete) room.loadMembers().catch(() => undefined);
		},
		async loadAllMembers() {
			try {
				while (!room.membersComplete && (await room.loadMembers(LIMITS.membersPageMax)) > 0);
			} catch {
				// Shows what is loaded.
			}
		},
		lookAt(users) {
			lookedAt = users;
			void look();
		},
		loadOlder() {
			intoSkipped = true;
			return load();
		},
		loadAhead,
		dispose() {
			for (const off of offs) off();
		},
	};
}
