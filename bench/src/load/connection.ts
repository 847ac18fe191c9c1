// One connection of the load generator: what it has been given, and the proof that nothing is missing, doubled or out of place.
import type { Framing } from "./framing.ts";
import { close, connectTcp, transmit } from "./libc.ts";
import type { Samples } from "./samples.ts";
import type { Seen } from "./seen.ts";

/** How one peer's bytes are cut and read. One object serves all its connections. */
export interface Wire {
	readonly framing: Framing;
	/**
	 * The entries of a frame, undefined where it carries none. Called once for the same bytes, whatever the number of
	 * connections that are given them.
	 */
	read(payload: Buffer): Delivery | undefined;
}

/** The entries of one frame. */
export interface Delivery {
	readonly room: string;
	/** Numbers of the first and last entry, dense. */
	readonly first: number;
	readonly last: number;
	/** When each message in it was sent, by this process's clock, in milliseconds; entries of other kinds have none. */
	readonly sentMs: readonly number[];
}

/** What a set of connections has received, together. */
export class Crowd {
	/** Messages given to all of them, each counted at each. */
	delivered = 0;
	/** Bytes of the frames that carried them. */
	bytes = 0;
	/** Frames that did not begin right behind what the connection had: something was missing, doubled or out of place. */
	disordered = 0;
	/** Connections that the server ended. */
	lost = 0;
}

export class Connection {
	readonly fd: number;
	readonly crowd: Crowd;
	readonly seen: Seen;
	wire: Wire;
	/** The newest entry of each room. */
	readonly cursors = new Map<string, number>();
	/** Messages given to this one. */
	delivered = 0;
	/** Told of every frame that carries no entries. */
	onOther: ((payload: Buffer, connection: Connection) => void) | undefined;
	/** Told when the server has ended it. */
	onLost: (() => void) | undefined;
	/** Where latencies go; only of some, since a sample costs as much as a delivery. */
	samples: Samples | undefined;
	/** The place in `seen` of the newest frame. */
	place = -1;
	/** The beginning of a frame whose end is not here yet. */
	rest: Buffer | undefined;
	isOpen = true;
	/** What the socket did not take. */
	private waiting: Buffer | undefined;
	private readonly onWaiting: (connection: Connection) => void;

	constructor(options: {
		from: string;
		port: number;
		wire: Wire;
		crowd: Crowd;
		seen: Seen;
		receiveBytes?: number | undefined;
		onWaiting: (connection: Connection) => void;
	}) {
		this.fd = connectTcp(options.from, options.port, options.receiveBytes);
		this.wire = options.wire;
		this.crowd = options.crowd;
		this.seen = options.seen;
		this.onWaiting = options.onWaiting;
	}

	send(bytes: Uint8Array): void {
		if (!this.isOpen) return;
		if (this.waiting !== undefined) {
			this.waiting = Buffer.concat([this.waiting, bytes]);
			return;
		}
		const sent = transmit(this.fd, bytes);
		if (sent === bytes.length || sent < 0) return;
		this.waiting = Buffer.from(bytes.subarray(sent));
		this.onWaiting(this);
	}

	/** Tries again with what the socket did not take. True when all is gone. */
	flush(): boolean {
		const bytes = this.waiting;
		if (bytes === undefined || !this.isOpen) return true;
		this.waiting = undefined;
		const sent = transmit(this.fd, bytes);
		if (sent < 0 || sent === bytes.length) return true;
		this.waiting = bytes.subarray(sent);
		return false;
	}

	/** Counts a frame's messages and holds it against what this connection had. */
	take(delivery: Delivery, bytes: number, nowMs: number): void {
		const { room, first, last, sentMs } = delivery;
		if (first !== (this.cursors.get(room) ?? 0) + 1) this.crowd.disordered++;
		this.cursors.set(room, last);
		if (sentMs.length === 0) return;
		this.delivered += sentMs.length;
		this.crowd.delivered += sentMs.length;
		this.crowd.bytes += bytes;
		if (this.samples !== undefined) for (const at of sentMs) this.samples.add(nowMs - at);
	}

	/** `Swarm` alone calls this, since it also has to forget the connection. */
	end(reset: boolean): void {
		if (!this.isOpen) return;
		this.isOpen = false;
		close(this.fd, reset);
	}
}
