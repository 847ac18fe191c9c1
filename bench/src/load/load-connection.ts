// One connection of the load generator: counts deliveries and checks that none is missing, doubled or out of order.

import type { FrameCache } from "./frame-cache.ts";
import type { Framing } from "./framing.ts";
import { close, connectTcp, transmit } from "./libc.ts";
import type { Samples } from "./samples.ts";

/** Framing and decoding of one peer's bytes; shared by all its connections. */
export interface WireFormat {
	readonly framing: Framing;
	/**
	 * The entries of a frame, undefined if it carries none. Called once for equal bytes, whatever the number of connections that
	 * receive them.
	 */
	read(payload: Buffer): Delivery | undefined;
}

/** The entries of one frame. */
export interface Delivery {
	readonly room: string;
	/** Seqs of the first and last entry; dense. */
	readonly first: number;
	readonly last: number;
	/** When each message in it was sent, by this process's clock, in milliseconds; entries of other kinds have none. */
	readonly sentMs: readonly number[];
}

/** Totals over a set of connections. */
export class DeliveryCounters {
	/** Messages delivered, counted at each receiver. */
	delivered = 0;
	/** Bytes of the frames that carried them. */
	bytes = 0;
	/** Frames that did not follow the connection's cursor: something was missing, doubled or out of order. */
	disordered = 0;
	/** Connections that the server ended. */
	lost = 0;
}

export class LoadConnection {
	readonly fd: number;
	readonly counters: DeliveryCounters;
	readonly frameCache: FrameCache;
	wireFormat: WireFormat;
	/** The newest entry of each room. */
	readonly cursors = new Map<string, number>();
	/** Messages delivered to this one. */
	delivered = 0;
	/** Called with every frame that carries no entries. */
	onOther: ((payload: Buffer, connection: LoadConnection) => void) | undefined;
	/** Called when the server has closed it. */
	onLost: (() => void) | undefined;
	/** Latency samples; set on some connections only, since a sample costs as much as a delivery. */
	samples: Samples | undefined;
	/** Slot of the newest frame in the frame cache. */
	slot = -1;
	/** An incomplete frame. */
	rest: Buffer | undefined;
	isOpen = true;
	/** What the socket did not take. */
	private waiting: Buffer | undefined;
	private readonly onWaiting: (connection: LoadConnection) => void;

	constructor(options: {
		from: string;
		port: number;
		wireFormat: WireFormat;
		counters: DeliveryCounters;
		frameCache: FrameCache;
		receiveBytes?: number | undefined;
		onWaiting: (connection: LoadConnection) => void;
	}) {
		this.fd = connectTcp(options.from, options.port, options.receiveBytes);
		this.wireFormat = options.wireFormat;
		this.counters = options.counters;
		this.frameCache = options.frameCache;
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

	/** Writes what the socket did not take. True when nothing is left. */
	flush(): boolean {
		const bytes = this.waiting;
		if (bytes === undefined || !this.isOpen) return true;
		this.waiting = undefined;
		const sent = transmit(this.fd, bytes);
		if (sent < 0 || sent === bytes.length) return true;
		this.waiting = bytes.subarray(sent);
		return false;
	}

	/** Counts a frame's messages and checks it against the cursor. */
	take(delivery: Delivery, bytes: number, nowMs: number): void {
		const { room, first, last, sentMs } = delivery;
		if (first !== (this.cursors.get(room) ?? 0) + 1) this.counters.disordered++;
		this.cursors.set(room, last);
		if (sentMs.length === 0) return;
		this.delivered += sentMs.length;
		this.counters.delivered += sentMs.length;
		this.counters.bytes += bytes;
		if (this.samples !== undefined) for (const at of sentMs) this.samples.add(nowMs - at);
	}

	/** Called by `EpollLoop` only, which has to forget the connection as well. */
	end(reset: boolean): void {
		if (!this.isOpen) return;
		this.isOpen = false;
		close(this.fd, reset);
	}
}
