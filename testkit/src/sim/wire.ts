// A connection between a client and the server: two pipes, and two ends that are each told once when it is over. Messages are carried by
// web-socket-wire.ts and tcp-wire.ts; the server's ends there are its own code.

import { type Connection, type ConnectionEvents, type Ending, TransportError } from "@verbatim/client";
import { type CodecName, jsonCodec, protoCodec } from "@verbatim/protocol";
import type { ListenerParts } from "@verbatim/server/parts";
import type { Chance } from "./chance.ts";
import type { Machine } from "./machine.ts";
import { Pipe, type Route } from "./pipe.ts";

/** The server's end of a wire. */
export interface Host {
	readonly machine: Machine;
	readonly parts: ListenerParts;
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
	/** The next entries that come down are lost on their way, and nobody is told. */
	loseEntries(): void;
	/** All that holds it up ends, except that what is black stays so. */
	heal(): void;
	/** One end takes it for alive though the other is gone, or nothing passes any more. */
	readonly deceives: boolean;
}

/** What both kinds share: two pipes, and two ends that are told once. */
export abstract class AnyWire<T> implements Wire {
	protected readonly parts: WireParts;
	protected readonly up: Pipe<T>;
	protected readonly down: Pipe<T>;
	protected isOpen = false;
	private isBlack = false;
	protected clientDone = false;
	private serverDone = false;
	private losesEntries = false;
	private clientTold = false;
	private serverTold = false;

	constructor(parts: WireParts, size: (chunk: T) => number) {
		this.parts = parts;
		const { client, host, route, chance } = parts;
		const shared = { scheduler: client.scheduler, route, chance, size };
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

	loseEntries(): void {
		this.losesEntries = true;
	}

	heal(): void {
		this.losesEntries = false;
		this.up.unstall();
		this.down.unstall();
	}

	/** A frame that has come down whole. */
	protected tellFrame(body: Uint8Array | string): void {
		const { codec, events } = this.parts;
		if (this.losesEntries && (codec === "json" ? jsonCodec : protoCodec).decodeDown(body).body.case === "entries") {
			this.losesEntries = false;
			return;
		}
		events.frame(body);
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
		const { scheduler } = machine;
		scheduler.at(scheduler.nowMs + this.parts.route.latencyMs, task, machine);
	}

	private leave(): void {
		if (this.clientTold && this.serverTold) this.parts.left(this);
	}
}
