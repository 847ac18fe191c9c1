// A framed TCP connection: splits bytes into frames, decodes them, and passes them to its session; a `Link` in the other direction.
//
// A connection has a framer only in the middle of a frame, or with data that waits for a later turn. Between frames a framer is empty, so that all
// idle connections share a spare one.
//
// Every frame has a deadline from its first byte. One timer serves a connection while it is in the middle of frames: when it fires it checks the
// age of the present frame, so that a busy connection does not need a timer per frame.
import {
	type CloseName,
	type Codec,
	DecodeError,
	type Framer,
	type Preface,
	prefaceFramer,
	roomsInHelloMax,
} from "@verbatim/protocol";
import type { Cancel } from "../../base/clock.ts";
import { CODECS } from "../../link/formats.ts";
import type { SessionInput } from "../../link/host.ts";
import type { Encoded, Format, Link } from "../../link/link.ts";
import type { ListenerParts } from "./parts.ts";
import { FLOOD_CLOSES } from "./settings.ts";
import type { Receiver, TcpConnection } from "./tcp.ts";
import type { TurnWaiter } from "./turns.ts";

/** Opens a session on a connection with a negotiated preface. `rest` is what followed the preface. */
export function openFramed(parts: ListenerParts, connection: TcpConnection, preface: Preface, rest: Uint8Array): void {
	const link = new FramedLink(kindOf(parts, preface), connection);
	connection.receiver = link;
	if (rest.length > 0) link.data(rest);
}

/** What all connections of one preface share. */
interface FramedKind {
	readonly parts: ListenerParts;
	readonly format: Format;
	readonly codec: Codec;
	makeFramer(): Framer;
	/** A framer that is between frames, for any connection. */
	spare: Framer | undefined;
}

const kinds = new WeakMap<ListenerParts, Map<Format, FramedKind>>();

function kindOf(parts: ListenerParts, preface: Preface): FramedKind {
	const format = parts.formats.tcp(preface);
	const known = kinds.get(parts) ?? new Map<Format, FramedKind>();
	kinds.set(parts, known);
	let kind = known.get(format);
	if (kind === undefined) {
		const makeFramer = () => prefaceFramer(preface, parts.limits.frameBytesMax);
		kind = { parts, format, codec: CODECS[preface.codec], makeFramer, spare: undefined };
		known.set(format, kind);
	}
	return kind;
}

class FramedLink implements Link, Receiver, TurnWaiter {
	private readonly kind: FramedKind;
	private readonly connection: TcpConnection;
	private readonly input: SessionInput;
	/** Only in the middle of a frame, with waiting data, or after an unrecoverable error of framing. */
	private framer: Framer | undefined;
	/** When the first byte of the present frame arrived (monotonic); undefined between frames. */
	private frameBeganMs: number | undefined;
	private cancelDeadline: Cancel | undefined;
	/** The peer has closed its direction, and data still waits. */
	private endsAfterWaiting = false;

	constructor(kind: FramedKind, connection: TcpConnection) {
		this.kind = kind;
		this.connection = connection;
		this.input = kind.parts.host.open(this);
		kind.parts.metrics.connections.of("tcp").add(1);
	}

	get format(): Format {
		return this.kind.format;
	}

	get address(): string {
		return this.connection.address;
	}

	get resumable(): boolean {
		return true;
	}

	// ------------------------------------------------------------ from the connection

	ready(): void {}

	data(chunk: Uint8Array): void {
		const { kind } = this;
		if (this.connection.hasWaiting) {
			// With TLS, one read is delivered in pieces, also after reading was paused.
			this.framer?.keep(chunk);
			return;
		}
		const framer = this.framer ?? kind.spare ?? kind.makeFramer();
		if (framer === kind.spare) kind.spare = undefined;
		this.framer = framer;
		framer.push(chunk);
		this.read(framer, kind.parts.clock.monotonic());
	}

	ended(): void {
		if (this.connection.hasWaiting) this.endsAfterWaiting = true;
		else this.connection.finish();
	}

	readingResumed(): void {
		if (this.connection.hasWaiting && !this.connection.isPausedOtherwise) this.kind.parts.turns.wait(this);
	}

	continueReading(): void {
		const { connection, framer } = this;
		if (framer === undefined || connection.over || connection.isPausedOtherwise) return;
		this.read(framer, this.kind.parts.clock.monotonic());
		if (this.endsAfterWaiting && !connection.hasWaiting) connection.finish();
	}

	cut(): void {
		this.connection.cut();
	}

	drained(): void {
		this.input.drained();
	}

	stopping(): void {}

	lost(): void {
		this.kind.parts.turns.leave(this);
		this.cancelDeadline?.();
		this.cancelDeadline = undefined;
		this.kind.parts.metrics.connections.of("tcp").add(-1);
		this.input.lost();
	}

	// ------------------------------------------------------------ from the session

	write(messages: readonly Encoded[]): void {
		this.connection.write(messages as readonly Uint8Array[]);
	}

	bufferedBytes(): number {
		return this.connection.bufferedBytes;
	}

	pauseReading(paused: boolean): boolean {
		this.connection.pause("session", paused);
		// The time in which we did not read does not count against the frame's deadline.
		if (!paused && this.frameBeganMs !== undefined) this.frameBeganMs = this.kind.parts.clock.monotonic();
		return true;
	}

	close(why: CloseName): void {
		this.connection.finish(FLOOD_CLOSES.has(why));
	}

	// ------------------------------------------------------------ helpers

	/** Reads the framer's frames within this turn's share. */
	private read(framer: Framer, nowMs: number): void {
		const taken = this.takeFrames(framer, nowMs);
		if (taken === "error") return;
		const { connection, kind } = this;
		if (taken === "held") {
			framer.keep();
			// Known again when the rest has been read.
			this.frameBeganMs = undefined;
			if (!connection.hasWaiting) {
				connection.pause("held", true);
				if (!connection.isPausedOtherwise) kind.parts.metrics.throttled.add("turn");
			}
			if (!connection.isPausedOtherwise) kind.parts.turns.wait(this);
			return;
		}
		this.watchFrame(framer, taken === "frames");
		if (connection.over) return;
		if (!framer.midFrame) {
			this.framer = undefined;
			kind.spare = framer;
		}
		connection.pause("held", false);
	}

	/** "held": more than may be read in this turn. "error": the stream is unreadable, and the session was ended. */
	private takeFrames(framer: Framer, beganMs: number): "frames" | "none" | "held" | "error" {
		const { metrics, turns, clock } = this.kind.parts;
		let taken: "frames" | "none" = "none";
		let fromMs = beganMs;
		while (!this.connection.over) {
			if (this.connection.isPausedOtherwise || !turns.mayRead(this)) return "held";
			const event = framer.next();
			if (event === undefined) break;
			taken = "frames";
			let bytes = 0;
			if (event.kind === "frame") {
				bytes = event.body.length;
				this.decode(event.body);
			} else if (event.kind === "damaged") {
				// Not answered: its id is unknown. The client retries after the missing acknowledgement.
				metrics.framesDamaged.add(1);
			} else {
				if (event.code === "damaged") metrics.framesDamaged.add(1);
				this.input.end(event.code, event.message);
				return "error";
			}
			const nowMs = clock.monotonic();
			turns.spend(nowMs - fromMs, bytes);
			fromMs = nowMs;
		}
		return taken;
	}

	private decode(body: Uint8Array): void {
		const { frameBytesMax } = this.input;
		if (body.length > frameBytesMax) {
			this.input.end("too_large", `a frame of ${body.length} bytes; the limit is ${frameBytesMax}`);
			return;
		}
		try {
			this.input.receive(this.kind.codec.decodeUp(body, roomsInHelloMax(this.kind.parts.limits)), body.length);
		} catch (cause) {
			if (!(cause instanceof DecodeError)) throw cause;
			this.input.undecodable(cause.code, cause.message, cause.id, body.length, cause.trace);
		}
	}

	/** `whole`: a frame has ended since the last call, so that a frame in progress is a new one. */
	private watchFrame(framer: Framer, whole: boolean): void {
		if (!framer.midFrame || this.connection.over) {
			this.frameBeganMs = undefined;
			return;
		}
		const { clock, timing } = this.kind.parts;
		if (whole || this.frameBeganMs === undefined) this.frameBeganMs = clock.monotonic();
		this.cancelDeadline ??= this.armDeadline(timing.frameMs);
	}

	private armDeadline(ms: number): Cancel {
		const { clock, timing } = this.kind.parts;
		return clock.after(ms, () => {
			this.cancelDeadline = undefined;
			if (this.frameBeganMs === undefined || this.connection.over) return;
			const leftMs = this.frameBeganMs + timing.frameMs - clock.monotonic();
			if (leftMs > 0) this.cancelDeadline = this.armDeadline(leftMs);
			else this.input.end("late", `a frame was not whole after ${timing.frameMs / 1000} s`);
		});
	}
}
