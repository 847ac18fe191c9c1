// A raw TCP (or TLS, or Unix) peer: sends the test's exact bytes, and waits for expected ones.
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";

export class RawSocket {
	readonly socket: Socket;
	/** The first `size` bytes of `buffer` were received. */
	private buffer: Buffer = Buffer.alloc(64 * 1024);
	private size = 0;
	private waiting: Array<() => void> = [];
	private read = 0;
	/** The peer has closed its direction. */
	ended = false;
	closed = false;

	private constructor(socket: Socket) {
		this.socket = socket;
		socket.on("data", (chunk: Buffer) => {
			this.append(chunk);
			this.wake();
		});
		socket.on("end", () => {
			this.ended = true;
			this.wake();
		});
		socket.on("close", () => {
			this.ended = true;
			this.closed = true;
			this.wake();
		});
		// A reset counts as closed.
		socket.on("error", () => {});
	}

	static open(to: number | string): Promise<RawSocket> {
		const options: NetConnectOpts =
			typeof to === "number" ? { port: to, host: "127.0.0.1", allowHalfOpen: true } : { path: to, allowHalfOpen: true };
		const socket = connect(options);
		const raw = new RawSocket(socket);
		return new Promise((resolve, reject) => {
			socket.once("connect", () => resolve(raw));
			socket.once("error", reject);
		});
	}

	/** A trusted self-signed certificate. */
	static openTls(port: number, ca: string): Promise<RawSocket> {
		const options: ConnectionOptions & { allowHalfOpen: boolean } = {
			port,
			host: "127.0.0.1",
			servername: "localhost",
			ca,
			allowHalfOpen: true,
		};
		const socket = connectTls(options);
		const raw = new RawSocket(socket);
		return new Promise((resolve, reject) => {
			socket.once("secureConnect", () => resolve(raw));
			socket.once("error", reject);
		});
	}

	write(data: string | Uint8Array): void {
		this.socket.write(data);
	}

	/** Closes our direction, and still receives. */
	finish(): void {
		this.socket.end();
	}

	close(): void {
		this.socket.destroy();
	}

	/** Everything received so far, as text. */
	text(): string {
		return this.received.toString("utf8");
	}

	bytes(): Buffer {
		return this.received;
	}

	/** Waits for the next `count` bytes, and takes them. */
	async take(count: number): Promise<Buffer> {
		await this.until(() => this.received.length >= this.read + count, `${count} bytes`);
		this.read += count;
		return this.received.subarray(this.read - count, this.read);
	}

	/** Waits for the next line that contains `part`; takes everything up to its end. */
	async line(part: string | RegExp): Promise<string> {
		let found = "";
		let at = this.read;
		await this.until(() => {
			const { received } = this;
			for (let end = received.indexOf(10, at); end >= 0; end = received.indexOf(10, at)) {
				const line = received.subarray(at, end).toString("utf8");
				at = end + 1;
				if (typeof part === "string" ? line.includes(part) : part.test(line)) {
					found = line;
					this.read = at;
					return true;
				}
			}
			return false;
		}, `a line with ${part}`);
		return found;
	}

	/** Waits for the peer's close and returns everything received. */
	async toEnd(): Promise<string> {
		await this.until(() => this.ended, "the end");
		return this.text();
	}

	private async until(holds: () => boolean, what: string): Promise<void> {
		const lateAt = performance.now() + 20_000;
		while (!holds()) {
			if (this.ended) throw new Error(`the connection ended before ${what}; received: ${JSON.stringify(this.text())}`);
			if (performance.now() > lateAt) throw new Error(`no ${what} in time; received: ${JSON.stringify(this.text())}`);
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, 1_000);
				this.waiting.push(() => {
					clearTimeout(timer);
					resolve();
				});
			});
		}
	}

	private get received(): Buffer {
		return this.buffer.subarray(0, this.size);
	}

	/** Doubles the buffer when it is full, so that each byte is copied about once. */
	private append(chunk: Buffer): void {
		const size = this.size + chunk.length;
		if (size > this.buffer.length) {
			const larger = Buffer.alloc(Math.max(size, 2 * this.buffer.length));
			larger.set(this.received);
			this.buffer = larger;
		}
		this.buffer.set(chunk, this.size);
		this.size = size;
	}

	private wake(): void {
		for (const resume of this.waiting.splice(0)) resume();
	}
}
