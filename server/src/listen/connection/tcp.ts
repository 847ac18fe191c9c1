// One TCP (or TLS, or Unix) connection: bytes out through a backlog of its own for what the kernel does not take, reading
// that can be paused for several reasons at once, and an end that loses nothing on the way.
//
// The end: what was written is flushed, then only our direction is closed, and the other side is heard (and ignored) until it
// closes too or the linger is over. Closing both at once with something unread would make the kernel send a reset, and a reset
// overtakes the last words.
//
// There may be a hundred thousand of these, nearly all of them quiet: what only a slow or an ending one needs is made then.
import type { Socket } from "bun";
import type { Cancel, Clock } from "../../base/clock.ts";
import { Backlog, handOver } from "./backlog.ts";
import { type ConnectionSettings, FLOOD_LINGER_MS } from "./settings.ts";

/** Who hears a connection; replaced as it becomes clear what the peer speaks. No call may throw. */
export interface Receiver {
	/** The transport is ready: with TLS, its handshake is done. Told to whoever hears the connection first. */
	ready(): void;
	/** A view that is valid during the call. */
	data(chunk: Uint8Array): void;
	/** The peer will send nothing more, but may still read. */
	ended(): void;
	/** Everything written has been taken by the kernel. */
	drained(): void;
	/** The server takes no new sessions: whoever has none is sent away. Sessions are told by their host. */
	stopping(): void;
	/** A reason against reading is gone; others may be left. */
	readingResumed(): void;
	/** The connection is gone. Called once. */
	lost(): void;
}

/** What the connections of a door share. */
export interface TcpKind {
	readonly clock: Pick<Clock, "after">;
	readonly settings: ConnectionSettings;
	/** Told once when a connection is gone. */
	readonly left: (connection: TcpConnection) => void;
}

/** Why reading is paused, as bits; it goes on when no reason is left. */
export const PAUSED_BY = { session: 1, unread: 2, lines: 4, held: 8 } as const;
export type PauseReason = keyof typeof PAUSED_BY;

/** How far an end has come. */
interface Ending {
	/** The peer has said that it sends nothing more. */
	peerEnded: boolean;
	/** We have. */
	halfClosed: boolean;
	/** Bytes that came after our last words. */
	forgottenBytes: number;
	cancelLinger: Cancel | undefined;
}

export class TcpConnection {
	readonly address: string;
	receiver: Receiver = NO_RECEIVER;
	private readonly socket: Socket<unknown>;
	private readonly kind: TcpKind;
	/** Undefined: the kernel has taken everything. */
	private backlog: Backlog | undefined;
	private pauses = 0;
	private state: "open" | "finishing" | "gone" = "open";
	/** From the first word of an end, the peer's or ours. */
	private ending: Ending | undefined;

	constructor(socket: Socket<unknown>, address: string, kind: TcpKind) {
		this.socket = socket;
		this.address = address;
		this.kind = kind;
	}

	/** Bytes written and not yet taken by the kernel. */
	get bufferedBytes(): number {
		return this.backlog?.bytes ?? 0;
	}

	/** Has the end begun? Then nothing more can be written and nothing more is heard. */
	get over(): boolean {
		return this.state !== "open";
	}

	/** Is something held that was read already? */
	get holding(): boolean {
		return this.isPausedBy("held");
	}

	isPausedBy(reason: PauseReason): boolean {
		return (this.pauses & PAUSED_BY[reason]) !== 0;
	}

	/** Is reading paused for another reason than that something is held? */
	get resting(): boolean {
		return (this.pauses & ~PAUSED_BY.held) !== 0;
	}

	/** Writes everything in order, as one call to the kernel where it takes it. The chunks are not changed afterwards. */
	write(chunks: readonly Uint8Array[]): void {
		if (this.state !== "open") return;
		if (this.backlog === undefined) {
			const rest = handOver(chunks, this.socket);
			if (rest === undefined) return;
			this.backlog = new Backlog();
			this.backlog.add(rest);
		} else {
			for (const chunk of chunks) this.backlog.add(chunk);
		}
		if (this.backlog.bytes > this.kind.settings.linkBytesMax) this.cut();
		else if (this.backlog.bytes > this.kind.settings.readPausedAtBytes) this.pause("unread", true);
	}

	pause(reason: PauseReason, paused: boolean): void {
		const before = this.pauses;
		this.setPauses(paused ? before | PAUSED_BY[reason] : before & ~PAUSED_BY[reason]);
		if (this.pauses < before && this.state === "open") this.receiver.readingResumed();
	}

	/** Ends the connection after what was written. `flood`: what still comes is not read, and the end does not wait for the peer's. */
	finish(flood = false): void {
		if (this.state !== "open") return;
		this.state = "finishing";
		this.receiver.lost();
		this.receiver = NO_RECEIVER;
		// The other side's end must be heard.
		this.setPauses(flood ? PAUSED_BY.held : 0);
		const lingerMs = flood ? FLOOD_LINGER_MS : this.kind.settings.lingerMs;
		this.end().cancelLinger = this.kind.clock.after(lingerMs, () => this.cut());
		if (this.backlog === undefined) this.closeOurSide();
	}

	/** Ends the connection at once; what the kernel has not taken is lost. */
	cut(): void {
		if (this.state !== "gone") this.socket.terminate();
		this.gone();
	}

	// ------------------------------------------------------------ from the listener

	onData(chunk: Uint8Array): void {
		if (this.state === "open") {
			this.receiver.data(chunk);
			return;
		}
		const ending = this.end();
		ending.forgottenBytes += chunk.length;
		if (ending.forgottenBytes > this.kind.settings.lingerBytesMax) this.cut();
	}

	onDrain(): void {
		if (this.backlog === undefined) return;
		this.backlog.flush(this.socket);
		if (this.backlog.bytes > 0) return;
		this.backlog = undefined;
		if (this.state === "finishing") {
			this.closeOurSide();
			return;
		}
		this.pause("unread", false);
		this.receiver.drained();
	}

	onEnd(): void {
		const ending = this.end();
		ending.peerEnded = true;
		if (ending.halfClosed) this.socket.end();
		else this.receiver.ended();
	}

	/** The transport is gone. */
	gone(): void {
		if (this.state === "gone") return;
		this.state = "gone";
		this.ending?.cancelLinger?.();
		this.backlog = undefined;
		const { receiver } = this;
		this.receiver = NO_RECEIVER;
		try {
			receiver.lost();
		} finally {
			this.kind.left(this);
		}
	}

	// ------------------------------------------------------------ helpers

	private setPauses(pauses: number): void {
		const before = this.pauses;
		this.pauses = pauses;
		if (this.state === "gone" || (before === 0) === (pauses === 0)) return;
		if (before === 0) this.socket.pause();
		else this.socket.resume();
	}

	private end(): Ending {
		this.ending ??= { peerEnded: false, halfClosed: false, forgottenBytes: 0, cancelLinger: undefined };
		return this.ending;
	}

	private closeOurSide(): void {
		const ending = this.end();
		if (ending.halfClosed) return;
		ending.halfClosed = true;
		if (ending.peerEnded) this.socket.end();
		else this.socket.shutdown();
	}
}

/** Hears nothing: before somebody listens, and after the end. */
const NO_RECEIVER: Receiver = { ready() {}, data() {}, ended() {}, drained() {}, stopping() {}, readingResumed() {}, lost() {} };
