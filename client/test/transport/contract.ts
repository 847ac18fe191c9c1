// What every transport promises, as one suite: run on each of them.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { CodecName } from "@verbatim/protocol";
import { type Connection, type ConnectionEvents, type Ending, type Transport, TransportError } from "../../src/mod.ts";

/** The server's end of one connection under test. */
export interface TestPeer {
	/** Resolves with the next frame that the client has sent. */
	next(): Promise<Uint8Array | string>;
	send(body: Uint8Array | string): void;
	close(): void;
	/** Resolves when the peer sees the end. */
	readonly ended: Promise<void>;
}

export interface TransportBench {
	readonly transport: Transport;
	readonly endpoint: URL;
	/** Where nobody listens. */
	readonly nowhere: URL;
	/** Resolves with the next connection that the server sees. */
	accept(): Promise<TestPeer>;
	stop(): Promise<void>;
}

/** Writes down what a connection tells. */
export class Recorder implements ConnectionEvents {
	readonly log: string[] = [];
	readonly frames: Array<Uint8Array | string> = [];
	ending: Ending | undefined;
	private waiting: Array<{ readonly until: () => boolean; readonly resolve: () => void }> = [];

	opened(): void {
		this.note("opened");
	}
	frame(body: Uint8Array | string): void {
		this.frames.push(typeof body === "string" ? body : body.slice());
		this.note("frame");
	}
	damaged(): void {
		this.note("damaged");
	}
	closed(ending: Ending): void {
		this.ending = ending;
		this.note("closed");
	}

	/** Resolves once the log holds `count` of `what`. */
	until(what: string, count = 1): Promise<void> {
		return new Promise((resolve) => {
			this.waiting.push({ until: () => this.log.filter((entry) => entry === what).length >= count, resolve });
			this.look();
		});
	}

	private note(what: string): void {
		this.log.push(what);
		this.look();
	}

	private look(): void {
		this.waiting = this.waiting.filter(({ until, resolve }) => {
			if (!until()) return true;
			resolve();
			return false;
		});
	}
}

/** Frames from one side to the other, in order, to be awaited. */
export class Inbox<T> {
	private readonly values: T[] = [];
	private readonly takers: Array<(value: T) => void> = [];

	put(value: T): void {
		const taker = this.takers.shift();
		if (taker !== undefined) taker(value);
		else this.values.push(value);
	}

	next(): Promise<T> {
		const value = this.values.shift();
		if (value !== undefined) return Promise.resolve(value);
		return new Promise((resolve) => this.takers.push(resolve));
	}
}

const BYTES = new Uint8Array([0, 1, 2, 253, 254, 255]);

export function transportContract(name: string, start: () => Promise<TransportBench>): void {
	describe(`${name} keeps the contract of a transport:`, () => {
		let bench: TransportBench;
		beforeEach(async () => {
			bench = await start();
		});
		afterEach(() => bench.stop());

		async function connected(codec: CodecName = "proto"): Promise<{ connection: Connection; told: Recorder; peer: TestPeer }> {
			const told = new Recorder();
			const accepted = bench.accept();
			const connection = bench.transport.open(bench.endpoint, codec, told);
			expect(told.log).toEqual([]);
			await told.until("opened");
			return { connection, told, peer: await accepted };
		}

		test("frames go both ways, whole, in order, of any size", async () => {
			const { connection, told, peer } = await connected();
			const sizes = [1, 10, 70_000, 3, 200_000, 1];
			for (const size of sizes) connection.send(new Uint8Array(size).fill(size % 251));
			for (const size of sizes) expect(await peer.next()).toEqual(new Uint8Array(size).fill(size % 251));
			for (const size of sizes) peer.send(new Uint8Array(size).fill(size % 251));
			await told.until("frame", sizes.length);
			expect(told.frames).toEqual(sizes.map((size) => new Uint8Array(size).fill(size % 251)));
			connection.abandon();
		});

		test("text goes both ways", async () => {
			const { connection, told, peer } = await connected("json");
			connection.send("hällo ☕");
			expect(asText(await peer.next())).toBe("hällo ☕");
			peer.send("zurück");
			await told.until("frame");
			expect(asText(told.frames[0] ?? "")).toBe("zurück");
			connection.abandon();
		});

		test("a thousand frames at once arrive as a thousand", async () => {
			const { connection, told, peer } = await connected();
			for (let i = 0; i < 1_000; i++) {
				connection.send(Uint8Array.of(i & 255, i >> 8));
				peer.send(Uint8Array.of(i & 255, i >> 8));
			}
			for (let i = 0; i < 1_000; i++) expect(await peer.next()).toEqual(Uint8Array.of(i & 255, i >> 8));
			await told.until("frame", 1_000);
			expect(told.frames[999]).toEqual(Uint8Array.of(999 & 255, 999 >> 8));
			connection.abandon();
		});

		test("sending before it is open, and after its end, does nothing", async () => {
			const told = new Recorder();
			const accepted = bench.accept();
			const connection = bench.transport.open(bench.endpoint, "proto", told);
			connection.send(BYTES);
			await told.until("opened");
			const peer = await accepted;
			connection.send(Uint8Array.of(7));
			expect(await peer.next()).toEqual(Uint8Array.of(7));
			connection.abandon();
			await told.until("closed");
			connection.send(BYTES);
			expect(connection.bufferedBytes()).toBeGreaterThanOrEqual(0);
		});

		test("close lets out what was sent, and is told once", async () => {
			const { connection, told, peer } = await connected();
			connection.send(BYTES);
			connection.close();
			expect(await peer.next()).toEqual(BYTES);
			await peer.ended;
			await told.until("closed");
			connection.close();
			connection.abandon();
			await settled();
			expect(told.log).toEqual(["opened", "closed"]);
		});

		test("abandon is told soon and once, without the peer's help, and nothing follows it", async () => {
			const { connection, told, peer } = await connected();
			connection.abandon();
			peer.send(BYTES);
			await told.until("closed");
			await peer.ended;
			await settled();
			expect(told.log).toEqual(["opened", "closed"]);
		});

		test("an attempt can be abandoned before it is open", async () => {
			const told = new Recorder();
			bench.transport.open(bench.endpoint, "proto", told).abandon();
			await told.until("closed");
			await settled();
			expect(told.log).toEqual(["closed"]);
		});

		test("the peer's end is told once", async () => {
			const { told, peer } = await connected();
			peer.close();
			await told.until("closed");
			await settled();
			expect(told.log).toEqual(["opened", "closed"]);
		});

		test("where nobody listens it ends with a TransportError, never opened", async () => {
			const told = new Recorder();
			bench.transport.open(bench.nowhere, "proto", told);
			await told.until("closed");
			expect(told.log).toEqual(["closed"]);
			expect(told.ending?.cause).toBeInstanceOf(TransportError);
		});
	});
}

function asText(body: Uint8Array | string): string {
	return typeof body === "string" ? body : new TextDecoder().decode(body);
}

/** A few turns of the event loop: what should not come would have come. */
async function settled(): Promise<void> {
	for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
