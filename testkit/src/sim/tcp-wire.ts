// A framed TCP connection: the server's own code with preface, framing and backpressure, on a simulated socket. The client's end sends
// the preface and frames as the SDK's transport for Node does.

import { type Ending, TransportError } from "@verbatim/client";
import { CLOSES, type Framer, LIMITS, PrefaceAnswerReader, prefaceFramer, renderPreface } from "@verbatim/protocol";
import { CONNECTION_SETTINGS, ProtocolDetector, TcpConnection } from "@verbatim/server/parts";
import type { Socket } from "bun";
import type { Pipe } from "./pipe.ts";
import { AnyWire, type WireParts } from "./wire.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export class TcpWire extends AnyWire<Bytes> {
	private connection: TcpConnection | undefined;
	private readonly answer = new PrefaceAnswerReader();
	private framer: Framer | undefined;
	private held = false;
	private clientEnded = false;
	/** The server has understood the preface; without one it takes its peer for a person. */
	private agreed = false;

	constructor(parts: WireParts) {
		super(parts, (bytes) => bytes.length);
	}

	open(): void {
		const { host, codec } = this.parts;
		this.isOpen = true;
		this.guarded(() => {
			const kind = { clock: host.machine, settings: CONNECTION_SETTINGS, left: () => this.serverLeft() };
			const connection = new TcpConnection(this.socket(), "192.0.2.1", kind);
			this.connection = connection;
			connection.receiver = new ProtocolDetector(host.parts, connection);
			connection.receiver.ready();
		});
		this.later(this.client, () => {
			if (this.clientEnded) return;
			this.put(this.up, UTF8.encode(renderPreface({ codec, check: "crc32c", frame: "length" })), false);
		});
	}

	send(body: Uint8Array | string): void {
		if (this.framer === undefined || this.clientEnded) return;
		this.put(this.up, this.framer.encode(typeof body === "string" ? UTF8.encode(body) : body), true);
	}

	close(): void {
		if (this.clientEnded) return;
		this.clientEnded = true;
		this.clientDone = true;
		this.up.finish(() => this.guarded(() => this.connection?.onEnd()));
	}

	override abandon(): void {
		this.clientEnded = true;
		super.abandon();
	}

	protected override get isSession(): boolean {
		return this.agreed;
	}

	protected toServer(bytes: Bytes): void {
		this.connection?.receiver.data(bytes);
	}

	protected toClient(bytes: Bytes): void {
		if (this.clientEnded) return;
		if (this.framer !== undefined) {
			this.frames(this.framer, bytes);
			return;
		}
		const event = this.answer.push(bytes);
		if (event.kind === "more") return;
		if (event.kind === "ok") {
			this.framer = prefaceFramer(event.preface, LIMITS.frameDownBytesMax);
			this.parts.events.opened();
			this.frames(this.framer, event.rest);
		} else if (event.kind === "refused" && event.code !== undefined) {
			this.fail({ code: CLOSES[event.code].code, reason: event.message });
		} else {
			this.fail({ cause: new TransportError(event.message) });
		}
	}

	protected serverLost(): void {
		this.connection?.gone();
	}

	protected serverMayWrite(): void {
		if (!this.held || this.down.bytes > this.parts.route.capacityBytes / 2) return;
		this.held = false;
		this.parts.host.machine.do(() => this.guarded(() => this.connection?.onDrain()));
	}

	private frames(framer: Framer, bytes: Uint8Array): void {
		framer.push(bytes);
		for (;;) {
			const event = framer.next();
			if (event === undefined || this.clientEnded) return;
			if (event.kind === "frame") this.tellFrame(event.body);
			else if (event.kind === "damaged") this.parts.events.damaged();
			else {
				this.fail({ cause: new TransportError(event.message) });
				return;
			}
		}
	}

	private fail(ending: Ending): void {
		this.clientEnded = true;
		this.tellClient(ending);
		this.up.finish(() => this.tellServer());
	}

	/** Bytes as the network carries them: cut anywhere, and perhaps not quite as they were. */
	private put(pipe: Pipe<Bytes>, bytes: Uint8Array, mayCorrupt: boolean): void {
		const { route, chance } = this.parts;
		if (!route.slices && (route.corrupt === 0 || !mayCorrupt)) {
			// What the server writes may be a view on a buffer that it uses again.
			pipe.put(pipe === this.down ? bytes.slice() : (bytes as Bytes));
			return;
		}
		let at = 0;
		while (at < bytes.length) {
			const size = route.slices && chance.hit(0.3) ? 1 + chance.below(bytes.length - at) : bytes.length - at;
			const piece = bytes.slice(at, at + size);
			if (mayCorrupt && chance.hit(route.corrupt)) {
				const where = chance.below(size);
				piece[where] = (piece[where] ?? 0) ^ (1 << chance.below(8));
			}
			pipe.put(piece);
			at += size;
		}
	}

	/** What the server's code uses of a socket. */
	private socket(): Socket<unknown> {
		const wire = this;
		const finish = (): void =>
			wire.down.finish(() => {
				wire.clientEnded = true;
				wire.tellClient({ cause: new TransportError("the connection ended") });
				wire.up.finish(() => wire.guarded(() => wire.connection?.onEnd()));
			});
		return {
			write(bytes: Uint8Array): number {
				const room = Math.max(0, wire.parts.route.capacityBytes - wire.down.bytes);
				const taken = Math.min(room, bytes.length);
				wire.agreed ||= bytes[0] === PREFACE_FIRST;
				if (taken < bytes.length) wire.held = true;
				// The preface's answer is not checked, so it is not harmed.
				if (taken > 0) wire.put(wire.down, bytes.subarray(0, taken), wire.framer !== undefined);
				return taken;
			},
			shutdown: finish,
			end() {
				finish();
				wire.later(wire.parts.host.machine, () => wire.tellServer());
			},
			terminate: () => wire.cut(false),
			pause: () => wire.up.pause(true),
			resume: () => wire.up.pause(false),
		} as unknown as Socket<unknown>;
	}
}

const UTF8 = new TextEncoder();
/** Of `VERBATIM/1 ok`. */
const PREFACE_FIRST = 0x56;
