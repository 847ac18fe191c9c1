// Open invitations, as notified to one client. Any event that may change one makes the room be read (again, if another event
// arrives during the read), and the difference from what was notified is sent. While a join is in flight or the session has a
// subscription, the join's answer, `roomAdded` and `roomRemoved` cover the room: events are applied after that.
import { type DownBody, Room_Standing } from "@verbatim/protocol";
import { roomBody } from "../command/bodies.ts";
import { isMember } from "../log/standing.ts";
import type { RoomView, UserRef } from "../store/store.ts";
import { type ReadRoomParts, type ReadRoomPort, readRoom } from "./read-room.ts";

export interface InvitationsPort extends ReadRoomPort {
	notify(body: DownBody): void;
}

/** A room that is read, or to be read. */
interface Refresh {
	/** Of the newest invitation event; 0 and undefined: none since the last notification. */
	seq: number;
	by: UserRef | undefined;
	reading: boolean;
	/** An event has arrived during the read. */
	again: boolean;
}

export class Invitations {
	private readonly port: InvitationsPort;
	private readonly parts: ReadRoomParts;
	/** Is the room covered by a join or a subscription now? */
	private readonly isCovered: (room: string) => boolean;
	/** Rooms to which the client knows it is invited. Most sessions have none. */
	private notified: Set<string> | undefined;
	private refreshes: Map<string, Refresh> | undefined;

	constructor(port: InvitationsPort, parts: ReadRoomParts, isCovered: (room: string) => boolean) {
		this.port = port;
		this.parts = parts;
		this.isCovered = isCovered;
	}

	/** The welcome names the invitation. */
	named(room: string): void {
		this.notified ??= new Set();
		this.notified.add(room);
	}

	/** The client is notified that the user is in the room. */
	accepted(room: string): void {
		this.notified?.delete(room);
		if (this.notified?.size === 0) this.notified = undefined;
	}

	/** The entry `seq` has made the user a member: older invitations are closed. */
	memberSince(room: string, seq: number): void {
		const refresh = this.refreshes?.get(room);
		if (refresh !== undefined && refresh.seq < seq) this.drop(room);
	}

	/** The entry `seq` has invited the user. A bus may deliver it twice. */
	opened(room: string, seq: number, by: UserRef): void {
		let refresh = this.refreshes?.get(room);
		if (refresh === undefined) {
			if (this.notified?.has(room) === true && !this.isCovered(room)) return;
			refresh = this.refreshOf(room);
		}
		if (seq <= refresh.seq) return;
		refresh.seq = seq;
		refresh.by = by;
		this.changed(room);
	}

	/** An invitation to the room may have closed, or may be sent now. */
	changed(room: string): void {
		const refresh = this.refreshes?.get(room) ?? (this.notified?.has(room) === true ? this.refreshOf(room) : undefined);
		if (refresh?.reading === true) refresh.again = true;
		else if (refresh !== undefined) this.read(room, refresh);
	}

	private refreshOf(room: string): Refresh {
		const refresh: Refresh = { seq: 0, by: undefined, reading: false, again: false };
		this.refreshes ??= new Map();
		this.refreshes.set(room, refresh);
		return refresh;
	}

	private drop(room: string): void {
		this.refreshes?.delete(room);
		if (this.refreshes?.size === 0) this.refreshes = undefined;
	}

	private read(room: string, refresh: Refresh): void {
		if (this.isCovered(room)) return;
		refresh.reading = true;
		refresh.again = false;
		void readRoom(room, this.port, this.parts, (view) => {
			if (this.refreshes?.get(room) !== refresh) return;
			refresh.reading = false;
			if (refresh.again) this.read(room, refresh);
			else if (!this.isCovered(room)) this.notify(view, refresh);
		});
	}

	private notify(view: RoomView, { by }: Refresh): void {
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
