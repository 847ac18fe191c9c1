// A WebSocket connection as a `Link`, one down message per WebSocket message. The socket keeps what the kernel does not take,
// without a limit of its own, so that nothing is ever dropped in silence; the session's outbox bounds it, and past a last
// bound the connection is cut.
//
// Deadlines per frame are not needed here: the socket never holds more than one message of the limit, and a peer that never
// finishes one is not heard, which the heartbeat notices.
import { CLOSES, type CloseName, type Codec, type CodecName, DecodeError } from "@verbatim/protocol";
import type { ServerWebSocket } from "bun";
import type { Cancel } from "../clock.ts";
import type { SessionInput } from "../session/host.ts";
import { CODECS } from "./formats.ts";
import type { Encoded, Format, Link } from "./link.ts";
import type { DoorParts } from "./parts.ts";
import { PAUSED_BY, type TcpSettings } from "./tcp-connection.ts";

/** What a WebSocket carries: from its upgrade on who comes, and once it is open its link. */
export type WsData = WsOpening | WsLink;

export interface WsOpening {
	readonly codec: CodecName;
	readonly address: string;
}

/** What all WebSockets of one codec share, so that each holds one reference to it. */
export interface WsKind {
	readonly parts: DoorParts;
	readonly settings: TcpSettings;
	readonly codec: Codec;
	readonly format: Format;
	/** Told once when a link is gone. */
	readonly left: (link: WsLink) => void;
}

export function wsKind(parts: DoorParts, settings: TcpSettings, codec: CodecName, left: (link: WsLink) => void): WsKind {
	return { parts, settings, codec: CODECS[codec], format: parts.formats.ws[codec], left };
}

interface Closing {
	readonly why: CloseName;
	readonly cancelLinger: Cancel;
}

export class WsLink implements Link {
	readonly address: string;
	private readonly ws: ServerWebSocket<WsData>;
	private readonly kind: WsKind;
	private readonly input: SessionInput;
	private pauses = 0;
	/** Does the socket hold something that the kernel has not taken? Asking the socket after each write costs more than this. */
	private holds = false;
	/** Said to be closed when everything written was taken. */
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

	get lasting(): boolean {
		return true;
	}

	// ------------------------------------------------------------ from the socket

	onMessage(body: string | Uint8Array): void {
		if (this.closing !== undefined) return;
		try {
			this.input.receive(this.kind.codec.decodeUp(body, this.kind.parts.limits.roomsPerUserMax), body.length);
		} catch (cause) {
			if (!(cause instanceof DecodeError)) throw cause;
			this.input.undecodable(cause.code, cause.message, cause.id, body.length);
		}
	}

	onDrain(): void {
		if (this.ws.getBufferedAmount() > 0) return;
		this.holds = false;
		if (this.closing !== undefined) {
			this.closeNow(this.closing.why);
			return;
		}
		this.pause("unread", false);
		this.input.drained();
	}

	onClose(): void {
		if (this.gone) return;
		this.gone = true;
		this.closing?.cancelLinger();
		this.kind.parts.metrics.connections.of("ws").add(-1);
		this.input.lost();
		this.kind.left(this);
	}

	/** Ends the connection at once. */
	cut(): void {
		this.ws.terminate();
		this.onClose();
	}

	// ------------------------------------------------------------ from the session

	write(messages: readonly Encoded[]): void {
		if (this.gone || this.closing !== undefined) return;
		const [only] = messages;
		if (messages.length === 1 && only !== undefined) {
			// Below 0: kept, in whole or in part.
			if (this.send(only) < 0) this.holds = true;
		} else {
			this.ws.cork(() => {
				for (const message of messages) this.send(message);
			});
			this.holds = this.ws.getBufferedAmount() > 0;
		}
		if (!this.holds) return;
		const buffered = this.bufferedBytes();
		if (buffered > this.kind.settings.linkBytesMax) this.cut();
		else if (buffered > this.kind.settings.readPausedAtBytes) this.pause("unread", true);
	}

	bufferedBytes(): number {
		return this.gone || !this.holds ? 0 : this.ws.getBufferedAmount();
	}

	pauseReading(paused: boolean): boolean {
		this.pause("session", paused);
		return true;
	}

	close(why: CloseName): void {
		if (this.gone || this.closing !== undefined) return;
		const { parts, settings } = this.kind;
		if (this.bufferedBytes() === 0) this.closeNow(why);
		else this.closing = { why, cancelLinger: parts.clock.after(settings.lingerMs, () => this.cut()) };
	}

	// ------------------------------------------------------------ helpers

	private send(message: Encoded): number {
		// 0: dropped, because the socket is closed; its end is on the way.
		return this.ws.send(message as string | Uint8Array<ArrayBuffer>);
	}

	/** The socket says goodbye, and forgets a peer that does not answer within seconds by itself. */
	private closeNow(why: CloseName): void {
		this.ws.close(CLOSES[why].code, CLOSES[why].reason);
		this.onClose();
	}

	private pause(reason: "session" | "unread", paused: boolean): void {
		const before = this.pauses;
		this.pauses = paused ? before | PAUSED_BY[reason] : before & ~PAUSED_BY[reason];
		if (this.gone || (before === 0) === (this.pauses === 0)) return;
		if (before === 0) this.ws.pause();
		else this.ws.resume();
	}
}
