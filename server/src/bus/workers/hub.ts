// The middle of the bus of one machine's worker threads, in the thread that owns the store. It takes what is published there and in the workers, and posts it to the workers
// that follow the channel. Each message is encoded once, whatever the number of those.
//
// What waits for a worker is bounded: beyond, messages are dropped, and when the worker has caught up with half it is told that it has lost some; it compares with the
// store then. Beginnings and ends of sessions and revocations are in no log, so every worker is told of each, and none is dropped.
import { type Port, pieceOf } from "../../thread/port.ts";
import type { BusMessage } from "../bus.ts";
import { type Follow, isDroppable, LOST, TOPIC } from "./topics.ts";

/** Posted to one worker and not taken by it. */
const HELD_BYTES_MAX = 32 * 1024 * 1024;

interface Member {
	readonly port: Port;
	/** Messages were dropped, and it has not been told. */
	hasLost: boolean;
}

export class Hub {
	private readonly heldBytesMax: number;
	private readonly members: Member[] = [];
	/** By channel, the members that follow it. */
	private readonly rooms = new Map<string, Set<Member>>();
	private readonly users = new Map<string, Set<Member>>();
	private droppedSoFar = 0;

	constructor(heldBytesMax = HELD_BYTES_MAX) {
		this.heldBytesMax = heldBytesMax;
	}

	/** Messages dropped so far for workers that did not take them. */
	get dropped(): number {
		return this.droppedSoFar;
	}

	/** About what waits for the workers. */
	get heldBytes(): number {
		return this.members.reduce((sum, { port }) => sum + port.heldBytes, 0);
	}

	/** A worker's bus is at the other end of `port`. All are added before the first session begins. */
	add(port: Port): void {
		const member: Member = { port, hasLost: false };
		this.members.push(member);
		port.on(TOPIC.message, (value) => this.route(value as BusMessage, member));
		port.on(TOPIC.follow, (value) => this.follow(member, value as Follow));
		// What the worker could not publish, nobody else has.
		port.on(TOPIC.lost, () => {
			for (const each of this.members) if (each !== member) this.lost(each);
		});
		port.onDrain(() => this.drained(member));
	}

	/** Posts it to all that follow its channel. Never throws. */
	publish(message: BusMessage): void {
		this.route(message, undefined);
	}

	private route(message: BusMessage, from: Member | undefined): void {
		let piece: string | undefined;
		for (const member of this.followersOf(message)) {
			if (member === from) continue;
			if (isDroppable(message) && (member.hasLost || member.port.heldBytes > this.heldBytesMax)) {
				this.droppedSoFar++;
				member.hasLost = true;
				continue;
			}
			piece ??= pieceOf(TOPIC.message, JSON.stringify(message));
			member.port.sendPiece(piece);
		}
	}

	private followersOf(message: BusMessage): Iterable<Member> {
		switch (message.kind) {
			case "commit":
				return this.rooms.get(message.committed.room) ?? NOBODY;
			case "typing":
				return this.rooms.get(message.room) ?? NOBODY;
			case "presence":
			case "opened":
			case "ended":
			case "revoked":
				return this.members;
			default:
				return this.users.get(message.user) ?? NOBODY;
		}
	}

	private follow(member: Member, [kind, id, follows]: Follow): void {
		const channels = kind === "room" ? this.rooms : this.users;
		const followers = channels.get(id) ?? new Set();
		if (follows) followers.add(member);
		else followers.delete(member);
		if (followers.size > 0) channels.set(id, followers);
		else channels.delete(id);
	}

	private lost(member: Member): void {
		member.hasLost = true;
		this.drained(member);
	}

	private drained(member: Member): void {
		if (!member.hasLost || member.port.heldBytes > this.heldBytesMax / 2) return;
		member.hasLost = false;
		member.port.send(TOPIC.lost, LOST);
	}
}

const NOBODY: readonly Member[] = [];
