// A TCP client for raw bytes: writes exactly the given pieces and waits for expected lines.
import { connect, type Socket } from "node:net";
import { Waiting } from "./waiting.ts";

const LF = 0x0a;

export class RawPeer {
	private readonly socket: Socket;
	private readonly waiting = new Waiting();
	private received = Buffer.alloc(0);
	/** Bytes that were taken. */
	private at = 0;
	private endedNow = false;
	private goneNow = false;
	/** Called on data and at the end. */
	onChange: () => void = () => {};

	private constructor(socket: Socket) {
		this.socket = socket;
		socket.on("data", (chunk: Buffer) => {
			this.received = Buffer.concat([this.received, chunk]);
			this.changed();
		});
		socket.on("end", () => {
			this.endedNow = true;
			this.changed();
		});
		socket.on("close", () => {
			this.endedNow = true;
			this.goneNow = true;
			this.changed();
		});
		// A reset counts as closed.
		socket.on("error", () => {});
	}

	/** Rejects if the connection is refused. */
	static open(port: number): Promise<RawPeer> {
		const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
		const peer = new RawPeer(socket);
		return new Promise((resolve, reject) => {
			socket.once("connect", () => resolve(peer));
			socket.once("error", reject);
		});
	}

	/** True after a FIN of the server, or once the connection is closed. */
	get ended(): boolean {
		return this.endedNow;
	}

	/** True once the connection is closed in both directions. */
	get gone(): boolean {
		return this.goneNow;
	}

	/** Everything received so far. */
	get text(): string {
		return this.received.toString("utf8");
	}

	get receivedBytes(): number {
		return this.received.length;
	}

	write(bytes: string | Uint8Array): void {
		this.socket.write(bytes);
	}

	/** Writes; resolves when the kernel has taken the bytes or the connection is closed. */
	written(bytes: Uint8Array): Promise<void> {
		return new Promise((resolve) => {
			if (this.goneNow) return resolve();
			this.socket.once("close", resolve);
			this.socket.write(bytes, () => {
				this.socket.off("close", resolve);
				resolve();
			});
		});
	}

	/** Half-closes (FIN) and continues to read. */
	finish(): void {
		this.socket.end();
	}

	/** Reads nothing more, or goes on reading. */
	pause(paused: boolean): void {
		if (paused) this.socket.pause();
		else this.socket.resume();
	}

	close(): void {
		this.socket.destroy();
	}

	/** Takes everything that was not taken yet. */
	takeAll(): Buffer {
		const from = this.at;
		this.at = this.received.length;
		return this.received.subarray(from);
	}

	/** Waits for a line for which `fits` holds, and takes everything up to its end. Rejects if the connection ends before. */
	async line(fits: string | RegExp | ((line: string) => boolean)): Promise<string> {
		const holds =
			typeof fits === "function" ? fits : (line: string) => (typeof fits === "string" ? line === fits : fits.test(line));
		let found = "";
		await this.waiting.until(
			() => {
				for (let end = this.received.indexOf(LF, this.at); end >= 0; end = this.received.indexOf(LF, this.at)) {
					const line = this.received.subarray(this.at, end).toString("utf8");
					this.at = end + 1;
					if (holds(line)) {
						found = line;
						return true;
					}
				}
				if (this.endedNow) throw new Error(`the connection ended before a line ${fits}; received: ${JSON.stringify(this.text)}`);
				return false;
			},
			() => `a line ${fits}; received: ${JSON.stringify(this.text.slice(-2_000))}`,
		);
		return found;
	}

	/** Waits for the other side's end and gives everything received, as text. */
	async toEnd(): Promise<string> {
		await this.waiting.until(
			() => this.endedNow,
			() => `the end; received: ${JSON.stringify(this.text.slice(-2_000))}`,
		);
		return this.text;
	}

	private changed(): void {
		this.waiting.wake();
		this.onChange();
	}
}
