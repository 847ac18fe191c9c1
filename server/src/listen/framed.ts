// A framed TCP connection: cuts bytes into frames, decodes them, and hands them to its session; a `Link` the other way.
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
	const link = new FramedLink(parts, connection, preface);
	connection.receiver = link;
	link.begin(rest);
}

class FramedLink implements Link, Receiver {
	readonly format: Format;
	readonly address: string;
	readonly lasting = true;
	private readonly parts: DoorParts;
	private readonly connection: TcpConnection;
	private readonly codec: Codec;
	private readonly framer: Framer;
	private readonly input: SessionInput;
	/** When the first byte of the frame at hand came (monotonic); undefined between frames. */
	private frameBeganMs: number | undefined;
	private cancelDeadline: Cancel | undefined;

	constructor(parts: DoorParts, connection: TcpConnection, preface: Preface) {
		this.parts = parts;
		this.connection = connection;
		this.address = connection.address;
		this.format = parts.formats.tcp(preface);
		this.codec = CODECS[preface.codec];
		this.framer = prefaceFramer(preface, parts.limits.frameBytesMax);
		this.input = parts.host.open(this);
		parts.metrics.connections.of("tcp").add(1);
	}

	begin(rest: Uint8Array): void {
		if (rest.length > 0) this.data(rest);
	}

	// ------------------------------------------------------------ from the connection

	data(chunk: Uint8Array): void {
		const { framer, parts } = this;
		let whole = false;
		framer.push(chunk);
		for (let event = framer.next(); event !== undefined && !this.connection.over; event = framer.next()) {
			whole = true;
			if (event.kind === "frame") {
				this.decode(event.body);
			} else if (event.kind === "damaged") {
				// Not answered: nobody can say which command it was. The acknowledgement that does not come has it sent again.
				parts.metrics.framesDamaged.add(1);
			} else {
				if (event.code === "damaged") parts.metrics.framesDamaged.add(1);
				this.input.end(event.code, event.message);
				return;
			}
		}
		this.watchFrame(whole);
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
		this.parts.metrics.connections.of("tcp").add(-1);
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
		if (!paused && this.frameBeganMs !== undefined) this.frameBeganMs = this.parts.clock.monotonic();
		return true;
	}

	close(_why: CloseName): void {
		this.connection.finish();
	}

	// ------------------------------------------------------------ helpers

	private decode(body: Uint8Array): void {
		try {
			this.input.receive(this.codec.decodeUp(body));
		} catch (cause) {
			if (!(cause instanceof DecodeError)) throw cause;
			this.input.undecodable(cause.code, cause.message, cause.id);
		}
	}

	/** `whole`: a frame has ended since the last look, so that one begun now is another. */
	private watchFrame(whole: boolean): void {
		if (!this.framer.midFrame || this.connection.over) {
			this.frameBeganMs = undefined;
			return;
		}
		if (whole || this.frameBeganMs === undefined) this.frameBeganMs = this.parts.clock.monotonic();
		this.cancelDeadline ??= this.armDeadline(this.parts.timing.frameMs);
	}

	private armDeadline(ms: number): Cancel {
		return this.parts.clock.after(ms, () => {
			this.cancelDeadline = undefined;
			if (this.frameBeganMs === undefined || this.connection.over) return;
			const leftMs = this.frameBeganMs + this.parts.timing.frameMs - this.parts.clock.monotonic();
			if (leftMs > 0) this.cancelDeadline = this.armDeadline(leftMs);
			else this.input.end("late", `a frame was not whole after ${this.parts.timing.frameMs / 1000} s`);
		});
	}
}
