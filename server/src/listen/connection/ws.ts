// A WebSocket connection as a `Link`, one down message per WebSocket message. The socket buffers what the kernel does not take without a limit, so
// that Bun drops nothing; the session's outbox bounds it, and beyond `linkBytesMax` the connection is cut.
//
// After the closing handshake has begun, the runtime reads and discards input at full speed for some 16 s, without any event (measured on Bun 1.4).
// Hence a peer that is closed for what it sends is no longer read, and is cut without a handshake after `FLOOD_LINGER_MS`; and a peer that sent no
// hello in time stays counted by admission for those seconds.
//
// There is no deadline for a message: the runtime reports whole ones only. It buffers at most one message of the maximal length, and a peer that
// never completes one is ended by the hello's deadline or the heartbeat.
import { CLOSES, type CloseName, type Codec, type CodecName, DecodeError, roomsInHelloMax } from "@verbatim/protocol";
import type { ServerWebSocket } from "bun";
import type { Cancel } from "../../base/clock.ts";
import { CODECS } from "../../link/formats.ts";
import type { SessionInput } from "../../link/host.ts";
import type { Encoded, Format, Link } from "../../link/link.ts";
import { type Message, MessageQueue } from "./message-queue.ts";
import type { ListenerParts } from "./parts.ts";
import { type ConnectionSettings, FLOOD_CLOSES, FLOOD_LINGER_MS } from "./settings.ts";
import { PAUSED_BY } from "./tcp.ts";
import type { TurnWaiter } from "./turns.ts";

/** A WebSocket's data: at first the facts of its upgrade, its link once it is open. */
export type WsData = WsOpening | WsLink;

export interface WsOpening {
	readonly codec: CodecName;
	readonly address: string;
}

/** What all WebSockets of one codec share. */
export interface WsKind {
	readonly parts: ListenerParts;
	readonly settings: ConnectionSettings;
	readonly codec: Codec;
	readonly format: Format;
	/** Called once, when a link is gone; `occupiedMs`: for how long the runtime may go on reading its socket. */
	readonly left: (link: WsLink, occupiedMs: number) => void;
}

export function wsKind(parts: ListenerParts, settings: ConnectionSettings, codec: CodecName, left: WsKind["left"]): WsKind {
	return { parts, settings, codec: CODECS[codec], format: parts.formats.ws[codec], left };
}

interface Closing {
	readonly why: CloseName;
	/** Cut after the linger, without a closing handshake. */
	readonly isFlood: boolean;
	/** Messages received since. */
	ignored: number;
	readonly cancelLinger: Cancel;
}

/** Messages that a flooding peer may still send before it is cut without linger. */
const IGNORED_MAX = 64;
/** For how long the runtime may go on reading after a close, ms. */
const READ_ON_MS = 16_000;

export class WsLink implements Link, TurnWaiter {
	readonly address: string;
	private readonly ws: ServerWebSocket<WsData>;
	private readonly kind: WsKind;
	private readonly input: SessionInput;
	private pauses = 0;
	/** Messages that wait for this connection's next turn, or until its session resumes reading. */
	private queue: MessageQueue | undefined;
	/** Does the socket buffer anything? Cached, since asking the socket after each write is slow. */
	private isBuffering = false;
	/** Set while the close waits for buffered data or the linger. */
	private closing: Closing | undefined;
	private gone = false;

	constructor(ws: ServerWebSocket<WsData>, kind: WsKind, address: string) {
		this.ws = ws;
		this.kind = kind;
		this.address = address;
		this.input = kind.parts.host.open(this);
		kind.parts.metrics.connections.of("ws").add(1);
	}

	get format(): Format {
		return this.kind.format;
	}

	get resumable(): boolean {
		return true;
	}

	// ------------------------------------------------------------ from the socket

	onMessage(body: Message): void {
		if (this.isClosing()) return;
		if (this.pauses !== 0 || !this.kind.parts.turns.mayRead(this)) this.hold(body);
		else this.read(body);
	}

	/** A ping or a pong frame of WebSocket. The runtime has answered the ping. */
	onControl(): void {
		if (this.isClosing()) return;
		this.isBuffering = this.ws.getBufferedAmount() > 0;
		this.boundBuffered();
		this.input.alive();
	}

	readingResumed(): void {
		if (this.queue !== undefined) this.kind.parts.turns.wait(this);
	}

	continueReading(): void {
		const { queue, kind } = this;
		if (queue === undefined) return;
		while (this.pauses === PAUSED_BY.held && !this.gone && this.closing === undefined) {
			if (queue.count === 0) {
				this.queue = undefined;
				this.pause("held", false);
			} else if (kind.parts.turns.mayRead(this)) {
				this.read(queue.shift() ?? "");
			} else {
				kind.parts.turns.wait(this);
				return;
			}
		}
	}

	/** Is input ignored? The runtime delivers all it has read, so a peer that floods is cut after `IGNORED_MAX` messages. */
	private isClosing(): boolean {
		if (this.closing?.isFlood && ++this.closing.ignored > IGNORED_MAX) this.cut();
		return this.gone || this.closing !== undefined;
	}

	private hold(body: Message): void {
		const { limits, metrics, turns } = this.kind.parts;
		if (this.queue === undefined) {
			this.queue = new MessageQueue();
			if (this.pauses === 0) {
				metrics.throttled.add("turn");
				turns.wait(this);
			}
			this.pause("held", true);
		}
		this.queue.push(body);
		if (this.queue.bytes <= limits.heldBytesMax && this.queue.count <= limits.heldMessagesMax) return;
		metrics.throttled.add("held");
		this.input.end("busy", "more was sent at once than is waited for");
	}

	private read(body: Message): void {
		const { clock, turns } = this.kind.parts;
		const beganMs = clock.monotonic();
		const { frameBytesMax } = this.input;
		if (body.length > frameBytesMax)
			this.input.end("too_large", `a message of ${body.length} bytes; the limit is ${frameBytesMax}`);
		else this.decode(body);
		turns.spend(clock.monotonic() - beganMs, body.length);
	}

	private decode(body: Message): void {
		try {
			this.input.receive(this.kind.codec.decodeUp(body, roomsInHelloMax(this.kind.parts.limits)), body.length);
		} catch (cause) {
			if (!(cause instanceof DecodeError)) throw cause;
			this.input.undecodable(cause.code, cause.message, cause.id, body.length, cause.trace);
		}
	}

	onDrain(): void {
		if (this.ws.getBufferedAmount() > 0) return;
		this.isBuffering = false;
		if (this.closing !== undefined) {
			if (!this.closing.isFlood) this.closeNow(this.closing.why);
			return;
		}
		this.pause("unread", false);
		this.input.drained();
	}

	onClose(occupiedMs = 0): void {
		if (this.gone) return;
		this.gone = true;
		this.queue = undefined;
		this.kind.parts.turns.leave(this);
		this.closing?.cancelLinger();
		this.kind.parts.metrics.connections.of("ws").add(-1);
		this.input.lost();
		this.kind.left(this, occupiedMs);
	}

	/** Terminates the connection at once. */
	cut(): void {
		this.ws.terminate();
		this.onClose();
	}

	// ------------------------------------------------------------ from the session

	write(messages: readonly Encoded[]): void {
		if (this.gone || this.closing !== undefined) return;
		const [only] = messages;
		if (messages.length === 1 && only !== undefined) {
			// Below 0: buffered, in whole or in part.
			if (this.send(only) < 0) this.isBuffering = true;
		} else {
			this.ws.cork(() => {
				for (const message of messages) this.send(message);
			});
			this.isBuffering = this.ws.getBufferedAmount() > 0;
		}
		this.boundBuffered();
	}

	private boundBuffered(): void {
		if (!this.isBuffering) return;
		const buffered = this.bufferedBytes();
		if (buffered > this.kind.settings.linkBytesMax) this.cut();
		else if (buffered > this.kind.settings.readPausedAtBytes) this.pause("unread", true);
	}

	bufferedBytes(): number {
		return this.gone || !this.isBuffering ? 0 : this.ws.getBufferedAmount();
	}

	pauseReading(paused: boolean): boolean {
		this.pause("session", paused);
		return true;
	}

	close(why: CloseName): void {
		if (this.gone || this.closing !== undefined) return;
		const { parts, settings } = this.kind;
		const isFlood = this.queue !== undefined || FLOOD_CLOSES.has(why);
		if (!isFlood && this.bufferedBytes() === 0) {
			this.closeNow(why);
			return;
		}
		const lingerMs = isFlood ? FLOOD_LINGER_MS : settings.lingerMs;
		this.closing = { why, isFlood, ignored: 0, cancelLinger: parts.clock.after(lingerMs, () => this.cut()) };
		// Stops reading.
		this.pause("held", true);
	}

	// ------------------------------------------------------------ helpers

	private send(message: Encoded): number {
		// 0: dropped, because the socket is closed; its `close` event follows.
		return this.ws.send(message as string | Uint8Array<ArrayBuffer>);
	}

	/** Starts the closing handshake; the runtime drops a peer that does not answer within seconds. */
	private closeNow(why: CloseName): void {
		// Reads the peer's close frame.
		if (this.pauses !== 0) this.ws.resume();
		this.ws.close(CLOSES[why].code, CLOSES[why].reason);
		this.onClose(why === "late" ? READ_ON_MS : 0);
	}

	private pause(reason: "session" | "unread" | "held", paused: boolean): void {
		const before = this.pauses;
		this.pauses = paused ? before | PAUSED_BY[reason] : before & ~PAUSED_BY[reason];
		if (!this.gone && this.pauses === PAUSED_BY.held && before !== this.pauses && before !== 0) this.readingResumed();
		if (this.gone || (before === 0) === (this.pauses === 0)) return;
		if (before === 0) this.ws.pause();
		else this.ws.resume();
	}
}
