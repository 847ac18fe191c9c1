// Connections between a device and the server. The server's ends are its own: the code that serves WebSockets and framed TCP
// connections, on sockets that this file plays. The client's end of a WebSocket is a message as it is; that of TCP says the
// preface and frames what it sends, as the SDK's transport for Node does on a real socket.
import { type Connection, type ConnectionEvents, type Ending, TransportError } from "@verbatim/client";
import {
	CLOSES,
	type CodecName,
	type Framer,
	LIMITS,
	PrefaceAnswerReader,
	prefaceFramer,
	renderPreface,
} from "@verbatim/protocol";
import type { ServerWebSocket, Socket } from "bun";
import type { DoorParts } from "../../../server/src/listen/parts.ts";
import { Recogniser } from "../../../server/src/listen/recognise.ts";
import { TCP_SETTINGS, TcpConnection } from "../../../server/src/listen/tcp-connection.ts";
import { type WsData, WsLink, wsKind } from "../../../server/src/listen/ws.ts";
import type { Chance } from "./chance.ts";
import type { Machine } from "./machine.ts";
import { Pipe, type Route } from "./pipe.ts";

/** The server's end of a wire. */
export interface Host {
	readonly machine: Machine;
	readonly parts: DoorParts;
	/** Our bug: something was thrown where nothing may be. */
	fault(cause: unknown): void;
}

export interface WireParts {
	readonly client: Machine;
	readonly host: Host;
	readonly route: Route;
	readonly chance: Chance;
	readonly codec: CodecName;
	readonly events: ConnectionEvents;
	/** Both ends have been told. */
	left(wire: Wire): void;
}

export interface Wire extends Connection {
	readonly client: Machine;
	/** The transport is open on both sides. */
	open(): void;
	/** Breaks it. With `tail`, what was on its way arrives before the end does; else it is lost. */
	cut(tail: boolean): void;
	/** From now on nothing passes in these directions, and nobody is told. */
	blacken(up: boolean, down: boolean): void;
	/** The client does not read until then. */
	stallDown(untilMs: number): void;
	/** All that holds it up ends, except that what is black stays so. */
	heal(): void;
	/** One end takes it for alive though the other is gone, or nothing passes any more. */
	readonly deceives: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** What both kinds share: two pipes, and two ends that are told once. */
abstract class AnyWire<T> implements Wire {
	protected readonly parts: WireParts;
	protected readonly up: Pipe<T>;
	protected readonly down: Pipe<T>;
	protected isOpen = false;
	private isBlack = false;
	protected clientDone = false;
	private serverDone = false;
	private clientTold = false;
	private serverTold = false;

	constructor(parts: WireParts, size: (chunk: T) => number) {
		this.parts = parts;
		const { client, host, route, chance } = parts;
		const shared = { world: client.world, route, chance, size };
		this.up = new Pipe({
			...shared,
			receiver: host.machine,
			deliver: (chunk) => this.guarded(() => this.toServer(chunk)),
			drained: () => {},
		});
		this.down = new Pipe({
			...shared,
			receiver: client,
			deliver: (chunk) => this.toClient(chunk),
			drained: () => this.serverMayWrite(),
		});
	}

	get client(): Machine {
		return this.parts.client;
	}

	abstract open(): void;
	abstract send(body: Uint8Array | string): void;
	abstract close(): void;
	protected abstract toServer(chunk: T): void;
	protected abstract toClient(chunk: T): void;
	/** The server's end is gone. */
	protected abstract serverLost(): void;
	protected abstract serverMayWrite(): void;

	bufferedBytes(): number {
		return Math.max(0, this.up.bytes - this.parts.route.capacityBytes);
	}

	abandon(): void {
		this.clientDone = true;
		// What was sent may still arrive, or not.
		if (this.parts.chance.hit(0.5)) this.up.finish(() => this.tellServer());
		else {
			this.up.cut();
			this.later(this.parts.host.machine, () => this.tellServer());
		}
		this.down.cut();
		this.client.soon(() => this.tellClient({}));
	}

	cut(tail: boolean): void {
		const lost: Ending = { cause: new TransportError("the connection was reset") };
		if (tail) {
			this.up.finish(() => this.tellServer());
			this.down.finish(() => this.tellClient(lost));
			return;
		}
		this.up.cut();
		this.down.cut();
		this.later(this.client, () => this.tellClient(lost));
		this.later(this.parts.host.machine, () => this.tellServer());
	}

	get deceives(): boolean {
		const { client, host } = this.parts;
		const clientGone = !client.alive || this.clientDone;
		const serverGone = !host.machine.alive || this.serverDone || !this.isSession;
		return clientGone !== serverGone || (this.isBlack && !clientGone);
	}

	blacken(up: boolean, down: boolean): void {
		this.isBlack = true;
		if (up) this.up.blacken();
		if (down) this.down.blacken();
	}

	stallDown(untilMs: number): void {
		this.down.stall(untilMs);
	}

	heal(): void {
		this.up.unstall();
		this.down.unstall();
	}

	protected tellClient(ending: Ending): void {
		this.clientDone = true;
		if (this.clientTold) return;
		this.clientTold = true;
		this.down.cut();
		this.client.do(() => this.parts.events.closed(ending));
		this.leave();
	}

	protected tellServer(): void {
		if (this.serverTold) return;
		this.serverTold = true;
		this.up.cut();
		if (this.isOpen) this.parts.host.machine.do(() => this.guarded(() => this.serverLost()));
		this.leave();
	}

	/** Has the server a session for it? Before that only the keep-alive of TCP would notice its end, minutes later. */
	protected get isSession(): boolean {
		return this.isOpen;
	}

	/** The server's code has done with it. */
	protected serverLeft(): void {
		this.serverDone = true;
	}

	/** Runs the server's code; what it throws is its bug. */
	protected guarded(task: () => void): void {
		try {
			task();
		} catch (cause) {
			this.parts.host.fault(cause);
			this.cut(false);
		}
	}

	/** One way later, in that process. */
	protected later(machine: Machine, task: () => void): void {
		const { world } = machine;
		world.at(world.nowMs + this.parts.route.latencyMs, task, machine);
	}

	private leave(): void {
		if (this.clientTold && this.serverTold) this.parts.left(this);
	}
}

class WebSocketWire extends AnyWire<Uint8Array | string> {
	private link: WsLink | undefined;
	private held = false;

	constructor(parts: WireParts) {
		super(parts, (body) => body.length + 8);
	}

	open(): void {
		const { host, codec, events } = this.parts;
		this.isOpen = true;
		this.guarded(() => {
			const left = (): void => this.serverLeft();
			this.link = new WsLink(this.socket(), wsKind(host.parts, TCP_SETTINGS, codec, left), "192.0.2.1");
		});
		this.later(this.client, () => events.opened());
	}

	send(body: Uint8Array | string): void {
		this.up.put(body);
	}

	close(): void {
		this.clientDone = true;
		this.up.finish(() => {
			this.tellServer();
			this.down.finish(() => this.tellClient({}));
		});
	}

	protected toServer(body: Uint8Array | string): void {
		this.link?.onMessage(body);
	}

	protected toClient(body: Uint8Array | string): void {
		this.parts.events.frame(body);
	}

	protected serverLost(): void {
		this.link?.onClose();
	}

	protected serverMayWrite(): void {
		if (!this.held || this.buffered() > 0) return;
		this.held = false;
		this.parts.host.machine.do(() => this.guarded(() => this.link?.onDrain()));
	}

	private buffered(): number {
		return Math.max(0, this.down.bytes - this.parts.route.capacityBytes);
	}

	/** What the server's code uses of a WebSocket. */
	private socket(): ServerWebSocket<WsData> {
		const wire = this;
		return {
			send(body: Uint8Array | string): number {
				wire.down.put(body);
				wire.held ||= wire.buffered() > 0;
				return 1;
			},
			cork<T>(task: () => T): T {
				return task();
			},
			getBufferedAmount: () => wire.buffered(),
			close(code: number, reason: string) {
				wire.down.finish(() => wire.tellClient({ code, reason, cause: new TransportError(reason) }));
			},
			terminate: () => wire.cut(false),
			pause: () => wire.up.pause(true),
			resume: () => wire.up.pause(false),
		} as unknown as ServerWebSocket<WsData>;
	}
}

class TcpWire extends AnyWire<Bytes> {
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
			const kind = { clock: host.machine, settings: TCP_SETTINGS, left: () => this.serverLeft() };
			const connection = new TcpConnection(this.socket(), "192.0.2.1", kind);
			this.connection = connection;
			connection.receiver = new Recogniser(host.parts, connection);
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
			if (event.kind === "frame") this.parts.events.frame(event.body);
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

export function createWire(kind: "ws" | "tcp", parts: WireParts): Wire {
	return kind === "ws" ? new WebSocketWire(parts) : new TcpWire(parts);
}

const UTF8 = new TextEncoder();
/** Of `VERBATIM/1 ok`. */
const PREFACE_FIRST = 0x56;
