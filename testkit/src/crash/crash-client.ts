// One client of the crash test: it says things as fast as they are acknowledged and reads every room from its first entry; a witness
// writes down both. It can die and come back from its files; the witness is the test's and lives on.
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

/** Sends of one client on their way at once. */
const WINDOW = 4;
/** A server that has been killed is back within a second: what counts here is many rounds, not politeness. */
const TIMING = { reconnectMinMs: 20, reconnectMaxMs: 400 } as const;
const COME_BACK_MS = 20_000;

export class CrashClient {
	private readonly options: CrashClientOptions;
	/** The newest entry read of each room, by the room's name. */
	private readonly places = new Map<string, number>();
	private readonly waiting = new Waiting();
	private client: Client | undefined;
	private reading = new AbortController();
	private rooms: Room[] = [];
	private talking = false;
	private dead = false;
	private underWay = 0;
	private said = 0;
	/** What went wrong in a reading loop. */
	private trouble: unknown;

	constructor(options: CrashClientOptions) {
		this.options = options;
	}

	/** Connects, with what its files remember, and begins to read. */
	async begin(): Promise<void> {
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
		await client.ready({ timeoutMs: COME_BACK_MS });
		this.rooms = [];
		for (const ref of rooms) {
			const room = await client.join(`#${ref}`, { create: true, timeoutMs: COME_BACK_MS });
			this.rooms.push(room);
			this.read(client, room);
		}
		this.fill();
	}

	/** Goes without a word, files left as they are, until `comeBack`. */
	async die(): Promise<void> {
		this.dead = true;
		this.reading.abort();
		await this.client?.close();
		this.underWay = 0;
	}

	/** After the server is back: connected again, revived if it had died. */
	async comeBack(): Promise<void> {
		if (this.dead) {
			this.dead = false;
			await this.begin();
		} else {
			await this.client?.ready({ timeoutMs: COME_BACK_MS });
		}
		if (this.trouble !== undefined) throw this.trouble;
	}

	talk(): void {
		if (this.talking) return;
		this.talking = true;
		this.fill();
	}

	hush(): void {
		this.talking = false;
	}

	/** Resolves when everything it said has been answered. */
	settled(withinMs: number): Promise<void> {
		return this.waiting.until(
			() => this.client?.outbox.length === 0,
			() => `${this.options.name} still has ${this.client?.outbox.length} unanswered`,
			withinMs,
		);
	}

	/** Resolves when it has read each log to its end. */
	async caughtUp(logs: ReadonlyMap<string, WholeLog>, withinMs: number): Promise<void> {
		for (const [ref, { entries }] of logs) {
			await this.waiting.until(
				() => {
					if (this.trouble !== undefined) throw this.trouble;
					return (this.places.get(ref) ?? 0) >= entries.length;
				},
				() => `${this.options.name} stands at ${this.places.get(ref)} of ${entries.length} in ${ref}`,
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

	async end(): Promise<void> {
		this.talking = false;
		this.reading.abort();
		await this.client?.close();
	}

	/** The same store; what it has kept since an earlier life is watched as soon as it is the client's. */
	private outbox(store: OutboxStore): OutboxStore {
		const watchAll = (): void => {
			const { client } = this;
			for (const delivery of client?.outbox ?? []) {
				this.options.witness.watch(this.options.name, delivery);
				if (client !== undefined) this.follow(client, delivery);
			}
		};
		return {
			async open(user) {
				const sends = await store.open(user);
				setImmediate(watchAll);
				return sends;
			},
			put: (send) => store.put(send),
			remove: (send) => store.remove(send),
			close: () => store.close(),
		};
	}

	private fill(): void {
		const { client } = this;
		while (client !== undefined && this.talking && !this.dead && this.underWay < WINDOW) {
			const room = this.rooms[this.said % this.rooms.length];
			if (room === undefined) return;
			this.underWay++;
			const { name, witness } = this.options;
			this.follow(client, witness.send(name, client, room, `${name}-${this.said++}`));
		}
	}

	/** An answer makes room for the next, unless it comes after its client's death. */
	private follow(client: Client, delivery: Delivery): void {
		const answered = (): void => {
			this.waiting.wake();
			if (client !== this.client || this.dead) return;
			this.underWay = Math.max(0, this.underWay - 1);
			this.fill();
		};
		delivery.done.then(answered, () => this.waiting.wake());
	}

	private read(client: Client, room: Room): void {
		const { name, witness } = this.options;
		const { signal } = this.reading;
		const given = (seq: number): void => {
			this.places.set(room.name, seq);
			this.waiting.wake();
		};
		witness.read(name, client, room, this.places.get(room.name) ?? 0, signal, given).catch((cause: unknown) => {
			if (signal.aborted) return;
			this.trouble = cause;
			this.waiting.wake();
		});
	}
}
