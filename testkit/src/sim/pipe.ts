// One direction of a connection: chunks arrive in order, later, unless a fault is active. Counts the bytes in it, for backpressure.
import type { Chance } from "./chance.ts";
import type { Machine } from "./machine.ts";
import type { Scheduler, Timer } from "./scheduler.ts";

/** The network between a client and the server. */
export interface Route {
	/** One way, ms: the least, and what comes on top by chance. */
	readonly latencyMs: number;
	readonly jitterMs: number;
	/** Bytes on their way at once, kernel buffers included. */
	readonly capacityBytes: number;
	/** Chunks of bytes are cut in pieces and put together. */
	readonly slices: boolean;
	/** The chance that a chunk arrives with a bit flipped. */
	corrupt: number;
	/** Nothing passes until then, but nothing is lost. */
	stalledUntilMs: number;
	/** Connections that are opened hear nothing until then. */
	deadUntilMs: number;
}

export interface PipePort<T> {
	readonly scheduler: Scheduler;
	readonly chance: Chance;
	readonly route: Route;
	/** Who gets it. */
	readonly receiver: Machine;
	size(chunk: T): number;
	deliver(chunk: T): void;
	/** Something was taken: the sender may go on. */
	drained(): void;
}

interface Item<T> {
	chunk: T | undefined;
	readonly atMs: number;
	/** Instead of a chunk: the last that comes out. */
	readonly end?: () => void;
}

export class Pipe<T> {
	bytes = 0;
	private readonly port: PipePort<T>;
	private items: Item<T>[] = [];
	private lastMs = 0;
	/** When the next comes out. */
	private planned: Timer | undefined;
	private paused = false;
	private stalledUntilMs = 0;
	private black = false;
	private ended = false;

	constructor(port: PipePort<T>) {
		this.port = port;
	}

	put(chunk: T): void {
		if (this.ended) return;
		this.bytes += this.port.size(chunk);
		if (this.black) return;
		this.items.push({ chunk, atMs: this.arrival() });
		this.plan();
	}

	/** After what is in it, `end` comes out, and nothing more. */
	finish(end: () => void): void {
		if (this.ended) return;
		this.ended = true;
		if (this.black) return;
		this.items.push({ chunk: undefined, atMs: this.arrival(), end });
		this.plan();
	}

	/** What is in it is lost, and nothing more comes out. */
	cut(): void {
		this.ended = true;
		this.items = [];
	}

	/** What is put in from now on is lost without a word. What is in it is lost as well. */
	blacken(): void {
		this.black = true;
		this.items = [];
	}

	/** The receiver does not read for a while. */
	stall(untilMs: number): void {
		this.stalledUntilMs = Math.max(this.stalledUntilMs, untilMs);
	}

	/** No stall lasts beyond the healing. */
	unstall(): void {
		this.stalledUntilMs = 0;
		if (this.planned !== undefined) this.planned.task = undefined;
		this.planned = undefined;
		this.plan();
	}

	/** The receiver does not read until it says so. */
	pause(paused: boolean): void {
		this.paused = paused;
		if (!paused) this.plan();
	}

	private arrival(): number {
		const { scheduler, chance, route } = this.port;
		const wayMs = route.latencyMs + (route.jitterMs > 0 ? route.jitterMs * chance.float() : 0);
		this.lastMs = Math.max(this.lastMs, scheduler.nowMs + wayMs);
		return this.lastMs;
	}

	private plan(): void {
		const first = this.items[0];
		if (this.planned !== undefined || this.paused || first === undefined) return;
		const { scheduler, route, receiver } = this.port;
		// With a dead receiver this stays planned for ever; then nobody is left to be told either.
		this.planned = scheduler.at(Math.max(first.atMs, this.stalledUntilMs, route.stalledUntilMs), this.fire, receiver);
	}

	private readonly fire = (): void => {
		this.planned = undefined;
		const { scheduler, route } = this.port;
		const first = this.items[0];
		if (first === undefined || this.paused) return;
		if (Math.max(first.atMs, this.stalledUntilMs, route.stalledUntilMs) > scheduler.nowMs) {
			this.plan();
			return;
		}
		this.items.shift();
		if (first.end !== undefined) first.end();
		else if (first.chunk !== undefined) {
			this.bytes -= this.port.size(first.chunk);
			this.port.deliver(first.chunk);
			this.port.drained();
		}
		this.plan();
	};
}
