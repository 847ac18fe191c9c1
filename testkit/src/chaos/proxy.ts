// A TCP proxy with fault injection: on demand it resets, stalls, delays, splits or corrupts the stream, leaves a connection half-open,
// or drops exactly the reply to the request that it has just forwarded. Faults apply to all open connections; splitting, delay and
// corruption to new ones as well.
//
// Backpressure passes through: a stalled direction is not read, so the kernel's buffers fill as on a real link.
import { connect, createServer, type Server, type Socket } from "node:net";

/** From the client's side. */
export type Direction = "up" | "down";
/** The end of a connection that `dropEnd` resets. */
export type End = "client" | "server";

export interface LinkConditions {
	/** Delay of each chunk. */
	delayMs: number;
	/** Chunks are split into pieces of one to seven bytes. */
	sliced: boolean;
	/** A bit of some chunks is flipped. */
	flipped: boolean;
}

/** Pieces per chunk; the rest follows whole, or a long page would take minutes. */
const SLICES_MAX = 200;
const SLICE_BYTES_MAX = 7;
/** Every n-th chunk has a flipped bit. */
const FLIPPED_EVERY = 3;
/** The rest of a reply follows its first bytes within this time, usually. */
const REPLY_WAIT_MS = 15;

export class FaultProxy {
	readonly port: number;
	private readonly listener: Server;
	private readonly connections = new Set<ProxiedConnection>();
	private readonly conditions: LinkConditions = { delayMs: 0, sliced: false, flipped: false };

	private constructor(listener: Server, targetPort: number) {
		this.listener = listener;
		const address = listener.address();
		this.port = typeof address === "object" && address !== null ? address.port : 0;
		listener.on("connection", (client) => {
			const connection = new ProxiedConnection(client, targetPort, this.conditions, () => this.connections.delete(connection));
			this.connections.add(connection);
		});
	}

	/** Listens on a free port and forwards to `targetPort`. */
	static async open(targetPort: number): Promise<FaultProxy> {
		const listener = createServer({ allowHalfOpen: true, noDelay: true });
		await new Promise<void>((resolve, reject) => {
			listener.once("error", reject);
			listener.listen(0, "127.0.0.1", resolve);
		});
		return new FaultProxy(listener, targetPort);
	}

	/** Ends all connections, by RST or by FIN in both directions. */
	cut(how: "rst" | "fin"): void {
		for (const connection of [...this.connections]) connection.cut(how);
	}

	/** Half-open connections: resets the end named; the other notices nothing, and its bytes are discarded, until `heal`. */
	dropEnd(end: End): void {
		for (const connection of [...this.connections]) connection.dropEnd(end);
	}

	/** Stops or resumes forwarding in these directions. */
	stall(directions: readonly Direction[], stalled: boolean): void {
		for (const connection of this.connections) for (const direction of directions) connection.stall(direction, stalled);
	}

	/** For open and new connections. */
	setConditions(conditions: Partial<LinkConditions>): void {
		Object.assign(this.conditions, conditions);
	}

	/** Forwards the next request; when its reply arrives, drops it and all after it and resets the connection. */
	dropReply(): void {
		for (const connection of this.connections) connection.armReplyDrop();
	}

	/** Lifts all faults and closes half-open connections. */
	heal(): void {
		this.setConditions({ delayMs: 0, sliced: false, flipped: false });
		this.stall(["up", "down"], false);
		for (const connection of [...this.connections]) connection.closeHalfOpen();
	}

	close(): void {
		this.cut("rst");
		this.listener.close();
	}
}

class ProxiedConnection {
	private readonly client: Socket;
	private readonly server: Socket;
	private readonly conditions: Readonly<LinkConditions>;
	private readonly stalled = { up: false, down: false };
	private replyDrop: "off" | "armed" | "request passed" | "dropping" = "off";
	private halfOpen = false;
	/** Counted while bits are flipped. */
	private chunks = 0;
	private resume: (() => void)[] = [];

	constructor(client: Socket, targetPort: number, conditions: Readonly<LinkConditions>, onEnd: () => void) {
		this.client = client;
		this.conditions = conditions;
		this.server = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
		let open = 2;
		for (const socket of [this.client, this.server]) {
			socket.on("close", () => {
				if (--open === 0) onEnd();
				if (!this.halfOpen) this.cut("rst");
				this.wake();
			});
			// A reset is one of the ways to end; `close` follows.
			socket.on("error", () => {});
		}
		void this.copy("up", this.client, this.server);
		void this.copy("down", this.server, this.client);
	}

	cut(how: "rst" | "fin"): void {
		for (const socket of [this.client, this.server]) {
			if (how === "rst") socket.resetAndDestroy();
			else socket.destroySoon();
		}
		this.wake();
	}

	dropEnd(end: End): void {
		this.halfOpen = true;
		(end === "client" ? this.client : this.server).resetAndDestroy();
		this.wake();
	}

	stall(direction: Direction, stalled: boolean): void {
		this.stalled[direction] = stalled;
		if (!stalled) this.wake();
	}

	armReplyDrop(): void {
		if (this.replyDrop === "off") this.replyDrop = "armed";
	}

	closeHalfOpen(): void {
		this.replyDrop = "off";
		if (this.halfOpen) this.cut("rst");
		this.wake();
	}

	private async copy(direction: Direction, from: Socket, to: Socket): Promise<void> {
		try {
			// Half-closed: the end of one direction is not the end of the other.
			const chunks: AsyncIterable<Buffer> = from.iterator({ destroyOnReturn: false });
			for await (const chunk of chunks) {
				if (this.conditions.delayMs > 0) await Bun.sleep(this.conditions.delayMs);
				while (this.stalled[direction] && !to.destroyed) await this.waitForChange();
				if (direction === "down" && (this.replyDrop === "request passed" || this.replyDrop === "dropping"))
					return await this.dropReply();
				// Half-open: discarded.
				if (to.destroyed) continue;
				if (this.conditions.flipped) this.flip(chunk);
				for (const piece of this.pieces(chunk)) await pass(piece, to);
				if (direction === "up" && this.replyDrop === "armed") this.replyDrop = "request passed";
			}
			if (!this.halfOpen) to.end();
		} catch {
			// The connection is over; its `close` events do the rest.
		}
	}

	/** Holds the reply until the rest of it has arrived too, then resets. */
	private async dropReply(): Promise<void> {
		this.replyDrop = "dropping";
		await Bun.sleep(REPLY_WAIT_MS);
		this.cut("rst");
	}

	private flip(chunk: Buffer): void {
		if (++this.chunks % FLIPPED_EVERY !== 0) return;
		// A large prime step covers all bit positions.
		const bit = (this.chunks * 7_919) % (chunk.length * 8);
		const at = bit >> 3;
		chunk[at] = (chunk[at] ?? 0) ^ (1 << (bit & 7));
	}

	private *pieces(chunk: Buffer): Generator<Buffer> {
		let at = 0;
		for (let count = 0; this.conditions.sliced && count < SLICES_MAX && at < chunk.length; count++) {
			const end = at + 1 + (count % SLICE_BYTES_MAX);
			yield chunk.subarray(at, end);
			at = end;
		}
		if (at < chunk.length) yield chunk.subarray(at);
	}

	private wake(): void {
		for (const resume of this.resume.splice(0)) resume();
	}

	private waitForChange(): Promise<void> {
		return new Promise((resolve) => this.resume.push(resolve));
	}
}

/** Resolves when the kernel has taken the piece: each is a packet of its own, and nothing queues here. */
function pass(piece: Buffer, to: Socket): Promise<void> {
	return new Promise((resolve) => to.write(piece, () => resolve()));
}
