// The user's actions other than sending. Each shows the server's refusal, and returns whether it succeeded.
import type { Client, Room } from "@verbatim/client";
import { lostByLeaving, lostBySigningOut } from "../text/losses.ts";
import { bareName } from "../text/names.ts";
import type { Layout, Question } from "./layout.ts";
import type { Rooms } from "./rooms.ts";
import type { Session } from "./session.ts";
import type { Toasts } from "./toasts.ts";

export interface Actions {
	/** Opens a room, and closes what covers the conversation. */
	go(roomId: string): void;
	/** Joins `ref` (`#name` or an id) and opens it. */
	join(ref: string): Promise<boolean>;
	/** Declines the invitation to the room of this id. */
	decline(roomId: string): Promise<boolean>;
	/** Creates a channel and opens it. Rejects with the server's refusal. */
	create(name: string, options: { readonly private: boolean }): Promise<void>;
	direct(name: string): Promise<boolean>;
	/** Asks for confirmation where something would be lost for good. */
	leave(room: Room): void;
	/** Rejects with what the server says against it. */
	rename(room: Room, name: string): Promise<void>;
	/** Rejects with what the server says against it. */
	invite(room: Room, name: string): Promise<void>;
	/** Removes the identity from this device, with all drafts; asks for confirmation where something would be lost for good. */
	signOut(): void;
}

export interface ActionsOptions {
	readonly client: Client;
	readonly session: Session;
	readonly rooms: Rooms;
	readonly toasts: Toasts;
	readonly layout: Layout;
}

export function createActions({ client, session, rooms, toasts, layout }: ActionsOptions): Actions {
	const go = (roomId: string): void => {
		rooms.open(roomId);
		layout.drawer.value = false;
		if (layout.overlaid.value) layout.members.value = false;
		layout.dialog.value = undefined;
	};
	const ask = (question: Question): void => {
		if (question.lost.length === 0) question.act();
		else layout.question.value = question;
	};
	const enter = (room: Promise<Room>): Promise<boolean> => toasts.guard(room.then(({ id }) => go(id)));
	return {
		go,
		join: (ref) => enter(client.join(ref)),
		decline: (roomId) => toasts.guard(client.decline(roomId)),
		create: async (name, options) => go((await client.create(bareName(name), options)).id),
		direct: (name) => enter(client.direct(bareName(name))),
		leave(room) {
			ask({
				title: `Leave ${room.title}?`,
				lost: lostByLeaving(room),
				yes: "Leave",
				act: () => void toasts.guard(room.leave()),
			});
		},
		rename: (room, name) => room.rename(bareName(name)),
		async invite(room, name) {
			await room.invite(bareName(name));
			toasts.info(`${bareName(name)} is invited to ${room.title}`);
		},
		signOut() {
			const { user } = client;
			const unsent = user === undefined ? undefined : client.outbox.filter(({ status }) => status.state !== "done").length;
			ask({
				title: "Sign out?",
				lost: lostBySigningOut({ as: session.cameAs(), name: user?.name, unsent, drafts: rooms.drafts() }),
				yes: "Sign out",
				act() {
					rooms.forgetDrafts();
					layout.drawer.value = false;
					layout.members.value = false;
					void toasts.guard(session.signOut());
				},
			});
		},
	};
}
