// A framed TCP connection: cuts bytes into frames, decodes them, and hands them to its session; a `Link` the other way.
//
// A framer is lent to a connection while a frame is under way: between frames it holds nothing, so that one serves all
// connections that are quiet.
//
// Every frame has a deadline from its first byte. One timer serves a connection for as long as it is in the middle of frames:
// when it fires it looks whether the frame at hand is too old, so that a busy connection does not pay for a timer per frame.
import { type CloseName, type Codec, DecodeError, type Framer, type Preface, prefaceFramer } from "@verbatim/protocol";
import type { Cancel } from "../clock.ts";
import type { SessionInput } from "../session/host.ts";
import { CODECS } from "./formats.ts";
import type { Encoded, Format, Link } from "./link.ts";
import type { DoorParts } from "./parts.ts";
import type { Receiver, TcpConnection } from "./tcp-connection.ts";

/** Opens a session on a connection whose preface was agreed. `rest` is what came after the preface. */
export function openFramed(parts: DoorParts, connection: TcpConnection, preface: Preface, rest: Uint8Array): void {
	const link = new FramedLink(kindOf(parts, preface), connection);
	connection.receiver = link;
	if (rest.length > 0) link.data(rest);
}

/** What all connections of one preface share. */
interface FramedKind {
	readonly parts: DoorParts;
	readonly format: Format;
	readonly codec: Codec;
	makeFramer(): Framer;
	/** A framer between frames. */
	spare: Framer | undefined;
}

const kinds = new WeakMap<DoorParts, Map<Format, FramedKind>>();

function kindOf(parts: DoorParts, preface: Preface): FramedKind {
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

class FramedLink implements Link, Receiver {
	private readonly kind: FramedKind;
	private readonly connection: TcpConnection;
	private readonly input: SessionInput;
	/** Only while a frame is under way, or when the stream is beyond reading. */
	private framer: Framer | undefined;
	/** When the first byte of the frame at hand came (monotonic); undefined between frames. */
	private frameBeganMs: number | undefined;
	private cancelDeadline: Cancel | undefined;

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

	get lasting(): boolean {
		return true;
	}

	// ------------------------------------------------------------ from the connection

	ready(): void {}

	data(chunk: Uint8Array): void {
		const { kind } = this;
		const framer = this.framer ?? kind.spare ?? kind.makeFramer();
		if (framer === kind.spare) kind.spare = undefined;
		this.framer = framer;
		framer.push(chunk);
		const whole = this.takeFrames(framer);
		if (whole === undefined) return;
		this.watchFrame(framer, whole);
		if (framer.midFrame || this.connection.over) return;
		this.framer = undefined;
		kind.spare = framer;
	}

	ended(): void {
		this.connection.finish();
	}

	drained(): void {
		this.input.drained();
	}

	stopping(): void {}

	lost(): void {
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
		// What is late because we did not read is not the peer's fault.
		if (!paused && this.frameBeganMs !== undefined) this.frameBeganMs = this.kind.parts.clock.monotonic();
		return true;
	}

	close(_why: CloseName): void {
		this.connection.finish();
	}

	// ------------------------------------------------------------ helpers

	/** Was there a whole one? Undefined: the stream cannot be read any further, and the session was told. */
	private takeFrames(framer: Framer): boolean | undefined {
		const { metrics } = this.kind.parts;
		let whole = false;
		for (let event = framer.next(); event !== undefined && !this.connection.over; event = framer.next()) {
			whole = true;
			if (event.kind === "frame") {
				this.decode(event.body);
			} else if (event.kind === "damaged") {
				// Not answered: nobody can say which command it was. The acknowledgement that does not come has it sent again.
				metrics.framesDamaged.add(1);
			} else {
				if (event.code === "damaged") metrics.framesDamaged.add(1);
				this.input.end(event.code, event.message);
				return undefined;
			}
		}
		return whole;
	}

	private decode(body: Uint8Array): void {
		try {
			this.input.receive(this.kind.codec.decodeUp(body, this.kind.parts.limits.roomsPerUserMax), body.length);
		} catch (cause) {
			if (!(cause instanceof DecodeError)) throw cause;
			this.input.undecodable(cause.code, cause.message, cause.id, body.length);
		}
	}

	/** `whole`: a frame has ended since the last look, so that one begun now is another. */
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
