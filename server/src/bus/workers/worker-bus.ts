// The bus of a worker thread. Its own messages are delivered in the same turn; the hub relays them to the others, and theirs to this one, in
// order. A side that has lost messages is told.
import type { Port } from "../../thread/port.ts";
import type { Bus, BusMessage, BusStats } from "../bus.ts";
import { type Follow, isDroppable, LOST, TOPIC } from "./topics.ts";

/** Published and not taken by the hub. */
const HELD_BYTES_MAX = 32 * 1024 * 1024;

export class WorkerBus implements Bus {
	readonly lossy = true;
	readonly working = true;
	readonly tellsLosses = true;
	private readonly port: Port;
	private readonly heldBytesMax: number;
	private receive: ((message: BusMessage) => void) | undefined;
	private changed: (() => void) | undefined;
	private isClosed = false;
	private dropped = 0;
	/** Messages were dropped; the others are not told yet. */
	private hasDropped = false;

	constructor(port: Port, heldBytesMax = HELD_BYTES_MAX) {
		this.port = port;
		this.heldBytesMax = heldBytesMax;
		port.on(TOPIC.message, (value) => this.receive?.(value as BusMessage));
		port.on(TOPIC.lost, () => this.changed?.());
		port.onDrain(() => this.drained());
	}

	publish(message: BusMessage): void {
		if (this.isClosed) return;
		if (isDroppable(message) && (this.hasDropped || this.port.heldBytes > this.heldBytesMax)) {
			this.dropped++;
			this.hasDropped = true;
		} else this.port.send(TOPIC.message, JSON.stringify(message));
		this.receive?.(message);
	}

	listen(receive: (message: BusMessage) => void, changed: () => void): void {
		this.receive = receive;
		this.changed = changed;
	}

	followRoom(room: string): void {
		this.follow("room", room, true);
	}

	unfollowRoom(room: string): void {
		this.follow("room", room, false);
	}

	followUser(user: string): void {
		this.follow("user", user, true);
	}

	unfollowUser(user: string): void {
		this.follow("user", user, false);
	}

	stats(): BusStats {
		const { dropped, port } = this;
		return this.isClosed ? { held: 0, heldBytes: 0, dropped } : { held: port.heldPieces, heldBytes: port.heldBytes, dropped };
	}

	close(): void {
		this.isClosed = true;
		this.receive = undefined;
		this.changed = undefined;
	}

	private follow(...follow: Follow): void {
		if (!this.isClosed) this.port.send(TOPIC.follow, JSON.stringify(follow));
	}

	private drained(): void {
		if (!this.hasDropped || this.port.heldBytes > this.heldBytesMax / 2) return;
		this.hasDropped = false;
		this.port.send(TOPIC.lost, LOST);
	}
}
