// The hub of the bus between worker threads, in the thread that owns the store: posts each message to the workers subscribed to its channel,
// encoded once.
//
// The queue of a worker is bounded. Messages beyond are dropped; once half has drained, the worker is told of the loss and compares with the
// store. Starts and ends of sessions and revocations are in no log: they go to every worker and are never dropped.
import { type Port, pieceOf } from "../../thread/port.ts";
import type { BusMessage } from "../bus.ts";
import { type Follow, isDroppable, LOST, TOPIC } from "./topics.ts";

/** Bound on bytes posted to one worker and not yet acknowledged. */
const HELD_BYTES_MAX = 32 * 1024 * 1024;

interface Member {
	readonly port: Port;
	/** Messages were dropped, and it has not been told. */
	hasLost: boolean;
}

export class Hub {
	private readonly heldBytesMax: number;
	private readonly members: Member[] = [];
	/** Subscribed workers, by channel. */
	private readonly rooms = new Map<string, Set<Member>>();
	private readonly users = new Map<string, Set<Member>>();
	private droppedSoFar = 0;

	constructor(heldBytesMax = HELD_BYTES_MAX) {
		this.heldBytesMax = heldBytesMax;
	}

	/** Messages dropped so far. */
	get dropped(): number {
		return this.droppedSoFar;
	}

	/** Queued for the workers, about. */
	get heldBytes(): number {
		return this.members.reduce((sum, { port }) => sum + port.heldBytes, 0);
	}

	/** `port`: to a worker's bus. All are added before the first session begins. */
	add(port: Port): void {
		const member: Member = { port, hasLost: false };
		this.members.push(member);
		port.on(TOPIC.message, (value) => this.route(value as BusMessage, member));
		port.on(TOPIC.follow, (value) => this.follow(member, value as Follow));
		// The other workers have missed what this one dropped.
		port.on(TOPIC.lost, () => {
			for (const each of this.members) if (each !== member) this.lost(each);
		});
		port.onDrain(() => this.drained(member));
	}

	/** Posts it to all subscribers of its channel. Never throws. */
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
