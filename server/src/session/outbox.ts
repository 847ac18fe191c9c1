// A connection's one way out, bounded in bytes. Three classes use it: replies (bounded by the commands in flight), the log
// (stops at the limit; the reader then goes on from the log at its own pace), and ephemeral data (first to be shed).
import type { Encoded, Link } from "../listen/link.ts";
import type { Flushable, Flusher } from "./flusher.ts";

export interface OutboxLimits {
	/** Bytes one connection may have waiting: past it, rooms stop pushing to it. */
	readonly outboxBytesMax: number;
	/** What all outboxes together may hold; past it, each may have only `outboxCrowdedBytesMax` waiting. */
	readonly outboxesBytesMax: number;
	readonly outboxCrowdedBytesMax: number;
	/** A reader is moved along the log only while less than this waits in this turn. */
	readonly pageBytesMax: number;
}

/** What waits in all outboxes of the server, in bytes. */
export interface OutboxTotal {
	bytes: number;
}

const NOTHING: Encoded[] = [];

export class Outbox implements Flushable {
	private readonly link: Link;
	private readonly flusher: Flusher;
	private readonly limits: OutboxLimits;
	private readonly total: OutboxTotal;
	private readonly flushed: () => void;
	private queue = NOTHING;
	private queuedBytes = 0;
	/** Bytes that the link held after the last write or look; 0 while the kernel takes everything at once. */
	private heldBytes = 0;
	/** Bytes that the kernel has taken so far. */
	private takenBytes = 0;
	private closed = false;

	/** `flushed` is called after each write. */
	constructor(link: Link, flusher: Flusher, limits: OutboxLimits, total: OutboxTotal, flushed: () => void) {
		this.link = link;
		this.flusher = flusher;
		this.limits = limits;
		this.total = total;
		this.flushed = flushed;
	}

	/** Does the peer read more slowly than it is written to? */
	get clogged(): boolean {
		return this.heldBytes > 0;
	}

	/** May a reader be moved along the log now? */
	get roomy(): boolean {
		return this.heldBytes === 0 && this.queuedBytes < this.limits.pageBytesMax;
	}

	/** Must rooms stop pushing? */
	get full(): boolean {
		const { limits, total } = this;
		return (
			this.queuedBytes + this.heldBytes >
			(total.bytes > limits.outboxesBytesMax ? limits.outboxCrowdedBytesMax : limits.outboxBytesMax)
		);
	}

	/** Have answers alone piled up as high as the log may? Rooms stop pushing at half of it. */
	get drowned(): boolean {
		return this.queuedBytes + this.heldBytes > this.limits.outboxBytesMax * 2;
	}

	/** Grows whenever the peer takes something: two equal looks mean that it took nothing in between. */
	progress(): number {
		if (!this.closed) this.account(this.queuedBytes, this.link.bufferedBytes());
		return this.takenBytes;
	}

	/** Queues one message for this turn's write. */
	add(message: Encoded): void {
		if (this.closed) return;
		if (this.queue.length === 0) {
			this.queue = [message];
			this.flusher.register(this);
		} else {
			this.queue.push(message);
		}
		const size = this.link.format.size(message);
		this.queuedBytes += size;
		this.total.bytes += size;
	}

	flush(): void {
		if (this.closed || this.queue.length === 0) return;
		const queue = this.queue;
		this.queue = NOTHING;
		this.link.write(queue);
		this.account(0, this.link.bufferedBytes());
		this.flushed();
	}

	/** Nothing more goes out; what waits is forgotten. */
	close(): void {
		this.closed = true;
		this.queue = NOTHING;
		this.account(0, 0);
	}

	private account(queuedBytes: number, heldBytes: number): void {
		const gone = this.queuedBytes + this.heldBytes - queuedBytes - heldBytes;
		this.takenBytes += Math.max(0, gone);
		this.total.bytes -= gone;
		this.queuedBytes = queuedBytes;
		this.heldBytes = heldBytes;
	}
}
