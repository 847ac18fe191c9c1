// Thousands of connections in one loop: wait for what is readable, read it into one buffer, cut it into frames, count. Nothing is
// allocated per delivery. The loop is a plain call, `turn`: whoever makes the load says when.
import { ptr } from "bun:ffi";
import { Connection, type Crowd, type Wire } from "./connection.ts";
import { Poll, receive } from "./libc.ts";
import { Seen } from "./seen.ts";

/** Read at once: more than a frame down can have (1 MiB), so that every frame fits whole beside what was left of it. */
const READ_BYTES = 4 * 1024 * 1024;
/** Connections from one loopback address: well below its ephemeral ports. */
const PER_ADDRESS = 10_000;

export class Swarm {
	private readonly poll = new Poll();
	private readonly byFd: (Connection | undefined)[] = [];
	private readonly buffer = Buffer.alloc(READ_BYTES);
	private readonly bufferAt = ptr(this.buffer);
	private readonly seen = new Seen();
	private readonly waiting = new Set<Connection>();
	private opened = 0;
	private isClosed = false;

	/** Opens a connection and watches it. `receiveBytes` bounds the kernel's buffer on this side. */
	connect(port: number, wire: Wire, crowd: Crowd, receiveBytes?: number): Connection {
		const from = `127.0.0.${2 + (Math.floor(this.opened++ / PER_ADDRESS) % 250)}`;
		const connection = new Connection({
			from,
			port,
			wire,
			crowd,
			seen: this.seen,
			receiveBytes,
			onWaiting: (late) => this.waiting.add(late),
		});
		this.byFd[connection.fd] = connection;
		this.poll.add(connection.fd);
		return connection;
	}

	/** Reads all that is there, waiting up to so many milliseconds for it. Gives the number of connections that had something. */
	turn(timeoutMs: number): number {
		for (const connection of this.waiting) if (connection.flush()) this.waiting.delete(connection);
		const ready = this.poll.wait(this.waiting.size > 0 ? Math.min(1, timeoutMs) : timeoutMs);
		for (let i = 0; i < ready; i++) {
			const connection = this.byFd[this.poll.ready(i)];
			if (connection !== undefined) this.read(connection);
		}
		return ready;
	}

	/** Turns until `done`, or until the time is up; gives whether it was done. Lets the process's other work run now and then. */
	async until(done: () => boolean, timeoutMs: number): Promise<boolean> {
		const deadlineMs = performance.now() + timeoutMs;
		for (let turns = 1; !done(); turns++) {
			if (performance.now() > deadlineMs) return false;
			if (this.turn(1) === 0 || turns % 64 === 0) await breathe();
		}
		return true;
	}

	/** Turns until a promise is settled, whose settling needs what the turns read. Rejects where it takes too long. */
	async during<T>(promise: Promise<T>, what: string, timeoutMs = 60_000): Promise<T> {
		let isSettled = false;
		const settle = (): void => {
			isSettled = true;
		};
		promise.then(settle, settle);
		if (!(await this.until(() => isSettled, timeoutMs))) throw new Error(`${what} took more than ${timeoutMs} ms`);
		return promise;
	}

	/** Goes on for so long, whatever comes. */
	async run(forMs: number): Promise<void> {
		await this.until(() => false, forMs);
	}

	/** Stops reading a connection without ending it. */
	pause(connection: Connection): void {
		if (connection.isOpen) this.poll.remove(connection.fd);
	}

	resume(connection: Connection): void {
		if (connection.isOpen) this.poll.add(connection.fd);
	}

	/** Ends a connection from here. `reset`: as if its network had gone. */
	end(connection: Connection, reset = true): void {
		this.byFd[connection.fd] = undefined;
		this.waiting.delete(connection);
		connection.end(reset);
	}

	/** Ends all connections. Again: nothing, for its number may be somebody else's file by then. */
	close(): void {
		if (this.isClosed) return;
		this.isClosed = true;
		for (const connection of this.byFd) if (connection !== undefined) this.end(connection);
		this.poll.close();
	}

	private read(connection: Connection): void {
		const { rest } = connection;
		const had = rest?.length ?? 0;
		if (rest !== undefined) rest.copy(this.buffer);
		const got = receive(connection.fd, (this.bufferAt + had) as typeof this.bufferAt, READ_BYTES - had);
		if (got < 0) return;
		if (got === 0) {
			connection.crowd.lost++;
			this.end(connection);
			connection.onLost?.();
			return;
		}
		connection.rest = undefined;
		const to = had + got;
		const at = this.cut(connection, to);
		if (at < to && connection.isOpen) connection.rest = Buffer.from(this.buffer.subarray(at, to));
	}

	/** Takes the whole frames of the buffer; gives where they end. */
	private cut(connection: Connection, to: number): number {
		const nowMs = connection.samples === undefined ? 0 : performance.now();
		const { buffer, seen } = this;
		let at = 0;
		while (at < to && connection.isOpen) {
			const { wire } = connection;
			const end = wire.framing.end(buffer, at, to);
			if (end < 0) break;
			let place = seen.find(buffer, at, end, connection.place);
			if (place < 0) {
				const frame = buffer.subarray(at, end);
				const payload = wire.framing.payload(frame);
				const delivery = wire.read(payload);
				if (delivery === undefined) connection.onOther?.(payload, connection);
				else place = seen.keep(frame, delivery);
			}
			if (place >= 0) {
				const delivery = seen.at(place);
				connection.place = place;
				if (delivery !== undefined) connection.take(delivery, end - at, nowMs);
			}
			at = end;
		}
		return at;
	}
}

/** Promises, timers and other processes' output get their turn. */
function breathe(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}
