// A connection's one way out, bounded in bytes. Three classes use it: replies (bounded by the commands in flight), the log
// (stops at the limit; the reader then goes on from the log at its own pace), and ephemeral data (first to be shed).
import type { ServerLimits } from "../base/limits.ts";
import type { Encoded, Link } from "../link/link.ts";
import type { Flushable, Flusher } from "./flusher.ts";

/** `pageBytesMax`: a reader is moved along the log only while less than this waits in this turn. */
export type OutboxLimits = Pick<ServerLimits, "outboxBytesMax" | "outboxesBytesMax" | "outboxCrowdedBytesMax" | "pageBytesMax">;

/** What waits in all outboxes of the server, in bytes. */
export interface OutboxTotal {
	bytes: number;
}

/** What all outboxes of a server share. */
export interface OutboxParts {
	readonly flusher: Flusher;
	readonly limits: OutboxLimits;
	readonly outboxTotal: OutboxTotal;
}

export interface OutboxPort {
	/** A write is done. */
	flushed(): void;
	/** Our bug: the session ends. Never throws. */
	broken(what: string, cause: unknown): void;
}

/** Carries a single message to the link, which keeps no list: nearly every write is one. */
const single: [Encoded] = [""];

export class Outbox implements Flushable {
	private readonly link: Link;
	private readonly parts: OutboxParts;
	private readonly port: OutboxPort;
	/** What waits for this turn's write: one message, or a list of several. */
	private waiting: Encoded | Encoded[] | undefined;
	private queuedBytes = 0;
	/** Bytes that the link held after the last write or look; 0 while the kernel takes everything at once. */
	private heldBytes = 0;
	/** Bytes that the kernel has taken so far. */
	private takenBytes = 0;
	private closed = false;

	constructor(link: Link, parts: OutboxParts, port: OutboxPort) {
		this.link = link;
		this.parts = parts;
		this.port = port;
	}

	/** Does the peer read more slowly than it is written to? */
	get backpressured(): boolean {
		return this.heldBytes > 0;
	}

	/** May a reader be moved along the log now? */
	get writable(): boolean {
		return this.heldBytes === 0 && this.queuedBytes < this.parts.limits.pageBytesMax;
	}

	/** Must rooms stop pushing? */
	get full(): boolean {
		const { limits, outboxTotal } = this.parts;
		return (
			this.queuedBytes + this.heldBytes >
			(outboxTotal.bytes > limits.outboxesBytesMax ? limits.outboxCrowdedBytesMax : limits.outboxBytesMax)
		);
	}

	/** Have answers alone piled up as high as the log may? Rooms stop pushing at half of it. */
	get overfull(): boolean {
		return this.spareBytes < 0;
	}

	/** What may be added before it is overfull. */
	get spareBytes(): number {
		return this.parts.limits.outboxBytesMax * 2 - this.queuedBytes - this.heldBytes;
	}

	/** Grows whenever the peer takes something: two equal looks mean that it took nothing in between. */
	progress(): number {
		if (!this.closed) this.account(this.queuedBytes, this.link.bufferedBytes());
		return this.takenBytes;
	}

	/** Queues one message for this turn's write. */
	add(message: Encoded): void {
		if (this.closed) return;
		if (this.waiting === undefined) {
			this.waiting = message;
			this.parts.flusher.register(this);
		} else if (Array.isArray(this.waiting)) {
			this.waiting.push(message);
		} else {
			this.waiting = [this.waiting, message];
		}
		const size = this.link.format.size(message);
		this.queuedBytes += size;
		this.parts.outboxTotal.bytes += size;
	}

	flush(): void {
		const { waiting } = this;
		if (waiting === undefined) return;
		this.waiting = undefined;
		if (Array.isArray(waiting)) {
			this.link.write(waiting);
		} else {
			single[0] = waiting;
			this.link.write(single);
		}
		this.account(0, this.link.bufferedBytes());
		this.port.flushed();
	}

	broken(cause: unknown): void {
		this.port.broken("what was due could not be written", cause);
	}

	/** Nothing more goes out; what waits is forgotten. */
	close(): void {
		this.closed = true;
		this.waiting = undefined;
		this.account(0, 0);
	}

	private account(queuedBytes: number, heldBytes: number): void {
		const gone = this.queuedBytes + this.heldBytes - queuedBytes - heldBytes;
		this.takenBytes += Math.max(0, gone);
		this.parts.outboxTotal.bytes -= gone;
		this.queuedBytes = queuedBytes;
		this.heldBytes = heldBytes;
	}
}
