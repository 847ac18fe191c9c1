// One TCP (or TLS, or Unix) connection: bytes out through a buffer of its own for what the kernel does not take, reading
// that can be paused for several reasons at once, and an end that loses nothing on the way.
//
// The end: what was written is flushed, then only our direction is closed, and the other side is heard (and ignored) until it
// closes too or the linger is over. Closing both at once with something unread would make the kernel send a reset, and a reset
// overtakes the last words.
import type { Socket } from "bun";
import type { Cancel, Clock } from "../clock.ts";

/** Who hears a connection; replaced as it becomes clear what the peer speaks. No call may throw. */
export interface Receiver {
	/** A view that is valid during the call. */
	data(chunk: Uint8Array): void;
	/** The peer will send nothing more, but may still read. */
	ended(): void;
	/** Everything written has been taken by the kernel. */
	drained(): void;
	/** The server takes no new sessions: whoever has none is sent away. Sessions are told by their host. */
	stopping(): void;
	/** The connection is gone. Called once. */
	lost(): void;
}

export interface TcpSettings {
	/** The other side has this long to take the last words and to close. */
	readonly lingerMs: number;
	/** Past this, more is not read until everything written was taken: whoever does not listen is not answered any further. */
	readonly readPausedAtBytes: number;
	/** Past this, the connection is cut: no honest peer has so much unread. */
	readonly linkBytesMax: number;
}

export const TCP_SETTINGS: TcpSettings = { lingerMs: 5_000, readPausedAtBytes: 1024 * 1024, linkBytesMax: 32 * 1024 * 1024 };

/** Why reading is paused, as bits; it goes on when no reason is left. */
export const PAUSED_BY = { session: 1, unread: 2, lines: 4 } as const;
export type PauseReason = keyof typeof PAUSED_BY;

/** Small writes are put together here: a socket takes them in one call, so one buffer serves all. */
const scratch = new Uint8Array(64 * 1024);

export class TcpConnection {
	readonly address: string;
	receiver: Receiver = DEAF;
	/** The peer has said that it sends nothing more. */
	peerEnded = false;
	private readonly socket: Socket<unknown>;
	private readonly clock: Pick<Clock, "after">;
	private readonly settings: TcpSettings;
	private readonly left: () => void;
	private pending: Uint8Array[] = [];
	private pendingBytes = 0;
	private pauses = 0;
	private state: "open" | "finishing" | "gone" = "open";
	private halfClosed = false;
	private cancelLinger: Cancel | undefined;

	/** `left` is called once when the connection is gone. */
	constructor(socket: Socket<unknown>, address: string, clock: Pick<Clock, "after">, settings: TcpSettings, left: () => void) {
		this.socket = socket;
		this.address = address;
		this.clock = clock;
		this.settings = settings;
		this.left = left;
	}

	/** Bytes written and not yet taken by the kernel. */
	get bufferedBytes(): number {
		return this.pendingBytes;
	}

	/** Has the end begun? Then nothing more can be written and nothing more is heard. */
	get over(): boolean {
		return this.state !== "open";
	}

	/** Writes everything in order, as one call to the kernel where it takes it. The chunks are not changed afterwards. */
	write(chunks: readonly Uint8Array[]): void {
		if (this.state !== "open") return;
		if (this.pendingBytes > 0) {
			for (const chunk of chunks) this.keep(chunk);
		} else {
			this.writeThrough(chunks);
		}
		if (this.pendingBytes > this.settings.linkBytesMax) this.cut();
		else if (this.pendingBytes > this.settings.readPausedAtBytes) this.pause("unread", true);
	}

	pause(reason: PauseReason, paused: boolean): void {
		this.setPauses(paused ? this.pauses | PAUSED_BY[reason] : this.pauses & ~PAUSED_BY[reason]);
	}

	/** Ends the connection after what was written. */
	finish(): void {
		if (this.state !== "open") return;
		this.state = "finishing";
		this.receiver.lost();
		this.receiver = DEAF;
		// The other side's end must be heard.
		this.setPauses(0);
		this.cancelLinger = this.clock.after(this.settings.lingerMs, () => this.cut());
		if (this.pendingBytes === 0) this.closeOurSide();
	}

	/** Ends the connection at once; what the kernel has not taken is lost. */
	cut(): void {
		if (this.state !== "gone") this.socket.terminate();
		this.gone();
	}

	// ------------------------------------------------------------ from the listener

	onDrain(): void {
		if (this.pendingBytes === 0) return;
		this.flush();
		if (this.pendingBytes > 0) return;
		if (this.state === "finishing") {
			this.closeOurSide();
			return;
		}
		this.pause("unread", false);
		this.receiver.drained();
	}

	onEnd(): void {
		this.peerEnded = true;
		if (this.halfClosed) this.socket.end();
		else this.receiver.ended();
	}

	/** The transport is gone. */
	gone(): void {
		if (this.state === "gone") return;
		this.state = "gone";
		this.cancelLinger?.();
		this.pending = [];
		this.pendingBytes = 0;
		const { receiver } = this;
		this.receiver = DEAF;
		receiver.lost();
		this.left();
	}

	// ------------------------------------------------------------ helpers

	private setPauses(pauses: number): void {
		const before = this.pauses;
		this.pauses = pauses;
		if (this.state === "gone" || (before === 0) === (pauses === 0)) return;
		if (before === 0) this.socket.pause();
		else this.socket.resume();
	}

	private writeThrough(chunks: readonly Uint8Array[]): void {
		const whole = together(chunks);
		const taken = Math.max(0, this.socket.write(whole));
		if (taken < whole.length) {
			const rest = whole.subarray(taken);
			this.keep(whole.buffer === scratch.buffer ? rest.slice() : rest);
		}
	}

	private keep(chunk: Uint8Array): void {
		this.pending.push(chunk);
		this.pendingBytes += chunk.length;
	}

	private flush(): void {
		while (this.pending.length > 0) {
			const batch = this.nextBatch();
			const whole = together(batch);
			const taken = Math.max(0, this.socket.write(whole));
			this.dropFirst(taken);
			if (taken < whole.length) return;
		}
	}

	/** The first chunks that fit into one write. */
	private nextBatch(): Uint8Array[] {
		let bytes = 0;
		let count = 0;
		for (const chunk of this.pending) {
			bytes += chunk.length;
			if (count > 0 && bytes > scratch.length) break;
			count++;
		}
		return this.pending.slice(0, count);
	}

	private dropFirst(bytes: number): void {
		this.pendingBytes -= bytes;
		let whole = 0;
		let left = bytes;
		for (const chunk of this.pending) {
			if (chunk.length > left) break;
			left -= chunk.length;
			whole++;
		}
		if (whole > 0) this.pending.splice(0, whole);
		const first = this.pending[0];
		if (first !== undefined && left > 0) this.pending[0] = first.subarray(left);
	}

	private closeOurSide(): void {
		if (this.halfClosed) return;
		this.halfClosed = true;
		if (this.peerEnded) this.socket.end();
		else this.socket.shutdown();
	}
}

/** Hears nothing: before somebody listens, and after the end. */
const DEAF: Receiver = { data() {}, ended() {}, drained() {}, stopping() {}, lost() {} };

/** The chunks as one: itself, the shared scratch (valid until the next call), or a new buffer. */
function together(chunks: readonly Uint8Array[]): Uint8Array {
	const [only] = chunks;
	if (only !== undefined && chunks.length === 1) return only;
	let bytes = 0;
	for (const chunk of chunks) bytes += chunk.length;
	const whole = bytes <= scratch.length ? scratch.subarray(0, bytes) : new Uint8Array(bytes);
	let at = 0;
	for (const chunk of chunks) {
		whole.set(chunk, at);
		at += chunk.length;
	}
	return whole;
}
