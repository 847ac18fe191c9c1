// A connection's outbox, bounded in bytes. Three classes of messages share it: replies (bounded by the commands in flight),
// entries (stop at the limit; the subscriber then catches up from the log), and ephemerals (dropped first).
import type { ServerLimits } from "../base/limits.ts";
import type { Encoded, Link } from "../link/link.ts";
import type { Flushable, Flusher } from "./flusher.ts";

/** `pageBytesMax`: catch-up goes on only while less than this waits in this turn. */
export type OutboxLimits = Pick<ServerLimits, "outboxBytesMax" | "outboxesBytesMax" | "outboxCrowdedBytesMax" | "pageBytesMax">;

/** Bytes in all outboxes of the server. */
export interface OutboxTotal {
	bytes: number;
}

/** Shared by all outboxes of a server. */
export interface OutboxParts {
	readonly flusher: Flusher;
	readonly limits: OutboxLimits;
	readonly outboxTotal: OutboxTotal;
}

export interface OutboxPort {
	/** A write is done. */
	flushed(): void;
	/** A bug: the session ends. Never throws. */
	broken(what: string, cause: unknown): void;
}

/** Passes a single message to the link, which keeps no list: nearly every write is one. */
const single: [Encoded] = [""];

export class Outbox implements Flushable {
	private readonly link: Link;
	private readonly parts: OutboxParts;
	private readonly port: OutboxPort;
	/** Messages for this turn's write: one, or a list. */
	private waiting: Encoded | Encoded[] | undefined;
	private queuedBytes = 0;
	/** Bytes buffered by the link after the last write or check; 0 while the kernel takes everything at once. */
	private linkBytes = 0;
	/** Bytes taken by the kernel so far. */
	private takenBytes = 0;
	private closed = false;

	constructor(link: Link, parts: OutboxParts, port: OutboxPort) {
		this.link = link;
		this.parts = parts;
		this.port = port;
	}

	/** Does the client read more slowly than it is written to? */
	get backpressured(): boolean {
		return this.linkBytes > 0;
	}

	/** May catch-up and ephemerals be written now? */
	get writable(): boolean {
		return this.linkBytes === 0 && this.queuedBytes < this.parts.limits.pageBytesMax;
	}

	/** Must rooms stop pushing? */
	get full(): boolean {
		const { limits, outboxTotal } = this.parts;
		return (
			this.queuedBytes + this.linkBytes >
			(outboxTotal.bytes > limits.outboxesBytesMax ? limits.outboxCrowdedBytesMax : limits.outboxBytesMax)
		);
	}

	/** Have replies filled what is left beyond the limit of pushes? Then the session ends as slow. */
	get overfull(): boolean {
		return this.spareBytes < 0;
	}

	/** Bytes that may be added before it is overfull. */
	get spareBytes(): number {
		return this.parts.limits.outboxBytesMax * 2 - this.queuedBytes - this.linkBytes;
	}

	/** Grows whenever the client takes something: two equal values mean that it took nothing in between. */
	progress(): number {
		if (!this.closed) this.account(this.queuedBytes, this.link.bufferedBytes());
		return this.takenBytes;
	}

	/** Adds one message to this turn's write. */
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

	/** Drops what waits; nothing more is written. */
	close(): void {
		this.closed = true;
		this.waiting = undefined;
		this.account(0, 0);
	}

	private account(queuedBytes: number, linkBytes: number): void {
		const gone = this.queuedBytes + this.linkBytes - queuedBytes - linkBytes;
		this.takenBytes += Math.max(0, gone);
		this.parts.outboxTotal.bytes -= gone;
		this.queuedBytes = queuedBytes;
		this.linkBytes = linkBytes;
	}
}
