// Cache of parsed frames. Fan-out delivers the same bytes to all receivers, so a frame is parsed once and compared at all others: memcmp
// is a hundred times cheaper than a parse, and checks every byte.
import type { Delivery } from "./load-connection.ts";

/** Size of the ring: how far apart receivers of a room may be without a second parse. */
const FRAMES_MAX = 1024;
/** How many of the newest are compared when the next slot does not match. */
const PROBES_MAX = 16;

interface CachedFrame {
	readonly bytes: Buffer;
	readonly delivery: Delivery;
}

export class FrameCache {
	private readonly ring: (CachedFrame | undefined)[] = Array.from({ length: FRAMES_MAX });
	private next = 0;

	/** The slot of the frame `bytes[at, to)`, or -1. `after`: the connection's last slot; the next one is compared first. */
	find(bytes: Buffer, at: number, to: number, after: number): number {
		if (this.matches(after + 1, bytes, at, to)) return after + 1;
		for (let slot = this.next - 1; slot >= Math.max(0, this.next - PROBES_MAX); slot--)
			if (this.matches(slot, bytes, at, to)) return slot;
		return -1;
	}

	/** The parsed frame of a slot. */
	at(slot: number): Delivery | undefined {
		return this.ring[slot % FRAMES_MAX]?.delivery;
	}

	/** Copies a frame into the ring; returns its slot. */
	add(frame: Buffer, delivery: Delivery): number {
		this.ring[this.next % FRAMES_MAX] = { bytes: Buffer.from(frame), delivery };
		return this.next++;
	}

	private matches(slot: number, bytes: Buffer, at: number, to: number): boolean {
		if (slot < 0 || slot >= this.next || slot < this.next - FRAMES_MAX) return false;
		const known = this.ring[slot % FRAMES_MAX]?.bytes;
		return known !== undefined && known.length === to - at && known.compare(bytes, at, to) === 0;
	}
}
