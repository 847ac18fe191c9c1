// The page's state, assembled once: a client and what the views show of it. Views reach it through `useApp`.

import { computed, effect, type ReadonlySignal } from "@preact/signals";
import { type Client, type Clock, OutboxError } from "@verbatim/client";
import { type Times, timesFor } from "../text/times.ts";
import { type Actions, createActions } from "./actions.ts";
import { browserAddress } from "./address.ts";
import { createLayout, type Layout } from "./layout.ts";
import { createRooms, type Rooms } from "./rooms.ts";
import { createSession, type Session } from "./session.ts";
import type { TextStorage } from "./storage.ts";
import { createTicker } from "./ticker.ts";
import { createToasts, type Toasts } from "./toasts.ts";

export interface App {
	readonly client: Client;
	readonly session: Session;
	readonly rooms: Rooms;
	readonly toasts: Toasts;
	readonly layout: Layout;
	readonly actions: Actions;
	/** Is there a room whose members can be shown? */
	readonly membersShown: ReadonlySignal<boolean>;
	readonly times: Times;
	/** The wall clock, twice a second, for countdowns. */
	readonly now: ReadonlySignal<number>;
	/** The wall clock, once a minute, for names of days. */
	readonly minute: ReadonlySignal<number>;
}

export interface AppOptions {
	readonly client: Client;
	readonly clock: Clock;
	readonly storage: TextStorage;
	/** Storage of drafts. */
	readonly drafts: TextStorage;
	readonly window: Window;
}

export function createApp({ client, clock, storage, drafts, window }: AppOptions): App {
	const toasts = createToasts(clock);
	const times = timesFor();
	const session = createSession(client, storage);
	const layout = createLayout(window);
	const address = browserAddress(window);
	const rooms = createRooms({
		client,
		clock,
		user: session.user,
		storage,
		drafts,
		address,
		dayKey: times.dayKey,
		onGone(title) {
			if (layout.dialog.value === "room") layout.dialog.value = undefined;
			toasts.info(`You are no longer in ${title}`);
		},
	});
	// Connection problems are in the banner; this one the user must know before relying on the page.
	client.on("problem", (problem) => {
		if (problem instanceof OutboxError) toasts.error(problem);
	});
	const membersShown = computed(() => layout.members.value && rooms.current.value !== undefined && rooms.wanted.value === "");
	const covered = computed(() => layout.drawer.value || (membersShown.value && layout.overlaid.value));
	const closeOver = (): void => {
		layout.drawer.value = false;
		if (layout.overlaid.value) layout.members.value = false;
	};
	let uncover = (): void => {};
	effect(() => {
		uncover();
		if (covered.value) uncover = address.cover(closeOver);
	});
	// The user is in another room, and wants to see it.
	address.onChange(closeOver);
	effect(() => {
		window.document.title = titleOf(rooms);
	});
	return {
		client,
		session,
		rooms,
		toasts,
		layout,
		actions: createActions({ client, session, rooms, toasts, layout }),
		membersShown,
		times,
		now: createTicker(clock, 500),
		minute: createTicker(clock, 60_000),
	};
}

function titleOf(rooms: Rooms): string {
	const unread = rooms.unread.value;
	const room = rooms.current.value?.title.value;
	return `${unread > 0 ? `(${unread}) ` : ""}${room === undefined ? "" : `${room} · `}Verbatim`;
}
