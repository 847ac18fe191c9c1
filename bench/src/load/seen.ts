// Frames that have been read already. A fan-out gives the same bytes to everybody, so a frame is parsed where it comes first, and
// everywhere else compared with what was parsed: a comparison of memory is a hundred times cheaper than a parse, and proves more:
// that every receiver got every byte of it as the first one did.
import type { Delivery } from "./connection.ts";

/** Frames kept: how far apart two receivers of the same room may be before one of them parses again. */
const KEPT = 1024;
/** How many of the newest are tried when a connection does not go on where it stood. */
const TRIED = 16;

interface SeenFrame {
	readonly bytes: Buffer;
	readonly delivery: Delivery;
}

export class Seen {
	private readonly ring: (SeenFrame | undefined)[] = Array.from({ length: KEPT });
	private next = 0;

	/** The place of the frame `bytes[at, to)`, or -1; `after` is where the connection stood, and so where to look first. */
	find(bytes: Buffer, at: number, to: number, after: number): number {
		if (this.is(after + 1, bytes, at, to)) return after + 1;
		for (let place = this.next - 1; place >= Math.max(0, this.next - TRIED); place--)
			if (this.is(place, bytes, at, to)) return place;
		return -1;
	}

	/** What the frame at a place says. */
	at(place: number): Delivery | undefined {
		return this.ring[place % KEPT]?.delivery;
	}

	/** Keeps a copy of a frame and gives its place. */
	keep(frame: Buffer, delivery: Delivery): number {
		this.ring[this.next % KEPT] = { bytes: Buffer.from(frame), delivery };
		return this.next++;
	}

	private is(place: number, bytes: Buffer, at: number, to: number): boolean {
		if (place < 0 || place >= this.next || place < this.next - KEPT) return false;
		const known = this.ring[place % KEPT]?.bytes;
		return known !== undefined && known.length === to - at && known.compare(bytes, at, to) === 0;
	}
}
