// The rooms one is in, as the server tells them: at each welcome, by pushes, by answers to joins; and what to do when a frame
// was lost that may have told of one.
import { type Cursor, Room_Standing, type RoomAdded, type User } from "@verbatim/protocol";
import type { RoomInfo } from "../api.ts";
import { ProtocolError } from "../errors.ts";
import type { Parts } from "../parts.ts";
import type { Body, Session } from "../session/session.ts";
import { LiveRoom, type RoomPort } from "./room.ts";

/** Rooms repaired side by side after one ping, each by a page at a time. If more are behind, a new session's cursors say so at once. */
const REPAIRS_MAX = 8;

export interface RosterPort {
	/** The session, if it is live. */
	readonly session: Session | undefined;
	/** The server's list of rooms, over any number of reconnects. */
	askRooms(): Promise<readonly RoomInfo[]>;
	resync(why: ProtocolError): void;
	added(room: LiveRoom): void;
	removed(room: LiveRoom): void;
	invited(room: RoomInfo, by: User | undefined): void;
	/** An invitation is open no longer. */
	invitationClosed(room: RoomInfo): void;
}

export class Roster {
	/** By id. */
	readonly rooms = new Map<string, LiveRoom>();
	readonly invitations = new Map<string, RoomInfo>();
	private readonly parts: Parts;
	private readonly timelineMax: number;
	private readonly roomPort: RoomPort;
	private readonly port: RosterPort;
	/** A list of rooms is on its way, for their descriptions. */
	private describing = false;
	/** Frames lost since it was last made sure that nothing is missing. */
	private damages = 0;

	constructor(parts: Parts, timelineMax: number, roomPort: RoomPort, port: RosterPort) {
		this.parts = parts;
		this.timelineMax = timelineMax;
		this.roomPort = roomPort;
		this.port = port;
	}

	/** Where one stands in each room. */
	cursors(): Array<Pick<Cursor, "room" | "epoch" | "seq">> {
		return Array.from(this.rooms.values(), ({ id, epoch, to }) => ({ room: id, epoch, seq: to }));
	}

	/** All rooms there are for this user. What those have missed that were here before follows, after their cursors. */
	welcomed(infos: readonly RoomInfo[]): void {
		const present = new Set<string>();
		this.openInvitations(infos);
		for (const info of infos) {
			if (!isMember(info)) continue;
			present.add(info.id);
			const room = this.rooms.get(info.id);
			if (room === undefined) {
				this.add(info, info.head, info.head);
			} else {
				room.describe(info);
				room.refreshMembers();
			}
		}
		for (const id of [...this.rooms.keys()]) if (!present.has(id)) this.remove(id);
	}

	/** Takes what was pushed, if it is of rooms. */
	pushed(body: Body): void {
		switch (body.case) {
			case "entries":
				this.mustHold(body.value.room)?.entriesPushed(body.value);
				return;
			case "skipped":
				this.mustHold(body.value.room)?.skipped(body.value);
				return;
			case "ping":
				this.sentUpTo(body.value.heads);
				return;
			case "roomAdded":
				this.roomAdded(body.value);
				return;
			case "roomRemoved":
				this.closeInvitation(body.value.room);
				this.remove(body.value.room);
				return;
			case "invited": {
				const { room, by } = body.value;
				if (room === undefined) return;
				this.invitations.set(room.id, room);
				this.port.invited(room, by);
				return;
			}
			case "typist":
				if (body.value.user !== undefined) this.rooms.get(body.value.room)?.typist(body.value.user);
				return;
			case "presence": {
				const { user, online } = body.value;
				if (user !== undefined) for (const room of this.rooms.values()) room.presence(user, online);
				return;
			}
			case "joined":
				// Its caller has given up, but the stream of the room has begun.
				this.joined(body);
				return;
			default:
			// Not of rooms, or an answer that nobody waits for any more.
		}
	}

	/** How far the server has sent rooms on this connection: what is not here was lost on its way, and nothing may have followed it. */
	private sentUpTo(heads: readonly Cursor[]): void {
		const lost = heads.filter(({ room: id, epoch, seq }) => {
			const room = this.rooms.get(id);
			return room === undefined || room.epoch !== epoch || room.to < seq;
		});
		if (lost.length > REPAIRS_MAX) {
			this.port.resync(new ProtocolError(`entries of ${lost.length} rooms are missing`));
			return;
		}
		for (const { room, epoch, seq } of lost) this.mustHold(room)?.sentUpTo(epoch, seq);
	}

	/** The answer to a join. Throws `ProtocolError` if it is none. */
	joined(body: Body): LiveRoom {
		if (body.case !== "joined" || body.value.room === undefined || body.value.page === undefined) {
			throw new ProtocolError(`a join was answered by ${body.case ?? "something unknown"}`);
		}
		const { room: info, page } = body.value;
		this.closeInvitation(info.id);
		const room = this.rooms.get(info.id) ?? this.add(info, page.from - 1, page.to);
		room.joined(info, page);
		return room;
	}

	remove(id: string): void {
		const room = this.rooms.get(id);
		if (room === undefined) return;
		this.rooms.delete(id);
		room.end();
		this.port.removed(room);
	}

	/** Another user, or nobody. */
	clear(): void {
		for (const id of [...this.rooms.keys()]) this.remove(id);
		this.openInvitations([]);
	}

	/** Rooms may have other names than one knows: asks for them. */
	describeAgain(): void {
		if (this.describing) return;
		this.describing = true;
		this.port.askRooms().then(
			(infos) => {
				this.describing = false;
				// Whatever this list is too old for asks for another.
				for (const info of infos) this.rooms.get(info.id)?.describe(info);
			},
			() => {
				this.describing = false;
			},
		);
	}

	/** A frame was lost, and it may have been any: see what the rooms should be, and fetch what is missing. */
	damaged(): void {
		this.damages++;
		if (this.damages > 1) return;
		this.verify().catch((cause: unknown) => {
			this.damages = 0;
			this.port.resync(new ProtocolError("what was lost could not be found out", { cause }));
		});
	}

	private async verify(): Promise<void> {
		let session: Session | undefined;
		let infos: readonly RoomInfo[];
		let damages: number;
		let invited: readonly string[];
		do {
			({ damages } = this);
			invited = [...this.invitations.keys()];
			({ session } = this.port);
			infos = await this.port.askRooms();
			// What was lost meanwhile may be newer than this list.
		} while (damages !== this.damages);
		this.damages = 0;
		// A new session has begun with cursors, which set everything right.
		if (session !== this.port.session) return;
		for (const id of invited) if (!infos.some((info) => info.id === id && isInvited(info))) this.closeInvitation(id);
		const own = new Map(infos.filter(isMember).map((info) => [info.id, info]));
		for (const room of this.rooms.values()) {
			const info = own.get(room.id);
			if (info === undefined) continue;
			room.verify(info);
			room.refreshMembers();
		}
		if (own.size !== this.rooms.size || [...own.keys()].some((id) => !this.rooms.has(id))) {
			this.port.resync(new ProtocolError("the rooms are not those that were told"));
		}
	}

	/** Of these rooms, those to which one is invited are all the open invitations. */
	private openInvitations(infos: readonly RoomInfo[]): void {
		const open = new Map(infos.filter(isInvited).map((info) => [info.id, info]));
		for (const id of [...this.invitations.keys()]) if (!open.has(id)) this.closeInvitation(id);
		for (const [id, info] of open) this.invitations.set(id, info);
	}

	private closeInvitation(id: string): void {
		const info = this.invitations.get(id);
		if (info === undefined) return;
		this.invitations.delete(id);
		this.port.invitationClosed(info);
	}

	private roomAdded({ room: info }: RoomAdded): void {
		if (info === undefined) return;
		this.closeInvitation(info.id);
		const room = this.rooms.get(info.id);
		if (room === undefined) this.add(info, info.head, info.head);
		else room.verify(info);
	}

	/** A new room; its stream goes on after `cursor`. */
	private add(info: RoomInfo, cursor: number, seen: number): LiveRoom {
		const room = new LiveRoom(this.parts, this.roomPort, this.timelineMax, info, cursor, seen);
		this.rooms.set(info.id, room);
		this.port.added(room);
		return room;
	}

	/** The room that the server speaks of. One that is not known was told in a frame that got lost. */
	private mustHold(id: string): LiveRoom | undefined {
		const room = this.rooms.get(id);
		if (room === undefined) this.port.resync(new ProtocolError("entries came of a room that was never told"));
		return room;
	}
}

function isInvited({ standing }: RoomInfo): boolean {
	return standing === Room_Standing.INVITED;
}

function isMember({ standing }: RoomInfo): boolean {
	return standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER;
}
