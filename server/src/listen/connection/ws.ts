// A WebSocket connection as a `Link`, one down message per WebSocket message. The socket keeps what the kernel does not take,
// without a limit of its own, so that nothing is ever dropped in silence; the session's outbox bounds it, and past a last
// bound the connection is cut.
//
// After the closing handshake has begun, the runtime reads and forgets what still comes, as fast as it comes and for some 16 s, and tells of
// none of it (measured on Bun 1.4). So whoever is closed for what it sends is not read any more, and is cut without a handshake, once it has
// had time to read the session's last words; and whoever said no hello in time keeps its place at the gate for that long.
//
// There is no deadline for a message here: the runtime tells of whole ones only. It never holds more than one of the limit, and a peer that
// never finishes one is not heard, which the hello's deadline or the heartbeat notices.
import { CLOSES, type CloseName, type Codec, type CodecName, DecodeError, roomsInHelloMax } from "@verbatim/protocol";
import type { ServerWebSocket } from "bun";
import type { Cancel } from "../../base/clock.ts";
import { CODECS } from "../../link/formats.ts";
import type { SessionInput } from "../../link/host.ts";
import type { Encoded, Format, Link } from "../../link/link.ts";
import { FLOOD_CLOSES, FLOOD_LINGER_MS } from "./flood.ts";
import { HeldMessages, type Message } from "./held-messages.ts";
import type { DoorParts } from "./parts.ts";
import { PAUSED_BY, type TcpSettings } from "./tcp.ts";
import type { Holder } from "./turns.ts";

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
	/** Told once when a link is gone; `occupiedMs`: for how long its socket may still cost something. */
	readonly left: (link: WsLink, occupiedMs: number) => void;
}

export function wsKind(parts: DoorParts, settings: TcpSettings, codec: CodecName, left: WsKind["left"]): WsKind {
	return { parts, settings, codec: CODECS[codec], format: parts.formats.ws[codec], left };
}

interface Closing {
	readonly why: CloseName;
	/** Is it cut when the linger is over, whatever it has read? */
	readonly isFlood: boolean;
	/** Messages that came since. */
	unheard: number;
	readonly cancelLinger: Cancel;
}

/** Messages that one that is being closed may still bring, before it is cut without any linger. */
const UNHEARD_MAX = 64;
/** For how long the runtime may go on reading one that was never welcomed, ms. */
const READ_ON_MS = 16_000;

export class WsLink implements Link, Holder {
	readonly address: string;
	private readonly ws: ServerWebSocket<WsData>;
	private readonly kind: WsKind;
	private readonly input: SessionInput;
	private pauses = 0;
	/** What was read from the socket and waits: for this connection's next turn, or until its session lets it be read. */
	private held: HeldMessages | undefined;
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

	get resumable(): boolean {
		return true;
	}

	// ------------------------------------------------------------ from the socket

	onMessage(body: Message): void {
		if (this.isDeaf()) return;
		if (this.pauses !== 0 || !this.kind.parts.turns.mayRead(this)) this.hold(body);
		else this.read(body);
	}

	/** A ping or a pong of the protocol below. The socket has answered the ping itself. */
	onControl(): void {
		if (this.isDeaf()) return;
		this.holds = this.ws.getBufferedAmount() > 0;
		this.boundBuffered();
		this.input.alive();
	}

	readOn(): void {
		if (this.held !== undefined) this.kind.parts.turns.wait(this);
	}

	goOn(): void {
		const { held, kind } = this;
		if (held === undefined) return;
		while (this.pauses === PAUSED_BY.held && !this.gone && this.closing === undefined) {
			if (held.count === 0) {
				this.held = undefined;
				this.pause("held", false);
			} else if (kind.parts.turns.mayRead(this)) {
				this.read(held.shift() ?? "");
			} else {
				kind.parts.turns.wait(this);
				return;
			}
		}
	}

	/** Is nothing heard any more? A flood is told of by the runtime to the end of what was read, unless it is cut. */
	private isDeaf(): boolean {
		if (this.closing?.isFlood && ++this.closing.unheard > UNHEARD_MAX) this.cut();
		return this.gone || this.closing !== undefined;
	}

	private hold(body: Message): void {
		const { limits, metrics, turns } = this.kind.parts;
		if (this.held === undefined) {
			this.held = new HeldMessages();
			if (this.pauses === 0) {
				metrics.throttled.add("turn");
				turns.wait(this);
			}
			this.pause("held", true);
		}
		this.held.push(body);
		if (this.held.bytes <= limits.heldBytesMax && this.held.count <= limits.heldMessagesMax) return;
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
		this.holds = false;
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
		this.held = undefined;
		this.kind.parts.turns.leave(this);
		this.closing?.cancelLinger();
		this.kind.parts.metrics.connections.of("ws").add(-1);
		this.input.lost();
		this.kind.left(this, occupiedMs);
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
		this.boundBuffered();
	}

	private boundBuffered(): void {
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
		const isFlood = this.held !== undefined || FLOOD_CLOSES.has(why);
		if (!isFlood && this.bufferedBytes() === 0) {
			this.closeNow(why);
			return;
		}
		const lingerMs = isFlood ? FLOOD_LINGER_MS : settings.lingerMs;
		this.closing = { why, isFlood, unheard: 0, cancelLinger: parts.clock.after(lingerMs, () => this.cut()) };
		// Nothing more is heard, and whoever goes on sending has to wait.
		this.pause("held", true);
	}

	// ------------------------------------------------------------ helpers

	private send(message: Encoded): number {
		// 0: dropped, because the socket is closed; its end is on the way.
		return this.ws.send(message as string | Uint8Array<ArrayBuffer>);
	}

	/** The socket says goodbye, and forgets a peer that does not answer within seconds by itself. */
	private closeNow(why: CloseName): void {
		// Its goodbye is to be read.
		if (this.pauses !== 0) this.ws.resume();
		this.ws.close(CLOSES[why].code, CLOSES[why].reason);
		this.onClose(why === "late" ? READ_ON_MS : 0);
	}

	private pause(reason: "session" | "unread" | "held", paused: boolean): void {
		const before = this.pauses;
		this.pauses = paused ? before | PAUSED_BY[reason] : before & ~PAUSED_BY[reason];
		if (!this.gone && this.pauses === PAUSED_BY.held && before !== this.pauses && before !== 0) this.readOn();
		if (this.gone || (before === 0) === (this.pauses === 0)) return;
		if (before === 0) this.ws.pause();
		else this.ws.resume();
	}
}
