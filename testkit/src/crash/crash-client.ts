// One client of the crash test: it says things as fast as they are acknowledged, reads every room from its first entry, and
// keeps both on record. It can die and come back from its files; the record is the test's and lives on.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Client, connect, type Delivery, fileOutbox, fileTokens, type Room } from "@verbatim/client/node";
import { wholeLog } from "../whole-log.ts";
import type { Acknowledged, FinalLog, Reading } from "./judge.ts";

export interface CrashClientOptions {
	readonly name: string;
	readonly endpoint: string;
	/** For its outbox and its identity. */
	readonly folder: string;
	readonly rooms: readonly string[];
}

/** Sends of one client on their way at once. */
const WINDOW = 4;
/** A server that has been killed is back within a second: what counts here is many rounds, not politeness. */
const TIMING = { reconnectMinMs: 20, reconnectMaxMs: 400 } as const;
const COME_BACK_MS = 20_000;

interface Record {
	readonly seqs: number[];
	readonly texts: (string | undefined)[];
}

export class CrashClient {
	readonly acknowledged: Acknowledged[] = [];
	private readonly options: CrashClientOptions;
	private readonly records = new Map<string, Record>();
	private readonly watched = new WeakSet<Delivery>();
	private client: Client | undefined;
	private reading = new AbortController();
	private rooms: Room[] = [];
	private talking = false;
	private underWay = 0;
	private said = 0;
	private onChange: (() => void) | undefined;
	/** What went wrong in a reading loop. */
	private trouble: unknown;

	constructor(options: CrashClientOptions) {
		this.options = options;
		for (const room of options.rooms) this.records.set(room, { seqs: [], texts: [] });
	}

	/** Connects, with what its files remember, and begins to read. */
	async begin(): Promise<void> {
		const { folder, endpoint, name, rooms } = this.options;
		await mkdir(folder, { recursive: true });
		const client = connect({
			endpoints: endpoint,
			credential: { guest: name },
			outbox: fileOutbox(join(folder, "outbox")),
			tokens: fileTokens(join(folder, "tokens.json")),
			timing: TIMING,
		});
		this.client = client;
		this.reading = new AbortController();
		await client.ready({ timeoutMs: COME_BACK_MS });
		for (const delivery of client.outbox) this.watch(delivery);
		this.rooms = [];
		for (const ref of rooms) {
			const room = await client.join(`#${ref}`, { create: true, timeoutMs: COME_BACK_MS });
			this.rooms.push(room);
			void this.read(ref, room);
		}
		if (this.talking) this.fill();
	}

	/** Goes without a word, files left as they are, and comes back. */
	async die(): Promise<void> {
		this.reading.abort();
		await this.client?.close();
		this.underWay = 0;
		const talking = this.talking;
		this.talking = false;
		this.pendingRevival = async () => {
			this.talking = talking;
			await this.begin();
		};
	}

	/** After the server is back: connected again, revived if it had died. */
	async comeBack(): Promise<void> {
		const revive = this.pendingRevival;
		this.pendingRevival = undefined;
		if (revive !== undefined) await revive();
		else await this.client?.ready({ timeoutMs: COME_BACK_MS });
		if (this.trouble !== undefined) throw this.trouble;
	}

	private pendingRevival: (() => Promise<void>) | undefined;

	talk(): void {
		if (this.talking) return;
		this.talking = true;
		this.fill();
	}

	hush(): void {
		this.talking = false;
	}

	/** Resolves when everything it said has been answered. */
	async settled(signal: AbortSignal): Promise<void> {
		await this.until(
			() => this.client?.outbox.length === 0,
			signal,
			() => `${this.options.name} still has ${this.client?.outbox.length} unanswered`,
		);
	}

	/** Resolves when it has read each log to its end. */
	async caughtUp(logs: readonly FinalLog[], signal: AbortSignal): Promise<void> {
		for (const log of logs) {
			const record = this.record(log.room);
			await this.until(
				() => (record.seqs.at(-1) ?? 0) >= log.seqs.length,
				signal,
				() => `${this.options.name} stands at ${record.seqs.at(-1)} of ${log.seqs.length} in ${log.room}`,
			);
		}
		if (this.trouble !== undefined) throw this.trouble;
	}

	readings(): Reading[] {
		return [...this.records].map(([room, record]) => ({ reader: this.options.name, room, ...record }));
	}

	/** The log as pages of history give it. */
	async wholeLog(ref: string): Promise<FinalLog> {
		const room = this.rooms[this.options.rooms.indexOf(ref)];
		if (room === undefined) throw new Error(`not in ${ref}`);
		return wholeLog(room, ref);
	}

	async end(): Promise<void> {
		this.talking = false;
		this.reading.abort();
		await this.client?.close();
	}

	private fill(): void {
		while (this.talking && this.underWay < WINDOW) {
			const room = this.rooms[this.said % this.rooms.length];
			if (room === undefined) return;
			this.underWay++;
			this.watch(room.send(`${this.options.name}-${this.said++}`));
		}
	}

	private watch(delivery: Delivery): void {
		if (this.watched.has(delivery)) return;
		this.watched.add(delivery);
		const client = this.client;
		delivery.done.then(
			(sent) => {
				const room = this.rooms.find(({ id }) => id === delivery.room);
				this.acknowledged.push({ room: room?.name ?? "", seq: sent.seq, text: delivery.text });
				// An answer that comes after its client's death belongs to no window.
				if (client !== this.client) return;
				this.underWay = Math.max(0, this.underWay - 1);
				this.fill();
				this.onChange?.();
			},
			// Closed with the client: the outbox has it, and the next life will answer for it.
			() => undefined,
		);
	}

	private async read(ref: string, room: Room): Promise<void> {
		const record = this.record(ref);
		const { signal } = this.reading;
		try {
			for await (const entry of room.entries({ after: record.seqs.at(-1) ?? 0, signal })) {
				record.seqs.push(entry.seq);
				record.texts.push(entry.body.case === "message" ? entry.body.value.text : undefined);
				this.onChange?.();
			}
		} catch (cause) {
			if (!signal.aborted) this.trouble = cause;
		}
	}

	private record(room: string): Record {
		const record = this.records.get(room);
		if (record === undefined) throw new Error(`no record of ${room}`);
		return record;
	}

	private async until(holds: () => boolean, signal: AbortSignal, words: () => string): Promise<void> {
		while (!holds()) {
			if (signal.aborted) throw new Error(`not in time: ${words()}`);
			if (this.trouble !== undefined) throw this.trouble;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, 100);
				this.onChange = () => {
					clearTimeout(timer);
					resolve();
				};
			});
		}
	}
}
