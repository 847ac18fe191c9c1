// Thousands of connections in one epoll loop: wait for readable sockets, read into one buffer, split into frames, count. Nothing is
// allocated per delivery. One iteration is a plain call, `poll`.
import { ptr } from "bun:ffi";
import { FrameCache } from "./frame-cache.ts";
import { Epoll, receive } from "./libc.ts";
import { type DeliveryCounters, LoadConnection, type WireFormat } from "./load-connection.ts";

/** More than the largest frame down (1 MiB), so that every frame fits. */
const READ_BYTES = 4 * 1024 * 1024;
/** Connections per loopback address: fewer than its ephemeral ports. */
const PER_ADDRESS = 10_000;

export class EpollLoop {
	private readonly epoll = new Epoll();
	private readonly byFd: (LoadConnection | undefined)[] = [];
	private readonly buffer = Buffer.alloc(READ_BYTES);
	private readonly bufferPointer = ptr(this.buffer);
	private readonly frameCache = new FrameCache();
	private readonly waiting = new Set<LoadConnection>();
	private opened = 0;
	private isClosed = false;

	/** Opens a connection and watches it. `receiveBytes` bounds the kernel's buffer on this side. */
	connect(port: number, wireFormat: WireFormat, counters: DeliveryCounters, receiveBytes?: number): LoadConnection {
		const from = `127.0.0.${2 + (Math.floor(this.opened++ / PER_ADDRESS) % 250)}`;
		const connection = new LoadConnection({
			from,
			port,
			wireFormat,
			counters,
			frameCache: this.frameCache,
			receiveBytes,
			onWaiting: (late) => this.waiting.add(late),
		});
		this.byFd[connection.fd] = connection;
		this.epoll.add(connection.fd);
		return connection;
	}

	/** One iteration: reads all readable connections, after waiting up to `timeoutMs`. Returns their number. */
	poll(timeoutMs: number): number {
		for (const connection of this.waiting) if (connection.flush()) this.waiting.delete(connection);
		const ready = this.epoll.wait(this.waiting.size > 0 ? Math.min(1, timeoutMs) : timeoutMs);
		for (let i = 0; i < ready; i++) {
			const connection = this.byFd[this.epoll.ready(i)];
			if (connection !== undefined) this.read(connection);
		}
		return ready;
	}

	/** Polls until `done` or the timeout; returns whether it was done. Yields to the runtime's event loop now and then. */
	async until(done: () => boolean, timeoutMs: number): Promise<boolean> {
		const deadlineMs = performance.now() + timeoutMs;
		for (let polls = 1; !done(); polls++) {
			if (performance.now() > deadlineMs) return false;
			if (this.poll(1) === 0 || polls % 64 === 0) await yieldToEventLoop();
		}
		return true;
	}

	/** Polls until a promise is settled that depends on what is read. Rejects after the timeout. */
	async during<T>(promise: Promise<T>, what: string, timeoutMs = 60_000): Promise<T> {
		let isSettled = false;
		const settle = (): void => {
			isSettled = true;
		};
		promise.then(settle, settle);
		if (!(await this.until(() => isSettled, timeoutMs))) throw new Error(`${what} took more than ${timeoutMs} ms`);
		return promise;
	}

	/** Polls for this long. */
	async run(forMs: number): Promise<void> {
		await this.until(() => false, forMs);
	}

	/** Stops reading a connection without ending it. */
	pause(connection: LoadConnection): void {
		if (connection.isOpen) this.epoll.remove(connection.fd);
	}

	resume(connection: LoadConnection): void {
		if (connection.isOpen) this.epoll.add(connection.fd);
	}

	/** Closes a connection. `reset`: by RST, as if it was lost. */
	end(connection: LoadConnection, reset = true): void {
		this.byFd[connection.fd] = undefined;
		this.waiting.delete(connection);
		connection.end(reset);
	}

	/** Closes all connections. Idempotent: a second close could hit a reused file descriptor. */
	close(): void {
		if (this.isClosed) return;
		this.isClosed = true;
		for (const connection of this.byFd) if (connection !== undefined) this.end(connection);
		this.epoll.close();
	}

	private read(connection: LoadConnection): void {
		const { rest } = connection;
		const had = rest?.length ?? 0;
		if (rest !== undefined) rest.copy(this.buffer);
		const got = receive(connection.fd, (this.bufferPointer + had) as typeof this.bufferPointer, READ_BYTES - had);
		if (got < 0) return;
		if (got === 0) {
			connection.counters.lost++;
			this.end(connection);
			connection.onLost?.();
			return;
		}
		connection.rest = undefined;
		const to = had + got;
		const at = this.cut(connection, to);
		if (at < to && connection.isOpen) connection.rest = Buffer.from(this.buffer.subarray(at, to));
	}

	/** Processes the complete frames of the buffer; returns where they end. */
	private cut(connection: LoadConnection, to: number): number {
		const nowMs = connection.samples === undefined ? 0 : performance.now();
		const { buffer, frameCache } = this;
		let at = 0;
		while (at < to && connection.isOpen) {
			const { wireFormat } = connection;
			const end = wireFormat.framing.end(buffer, at, to);
			if (end < 0) break;
			let slot = frameCache.find(buffer, at, end, connection.slot);
			if (slot < 0) {
				const frame = buffer.subarray(at, end);
				const payload = wireFormat.framing.payload(frame);
				const delivery = wireFormat.read(payload);
				if (delivery === undefined) connection.onOther?.(payload, connection);
				else slot = frameCache.add(frame, delivery);
			}
			if (slot >= 0) {
				const delivery = frameCache.at(slot);
				connection.slot = slot;
				if (delivery !== undefined) connection.take(delivery, end - at, nowMs);
			}
			at = end;
		}
		return at;
	}
}

/** Lets promises, timers and other I/O of the runtime run. */
function yieldToEventLoop(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}
