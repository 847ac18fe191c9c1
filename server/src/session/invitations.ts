// What a session has told its client of open invitations. Whatever may change one makes the room be read once, again if more changes meanwhile,
// and the difference between what was told and what is so is told. While a join is under way or the session has a subscription,
// the join's answer, `roomAdded` and `roomRemoved` tell of the room: what has changed is looked at once these are over.
import { type DownBody, Room_Standing } from "@verbatim/protocol";
import { roomBody } from "../command/bodies.ts";
import { isMember } from "../log/membership.ts";
import type { RoomView, UserRef } from "../store/store.ts";
import { type ReadRoomParts, type ReadRoomPort, readRoom } from "./read-room.ts";

export interface InvitationsPort extends ReadRoomPort {
	notify(body: DownBody): void;
}

/** A room to be read. */
interface Look {
	/** Of the newest invitation notified; 0 and nobody: none since it was told. */
	seq: number;
	by: UserRef | undefined;
	reading: boolean;
	/** Something may have changed since it is being read. */
	again: boolean;
}

export class Invitations {
	private readonly port: InvitationsPort;
	private readonly parts: ReadRoomParts;
	/** Does something else tell of the room now? */
	private readonly isHeld: (room: string) => boolean;
	/** The rooms to which the client knows it is invited. Most sessions have none. */
	private notified: Set<string> | undefined;
	private looks: Map<string, Look> | undefined;

	constructor(port: InvitationsPort, parts: ReadRoomParts, isHeld: (room: string) => boolean) {
		this.port = port;
		this.parts = parts;
		this.isHeld = isHeld;
	}

	/** The welcome names it. */
	named(room: string): void {
		this.notified ??= new Set();
		this.notified.add(room);
	}

	/** The client is told that the user is in the room. */
	accepted(room: string): void {
		this.notified?.delete(room);
		if (this.notified?.size === 0) this.notified = undefined;
	}

	/** The user is a member as of the entry `seq`: older invitations are over. */
	memberSince(room: string, seq: number): void {
		const look = this.looks?.get(room);
		if (look !== undefined && look.seq < seq) this.drop(room);
	}

	/** By the entry `seq`. A bus may bring it twice. */
	opened(room: string, seq: number, by: UserRef): void {
		let look = this.looks?.get(room);
		if (look === undefined) {
			if (this.notified?.has(room) === true && !this.isHeld(room)) return;
			look = this.lookAt(room);
		}
		if (seq <= look.seq) return;
		look.seq = seq;
		look.by = by;
		this.changed(room);
	}

	/** An invitation to the room, if there is one, may be open no more, or may be told now. */
	changed(room: string): void {
		const look = this.looks?.get(room) ?? (this.notified?.has(room) === true ? this.lookAt(room) : undefined);
		if (look?.reading === true) look.again = true;
		else if (look !== undefined) this.read(room, look);
	}

	private lookAt(room: string): Look {
		const look: Look = { seq: 0, by: undefined, reading: false, again: false };
		this.looks ??= new Map();
		this.looks.set(room, look);
		return look;
	}

	private drop(room: string): void {
		this.looks?.delete(room);
		if (this.looks?.size === 0) this.looks = undefined;
	}

	private read(room: string, look: Look): void {
		if (this.isHeld(room)) return;
		look.reading = true;
		look.again = false;
		void readRoom(room, this.port, this.parts, (view) => {
			if (this.looks?.get(room) !== look) return;
			look.reading = false;
			if (look.again) this.read(room, look);
			else if (!this.isHeld(room)) this.tell(view, look);
		});
	}

	private tell(view: RoomView, { by }: Look): void {
		const { id } = view;
		this.drop(id);
		const wasNotified = this.notified?.has(id) === true;
		if (view.standing === Room_Standing.INVITED) {
			if (wasNotified) return;
			this.named(id);
			const room = roomBody(view);
			this.port.notify({ case: "invited", value: by === undefined ? { room } : { room, by: { id: by.id, name: by.name } } });
		} else if (wasNotified && !isMember(view.standing)) {
			this.accepted(id);
			this.port.notify({ case: "roomRemoved", value: { room: id } });
		}
	}
}
