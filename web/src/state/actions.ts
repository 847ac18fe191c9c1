// What a reader can do beyond writing. Each action shows what the server says against it, and tells whether it went well.
import type { Client, Room } from "@verbatim/client";
import type { Layout } from "./layout.ts";
import type { Rooms } from "./rooms.ts";
import type { Session } from "./session.ts";
import type { Toasts } from "./toasts.ts";

export interface Actions {
	/** Opens a room, and closes what lies over the conversation. */
	go(roomId: string): void;
	/** Joins `ref` (`#name` or an id) and opens it. */
	join(ref: string): Promise<boolean>;
	create(name: string, options: { readonly private: boolean }): Promise<boolean>;
	direct(name: string): Promise<boolean>;
	leave(room: Room): Promise<boolean>;
	rename(room: Room, name: string): Promise<boolean>;
	invite(room: Room, name: string): Promise<boolean>;
	/** Forgets who one is on this device, and every draft with it. */
	signOut(): Promise<boolean>;
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
		layout.dialog.value = undefined;
	};
	const enter = (room: Promise<Room>): Promise<boolean> => toasts.guard(room.then(({ id }) => go(id)));
	return {
		go,
		join: (ref) => enter(client.join(ref)),
		create: (name, options) => enter(client.create(bare(name), options)),
		direct: (name) => enter(client.direct(bare(name))),
		leave: (room) => toasts.guard(room.leave()),
		rename: (room, name) => toasts.guard(room.rename(bare(name))),
		async invite(room, name) {
			const done = await toasts.guard(room.invite(bare(name)));
			if (done) toasts.info(`${bare(name)} is invited to ${room.title}`);
			return done;
		},
		signOut() {
			rooms.forgetDrafts();
			layout.drawer.value = false;
			layout.members.value = false;
			return toasts.guard(session.signOut());
		},
	};
}

/** A name without the mark that people put before it. */
function bare(name: string): string {
	return name.trim().replace(/^[#@]/u, "");
}
