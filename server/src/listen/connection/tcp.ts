// One TCP (or TLS, or Unix) connection: a write backlog for what the kernel does not take, reading that can be paused for several reasons at once,
// and a lingering close that loses no written bytes.
//
// Closing flushes what was written, closes only our direction, and reads and discards until the peer closes too or the linger is over. Closing
// both directions with unread input would make the kernel send a reset, which can destroy what the peer has not read yet.
//
// There may be a hundred thousand, most of them idle: state that only slow or closing ones need is created on demand.
import type { Socket } from "bun";
import type { Cancel, Clock } from "../../base/clock.ts";
import { Backlog, writeOnce } from "./backlog.ts";
import { type ConnectionSettings, FLOOD_LINGER_MS } from "./settings.ts";

/** Receives a connection's events; replaced when the protocol is detected. No call may throw. */
export interface Receiver {
	/** The transport is ready: with TLS, after the handshake. Called on the first receiver only. */
	ready(): void;
	/** A view that is valid during the call. */
	data(chunk: Uint8Array): void;
	/** The peer will send nothing more, but may still read. */
	ended(): void;
	/** Everything written has been taken by the kernel. */
	drained(): void;
	/** The server stops: a connection without a session must close. Sessions are ended by their host. */
	stopping(): void;
	/** A reason for a pause has ended; others may be left. */
	readingResumed(): void;
	/** The connection is gone. Called once. */
	lost(): void;
}

/** What the connections of a listener share. */
export interface TcpKind {
	readonly clock: Pick<Clock, "after">;
	readonly settings: ConnectionSettings;
	/** Called once, when a connection is gone. */
	readonly left: (connection: TcpConnection) => void;
}

/** Reasons for which reading is paused, as bits; it resumes when none is left. */
export const PAUSED_BY = { session: 1, unread: 2, lines: 4, held: 8 } as const;
export type PauseReason = keyof typeof PAUSED_BY;

/** The state of a lingering close. */
interface Ending {
	/** The peer has closed its direction. */
	peerEnded: boolean;
	/** We have closed ours. */
	halfClosed: boolean;
	/** Bytes discarded after our last message. */
	discardedBytes: number;
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
	/** From when either side begins to close. */
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

	/** Has the close begun? Then nothing more is written or received. */
	get over(): boolean {
		return this.state !== "open";
	}

	/** Does data that was read wait for a later turn? */
	get hasWaiting(): boolean {
		return this.isPausedBy("held");
	}

	isPausedBy(reason: PauseReason): boolean {
		return (this.pauses & PAUSED_BY[reason]) !== 0;
	}

	/** Is reading paused for another reason than waiting data? */
	get isPausedOtherwise(): boolean {
		return (this.pauses & ~PAUSED_BY.held) !== 0;
	}

	/** Writes everything in order, as one call to the kernel where it takes it. The chunks are not changed afterwards. */
	write(chunks: readonly Uint8Array[]): void {
		if (this.state !== "open") return;
		if (this.backlog === undefined) {
			const rest = writeOnce(chunks, this.socket);
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

	/** Closes after what was written. `flood`: input is no longer read, and the close does not wait for the peer's. */
	finish(flood = false): void {
		if (this.state !== "open") return;
		this.state = "finishing";
		this.receiver.lost();
		this.receiver = NO_RECEIVER;
		// Reads on, to notice the peer's close.
		this.setPauses(flood ? PAUSED_BY.held : 0);
		const lingerMs = flood ? FLOOD_LINGER_MS : this.kind.settings.lingerMs;
		this.end().cancelLinger = this.kind.clock.after(lingerMs, () => this.cut());
		if (this.backlog === undefined) this.closeOurSide();
	}

	/** Terminates the connection at once; what the kernel has not taken is lost. */
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
		ending.discardedBytes += chunk.length;
		if (ending.discardedBytes > this.kind.settings.lingerBytesMax) this.cut();
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
		this.ending ??= { peerEnded: false, halfClosed: false, discardedBytes: 0, cancelLinger: undefined };
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

/** Ignores everything: before the first receiver is set, and after the close. */
const NO_RECEIVER: Receiver = { ready() {}, data() {}, ended() {}, drained() {}, stopping() {}, readingResumed() {}, lost() {} };
