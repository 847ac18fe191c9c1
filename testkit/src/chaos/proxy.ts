// The bad line between a client and the server: passes bytes both ways, and on demand cuts, stalls, slows, slices, damages, forgets one of
// its ends, or loses exactly the answer to what it has just passed up. Every connection through it is a `Passage`; what is asked of
// the proxy happens to all that are open, and slicing and delay to those that come.
//
// It copies through backpressure, not around it: a stalled direction is not read, so that the kernel's buffers fill as they would
// on a real line.
import { connect, createServer, type Server, type Socket } from "node:net";

/** Told from the client's side. */
export type Direction = "up" | "down";
/** An end that the line has forgotten: the other one is not told, and what it says goes nowhere. */
export type End = "client" | "server";

export interface Manner {
	/** Each chunk waits this long. */
	delayMs: number;
	/** Bytes go in pieces of one to seven. */
	sliced: boolean;
	/** Now and then a bit arrives as its opposite. */
	flipped: boolean;
}

/** Pieces of a chunk that is sliced; the rest of it follows whole, or a long page would take minutes. */
const SLICES_MAX = 200;
const SLICE_BYTES_MAX = 7;
/** One of so many chunks has a wrong bit. */
const FLIPPED_EVERY = 3;
/** The answer to what has gone up is on its way down within this time, mostly. */
const AMBUSH_MS = 15;

export class FaultProxy {
	readonly port: number;
	private readonly listener: Server;
	private readonly passages = new Set<Passage>();
	private readonly manner: Manner = { delayMs: 0, sliced: false, flipped: false };

	private constructor(listener: Server, targetPort: number) {
		this.listener = listener;
		const address = listener.address();
		this.port = typeof address === "object" && address !== null ? address.port : 0;
		listener.on("connection", (client) => {
			const passage = new Passage(client, targetPort, this.manner, () => this.passages.delete(passage));
			this.passages.add(passage);
		});
	}

	/** Listens on a free port of this machine for whoever wants to reach `targetPort`. */
	static async open(targetPort: number): Promise<FaultProxy> {
		const listener = createServer({ allowHalfOpen: true, noDelay: true });
		await new Promise<void>((resolve, reject) => {
			listener.once("error", reject);
			listener.listen(0, "127.0.0.1", resolve);
		});
		return new FaultProxy(listener, targetPort);
	}

	/** Ends all connections, with a reset or with the end of both streams. */
	cut(how: "rst" | "fin"): void {
		for (const passage of [...this.passages]) passage.cut(how);
	}

	/** The end named goes away with a reset; the other one hears nothing of it until `heal`. */
	forget(end: End): void {
		for (const passage of [...this.passages]) passage.forget(end);
	}

	/** Passes nothing in these directions, or goes on. */
	stall(directions: readonly Direction[], stalled: boolean): void {
		for (const passage of this.passages) for (const direction of directions) passage.stall(direction, stalled);
	}

	/** How bytes travel from now on. */
	behave(manner: Partial<Manner>): void {
		Object.assign(this.manner, manner);
	}

	/** The next thing said goes up; when its answer comes, everything that was to go down with it is lost and the connection reset. */
	dropReply(): void {
		for (const passage of this.passages) passage.ambush();
	}

	/** An ordinary line again. Ends that were kept in the dark are let go. */
	heal(): void {
		this.behave({ delayMs: 0, sliced: false, flipped: false });
		this.stall(["up", "down"], false);
		for (const passage of [...this.passages]) passage.letGo();
	}

	close(): void {
		this.cut("rst");
		this.listener.close();
	}
}

class Passage {
	private readonly client: Socket;
	private readonly server: Socket;
	private readonly manner: Readonly<Manner>;
	private readonly stalled = { up: false, down: false };
	private ambushed: "no" | "set" | "passed" | "sprung" = "no";
	private dark = false;
	/** Counted while bits are flipped. */
	private chunks = 0;
	private resume: (() => void)[] = [];

	constructor(client: Socket, targetPort: number, manner: Readonly<Manner>, onEnd: () => void) {
		this.client = client;
		this.manner = manner;
		this.server = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
		let open = 2;
		for (const socket of [this.client, this.server]) {
			socket.on("close", () => {
				if (--open === 0) onEnd();
				if (!this.dark) this.cut("rst");
				this.wake();
			});
			// A reset is one of the ways to end; `close` follows.
			socket.on("error", () => {});
		}
		void this.carry("up", this.client, this.server);
		void this.carry("down", this.server, this.client);
	}

	cut(how: "rst" | "fin"): void {
		for (const socket of [this.client, this.server]) {
			if (how === "rst") socket.resetAndDestroy();
			else socket.destroySoon();
		}
		this.wake();
	}

	forget(end: End): void {
		this.dark = true;
		(end === "client" ? this.client : this.server).resetAndDestroy();
		this.wake();
	}

	stall(direction: Direction, stalled: boolean): void {
		this.stalled[direction] = stalled;
		if (!stalled) this.wake();
	}

	ambush(): void {
		if (this.ambushed === "no") this.ambushed = "set";
	}

	letGo(): void {
		this.ambushed = "no";
		if (this.dark) this.cut("rst");
		this.wake();
	}

	private async carry(direction: Direction, from: Socket, to: Socket): Promise<void> {
		try {
			// The end of one direction is not the end of the other.
			const chunks: AsyncIterable<Buffer> = from.iterator({ destroyOnReturn: false });
			for await (const chunk of chunks) {
				if (this.manner.delayMs > 0) await Bun.sleep(this.manner.delayMs);
				while (this.stalled[direction] && !to.destroyed) await this.change();
				if (direction === "down" && (this.ambushed === "passed" || this.ambushed === "sprung")) return await this.spring();
				// Into the dark.
				if (to.destroyed) continue;
				if (this.manner.flipped) this.flip(chunk);
				for (const piece of this.pieces(chunk)) await pass(piece, to);
				if (direction === "up" && this.ambushed === "set") this.ambushed = "passed";
			}
			if (!this.dark) to.end();
		} catch {
			// The connection is over; `close` tells whom it concerns.
		}
	}

	/** What has come down is held until more than the first of it must be there, and then lost. */
	private async spring(): Promise<void> {
		this.ambushed = "sprung";
		await Bun.sleep(AMBUSH_MS);
		this.cut("rst");
	}

	private flip(chunk: Buffer): void {
		if (++this.chunks % FLIPPED_EVERY !== 0) return;
		// Anywhere: a large prime wanders through all places.
		const bit = (this.chunks * 7_919) % (chunk.length * 8);
		const at = bit >> 3;
		chunk[at] = (chunk[at] ?? 0) ^ (1 << (bit & 7));
	}

	private *pieces(chunk: Buffer): Generator<Buffer> {
		let at = 0;
		for (let count = 0; this.manner.sliced && count < SLICES_MAX && at < chunk.length; count++) {
			const end = at + 1 + (count % SLICE_BYTES_MAX);
			yield chunk.subarray(at, end);
			at = end;
		}
		if (at < chunk.length) yield chunk.subarray(at);
	}

	private wake(): void {
		for (const resume of this.resume.splice(0)) resume();
	}

	private change(): Promise<void> {
		return new Promise((resolve) => this.resume.push(resolve));
	}
}

/** Resolves when the kernel has taken the piece, so that each is a packet of its own and nothing is heaped up here. */
function pass(piece: Buffer, to: Socket): Promise<void> {
	return new Promise((resolve) => to.write(piece, () => resolve()));
}
