// The user's rooms and invitations, by welcomes, pushes and answers to joins; and the verification of them after a lost frame.
import { type Cursor, Room_Standing, type RoomAdded, type User } from "@verbatim/protocol";
import type { RoomInfo } from "../api/api.ts";
import { ProtocolError } from "../base/errors.ts";
import type { Parts } from "../base/parts.ts";
import type { Body, Session } from "../session/session.ts";
import { ClientRoom, type RoomPort } from "./room.ts";

/** Rooms repaired concurrently after one ping. If more have a gap, a resync is cheaper: a hello carries all cursors at once. */
const REPAIRS_MAX = 8;

export interface RoomRegistryPort {
	/** The session, if it is live. */
	readonly session: Session | undefined;
	/** Requests the user's rooms, over any number of reconnects. */
	listRooms(): Promise<readonly RoomInfo[]>;
	resync(why: ProtocolError): void;
	added(room: ClientRoom): void;
	removed(room: ClientRoom): void;
	invited(room: RoomInfo, by: User | undefined): void;
	/** An invitation was closed. */
	invitationClosed(room: RoomInfo): void;
}

export class RoomRegistry {
	/** By id. */
	readonly rooms = new Map<string, ClientRoom>();
	readonly invitations = new Map<string, RoomInfo>();
	private readonly parts: Parts;
	private readonly timelineMax: number;
	private readonly roomPort: RoomPort;
	private readonly port: RoomRegistryPort;
	/** Called after an invitation was closed. */
	private readonly closings = new Set<() => void>();
	/** A list of rooms was requested by `refreshInfos`. */
	private refreshing = false;
	/** Frames lost since the last verification. */
	private damages = 0;

	constructor(parts: Parts, timelineMax: number, roomPort: RoomPort, port: RoomRegistryPort) {
		this.parts = parts;
		this.timelineMax = timelineMax;
		this.roomPort = roomPort;
		this.port = port;
	}

	/** The cursor of each room, for a hello. */
	cursors(): Array<Pick<Cursor, "room" | "epoch" | "seq">> {
		return Array.from(this.rooms.values(), ({ id, epoch, to }) => ({ room: id, epoch, seq: to }));
	}

	/** All rooms of the user. The server's catch-up of known rooms follows, after the cursors of the hello. */
	welcomed(infos: readonly RoomInfo[]): void {
		const present = new Set<string>();
		this.setInvitations(infos);
		for (const info of infos) {
			if (!isMember(info)) continue;
			present.add(info.id);
			const room = this.rooms.get(info.id);
			if (room === undefined) {
				this.add(info, info.head, info.head);
			} else {
				room.setInfo(info);
				room.refreshMembers();
			}
		}
		for (const id of [...this.rooms.keys()]) if (!present.has(id)) this.remove(id);
	}

	/** Processes a push, if it concerns rooms. */
	pushed(body: Body): void {
		switch (body.case) {
			case "entries":
				this.knownOrResync(body.value.room)?.entriesPushed(body.value);
				return;
			case "skipped":
				this.knownOrResync(body.value.room)?.skipped(body.value);
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
				// Its caller has timed out, but the room's stream has begun.
				this.joined(body);
				return;
			default:
			// Not about rooms, or a late answer.
		}
	}

	/** The heads up to which the server has sent on this connection: missing entries were lost, perhaps without a later one that shows it. */
	private sentUpTo(heads: readonly Cursor[]): void {
		const lost = heads.filter(({ room: id, epoch, seq }) => {
			const room = this.rooms.get(id);
			return room === undefined || room.epoch !== epoch || room.to < seq;
		});
		if (lost.length > REPAIRS_MAX) {
			this.port.resync(new ProtocolError(`entries of ${lost.length} rooms are missing`));
			return;
		}
		for (const { room, epoch, seq } of lost) this.knownOrResync(room)?.sentUpTo(epoch, seq);
	}

	/** The answer to a join. Throws `ProtocolError` if it is none. */
	joined(body: Body): ClientRoom {
		if (body.case !== "joined" || body.value.room === undefined || body.value.page === undefined) {
			throw new ProtocolError(`a join was answered by ${body.case ?? "something unknown"}`);
		}
		const { room: info, page } = body.value;
		this.closeInvitation(info.id);
		const room = this.rooms.get(info.id) ?? this.add(info, page.from - 1, page.to);
		room.joined(info, page);
		return room;
	}

	/** The id of the room of this id or name to which an invitation is open. */
	invitationOf(ref: string): string | undefined {
		const name = ref.replace(/^#/, "").toLowerCase();
		for (const info of this.invitations.values()) if (info.id === ref || info.name.toLowerCase() === name) return info.id;
		return undefined;
	}

	/** Resolves when no invitation to the room is open, or after `mostMs`. */
	invitationClosed(id: string, mostMs: number): Promise<void> {
		return new Promise((resolve) => {
			const end = (): void => {
				cancel();
				this.closings.delete(look);
				resolve();
			};
			const look = (): void => {
				if (!this.invitations.has(id)) end();
			};
			const cancel = this.parts.clock.after(mostMs, end);
			this.closings.add(look);
			look();
		});
	}

	remove(id: string): void {
		const room = this.rooms.get(id);
		if (room === undefined) return;
		this.rooms.delete(id);
		room.end();
		this.port.removed(room);
	}

	/** The user has changed: removes all rooms and invitations. */
	clear(): void {
		for (const id of [...this.rooms.keys()]) this.remove(id);
		this.setInvitations([]);
	}

	/** Requests the infos of all rooms again: names may have changed. */
	refreshInfos(): void {
		if (this.refreshing) return;
		this.refreshing = true;
		this.port.listRooms().then(
			(infos) => {
				this.refreshing = false;
				// A room for which this list is too old requests another one.
				for (const info of infos) this.rooms.get(info.id)?.setInfo(info);
			},
			() => {
				this.refreshing = false;
			},
		);
	}

	/** A frame of unknown content was lost: verifies rooms and heads with the server, and repairs gaps. */
	damaged(): void {
		this.damages++;
		if (this.damages > 1) return;
		this.verify().catch((cause: unknown) => {
			this.damages = 0;
			this.port.resync(new ProtocolError("the rooms could not be verified after a lost frame", { cause }));
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
			infos = await this.port.listRooms();
			// A frame lost meanwhile may be newer than this list.
		} while (damages !== this.damages);
		this.damages = 0;
		// A new session has begun; its hello had the cursors, which repairs all gaps.
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
			this.port.resync(new ProtocolError("the server has other rooms than it announced"));
		}
	}

	/** Sets the open invitations to those of `infos`. */
	private setInvitations(infos: readonly RoomInfo[]): void {
		const open = new Map(infos.filter(isInvited).map((info) => [info.id, info]));
		for (const id of [...this.invitations.keys()]) if (!open.has(id)) this.closeInvitation(id);
		for (const [id, info] of open) this.invitations.set(id, info);
	}

	private closeInvitation(id: string): void {
		const info = this.invitations.get(id);
		if (info === undefined) return;
		this.invitations.delete(id);
		this.port.invitationClosed(info);
		for (const look of [...this.closings]) look();
	}

	private roomAdded({ room: info }: RoomAdded): void {
		if (info === undefined) return;
		this.closeInvitation(info.id);
		const room = this.rooms.get(info.id);
		if (room === undefined) this.add(info, info.head, info.head);
		else room.verify(info);
	}

	/** Adds a room whose stream continues after `cursor`. */
	private add(info: RoomInfo, cursor: number, seen: number): ClientRoom {
		const room = new ClientRoom(this.parts, this.roomPort, this.timelineMax, info, cursor, seen);
		this.rooms.set(info.id, room);
		this.port.added(room);
		return room;
	}

	/** The room of a push. Resyncs if it is unknown: its `roomAdded` was lost. */
	private knownOrResync(id: string): ClientRoom | undefined {
		const room = this.rooms.get(id);
		if (room === undefined) this.port.resync(new ProtocolError("entries of a room that was not announced"));
		return room;
	}
}

function isInvited({ standing }: RoomInfo): boolean {
	return standing === Room_Standing.INVITED;
}

function isMember({ standing }: RoomInfo): boolean {
	return standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER;
}
