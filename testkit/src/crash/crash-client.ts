// One client of the crash test: sends as fast as it is acknowledged and reads every room from its first entry; a witness records both. It
// can be killed and restarted from its files; the witness is the test's and is kept.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Client, connect, type Delivery, fileOutbox, fileTokens, type OutboxStore, type Room } from "@verbatim/client/node";
import { Waiting } from "../e2e/waiting.ts";
import type { Witness } from "../history/witness.ts";
import { type WholeLog, wholeLog } from "../whole-log.ts";

export interface CrashClientOptions {
	readonly name: string;
	readonly endpoint: string;
	/** For its outbox and its identity. */
	readonly folder: string;
	readonly rooms: readonly string[];
	readonly witness: Witness;
}

/** Sends in flight per client. */
const WINDOW = 4;
/** Short back-off: the server is back within a second, and rounds should be short. */
const TIMING = { reconnectMinMs: 20, reconnectMaxMs: 400 } as const;
const RECONNECT_TIMEOUT_MS = 20_000;

export class CrashClient {
	private readonly options: CrashClientOptions;
	/** The newest entry read of each room, by the room's name. */
	private readonly cursors = new Map<string, number>();
	private readonly waiting = new Waiting();
	private client: Client | undefined;
	private reading = new AbortController();
	private rooms: Room[] = [];
	private sending = false;
	private killed = false;
	private inFlight = 0;
	private sentCount = 0;
	/** Error of a reading loop. */
	private trouble: unknown;

	constructor(options: CrashClientOptions) {
		this.options = options;
	}

	/** Connects, with outbox and tokens from its files, and starts reading. */
	async start(): Promise<void> {
		const { folder, endpoint, name, rooms } = this.options;
		await mkdir(folder, { recursive: true });
		const client = connect({
			endpoints: endpoint,
			credential: { guest: name },
			outbox: this.outbox(fileOutbox(join(folder, "outbox"))),
			tokens: fileTokens(join(folder, "tokens.json")),
			timing: TIMING,
		});
		this.client = client;
		this.reading = new AbortController();
		await client.ready({ timeoutMs: RECONNECT_TIMEOUT_MS });
		this.rooms = [];
		for (const ref of rooms) {
			const room = await client.join(`#${ref}`, { create: true, timeoutMs: RECONNECT_TIMEOUT_MS });
			this.rooms.push(room);
			this.read(client, room);
		}
		this.fill();
	}

	/** Closes the client, its files left as they are, until `reconnect`. */
	async kill(): Promise<void> {
		this.killed = true;
		this.reading.abort();
		await this.client?.close();
		this.inFlight = 0;
	}

	/** Waits for the connection after a restart of the server; restarts the client if it was killed. */
	async reconnect(): Promise<void> {
		if (this.killed) {
			this.killed = false;
			await this.start();
		} else {
			await this.client?.ready({ timeoutMs: RECONNECT_TIMEOUT_MS });
		}
		if (this.trouble !== undefined) throw this.trouble;
	}

	startSending(): void {
		if (this.sending) return;
		this.sending = true;
		this.fill();
	}

	stopSending(): void {
		this.sending = false;
	}

	/** Resolves when all sends are answered. */
	settled(withinMs: number): Promise<void> {
		return this.waiting.until(
			() => this.client?.outbox.length === 0,
			() => `${this.options.name} still has ${this.client?.outbox.length} unanswered`,
			withinMs,
		);
	}

	/** Resolves when it has read each log to its head. */
	async caughtUp(logs: ReadonlyMap<string, WholeLog>, withinMs: number): Promise<void> {
		for (const [ref, { entries }] of logs) {
			await this.waiting.until(
				() => {
					if (this.trouble !== undefined) throw this.trouble;
					return (this.cursors.get(ref) ?? 0) >= entries.length;
				},
				() => `${this.options.name} stands at ${this.cursors.get(ref)} of ${entries.length} in ${ref}`,
				withinMs,
			);
		}
	}

	/** The log as pages of history give it. */
	wholeLog(ref: string): Promise<WholeLog> {
		const room = this.rooms[this.options.rooms.indexOf(ref)];
		if (room === undefined) throw new Error(`not in ${ref}`);
		return wholeLog(room);
	}

	async close(): Promise<void> {
		this.sending = false;
		this.reading.abort();
		await this.client?.close();
	}

	/** Wraps `store`: sends that it has kept are tracked as soon as the client has taken them over. */
	private outbox(store: OutboxStore): OutboxStore {
		const trackAll = (): void => {
			const { client } = this;
			for (const delivery of client?.outbox ?? []) {
				this.options.witness.watch(this.options.name, delivery);
				if (client !== undefined) this.track(client, delivery);
			}
		};
		return {
			async open(user) {
				const sends = await store.open(user);
				setImmediate(trackAll);
				return sends;
			},
			put: (send, place) => store.put(send, place),
			remove: (send) => store.remove(send),
			close: () => store.close(),
		};
	}

	private fill(): void {
		const { client } = this;
		while (client !== undefined && this.sending && !this.killed && this.inFlight < WINDOW) {
			const room = this.rooms[this.sentCount % this.rooms.length];
			if (room === undefined) return;
			this.inFlight++;
			const { name, witness } = this.options;
			this.track(client, witness.send(name, client, room, `${name}-${this.sentCount++}`));
		}
	}

	/** An answer frees a place in the window, unless the client was replaced meanwhile. */
	private track(client: Client, delivery: Delivery): void {
		const answered = (): void => {
			this.waiting.wake();
			if (client !== this.client || this.killed) return;
			this.inFlight = Math.max(0, this.inFlight - 1);
			this.fill();
		};
		delivery.done.then(answered, () => this.waiting.wake());
	}

	private read(client: Client, room: Room): void {
		const { name, witness } = this.options;
		const { signal } = this.reading;
		const onDelivered = (seq: number): void => {
			this.cursors.set(room.name, seq);
			this.waiting.wake();
		};
		witness.read(name, client, room, this.cursors.get(room.name) ?? 0, signal, onDelivered).catch((cause: unknown) => {
			if (signal.aborted) return;
			this.trouble = cause;
			this.waiting.wake();
		});
	}
}
