// A session with the measured server: the JSON wire by hand, over either door. What the runtime's own clients would cost is left out;
// what the server has to do is the same.
import type { Connection, Crowd, Delivery, Wire } from "../load/connection.ts";
import { type Framing, httpHead, lines, webSocketFrames, webSocketRequest, webSocketText } from "../load/framing.ts";
import type { Swarm } from "../load/swarm.ts";
import { textsIn } from "../load/text.ts";

export type Door = "ws" | "tcp";

export interface Page {
	readonly room: string;
	readonly epoch: number;
	readonly from?: number;
	readonly to?: number;
	readonly head?: number;
	readonly entries?: readonly { readonly seq: number }[];
}

export interface Answer {
	readonly id?: number;
	readonly failure?: { readonly code: string; readonly message: string };
	readonly welcome?: {
		readonly user: { readonly id: string; readonly name: string };
		readonly tokens?: { readonly access: string };
		readonly rooms?: readonly { readonly id: string; readonly epoch: number }[];
	};
	readonly joined?: { readonly room: { readonly id: string; readonly epoch: number }; readonly page: Page };
	readonly sent?: { readonly seq: number };
	readonly page?: Page;
	readonly skipped?: { readonly room: string; readonly from?: number; readonly to?: number; readonly page: Page };
	readonly ping?: { readonly nonce: number };
	readonly close?: { readonly code: number; readonly reason: string };
}

export interface SessionOptions {
	readonly port: number;
	readonly door?: Door;
	readonly crowd: Crowd;
	/** Bound of the kernel's buffer on this side. */
	readonly receiveBytes?: number | undefined;
}

const ENTRIES = Buffer.from('{"entries":');
const PREFACE = "VERBATIM/1 codec=json frame=newline\n";

const webSocket: Wire = { framing: webSocketFrames, read: deliveryOf };
const tcp: Wire = { framing: lines, read: deliveryOf };
const firstFraming: Readonly<Record<Door, Framing>> = { ws: httpHead, tcp: lines };

type Deferred<T> = ReturnType<typeof Promise.withResolvers<T>>;

export class Session {
	readonly connection: Connection;
	/** Sends acknowledged. */
	acked = 0;
	/** Ranges that the server named instead of sending them. */
	skipped = 0;
	/** Told of each acknowledged send, with the id that it had. */
	onAcked: ((id: number) => void) | undefined;
	/** What the server refused or complained of, in its words. */
	readonly complaints: string[] = [];
	private readonly door: Door;
	private readonly waiting = new Map<number, Deferred<Answer>>();
	private readonly epochs = new Map<string, number>();
	private nextId = 1;

	private constructor(swarm: Swarm, { port, door = "ws", crowd, receiveBytes }: SessionOptions, opening: Deferred<void>) {
		this.door = door;
		this.connection = swarm.connect(port, { framing: firstFraming[door], read: () => undefined }, crowd, receiveBytes);
		this.connection.onOther = (head) => {
			if (!/^(HTTP\/1.1 101|VERBATIM\/1 ok)/.test(head.toString("latin1"))) throw new Error(`refused: ${head.toString()}`);
			this.connection.wire = door === "ws" ? webSocket : tcp;
			this.connection.onOther = (payload) => this.take(payload);
			opening.resolve();
		};
		// Whoever waits for an answer learns that there will be none.
		this.connection.onLost = () => {
			const lost = new Error("the server ended the connection");
			opening.reject(lost);
			for (const { reject } of this.waiting.values()) reject(lost);
			this.waiting.clear();
		};
		this.connection.send(door === "ws" ? webSocketRequest(port, "/ws", "verbatim.v1.json") : Buffer.from(PREFACE));
	}

	/** Connects and gets in; resolves with the welcome. The swarm has to turn meanwhile. `before` is called before the hello. */
	static async open(
		swarm: Swarm,
		options: SessionOptions,
		hello: object,
		before?: (connection: Connection) => void,
	): Promise<{ session: Session; welcome: Answer }> {
		const opening = Promise.withResolvers<void>();
		const session = new Session(swarm, options, opening);
		await opening.promise;
		before?.(session.connection);
		return { session, welcome: await session.ask({ hello: { client: "bench", ...hello } }) };
	}

	/** Joins a public room, made if need be, and gives its id. */
	async join(name: string): Promise<string> {
		const { joined } = await this.ask({ join: { room: `#${name}`, create: true, history: 1 } });
		return joined?.room.id ?? "";
	}

	/** Where it stands in each room that it has joined. */
	cursors(): { readonly room: string; readonly epoch: number; readonly seq: number }[] {
		const { cursors } = this.connection;
		return [...this.epochs].map(([room, epoch]) => ({ room, epoch, seq: cursors.get(room) ?? 0 }));
	}

	/** Sends one command and waits for its answer. Rejects with the words of a refusal. */
	async ask(command: object): Promise<Answer> {
		const asked = Promise.withResolvers<Answer>();
		this.waiting.set(this.nextId, asked);
		this.connection.send(this.frame({ id: this.nextId++, ...command }));
		const answer = await asked.promise;
		if (answer.failure !== undefined) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
		return answer;
	}

	/** Says texts in one write, without waiting. Gives the first one's command id; the others follow. */
	say(room: string, texts: readonly string[]): number {
		const first = this.nextId;
		const frames = texts.map((text) => this.frame({ id: this.nextId++, send: { room, cid: Bun.randomUUIDv7(), text } }));
		this.connection.send(frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames));
		return first;
	}

	/** Sends a command that nobody waits for. */
	tell(command: object): void {
		this.connection.send(this.frame(command));
	}

	private frame(message: object): Buffer {
		const text = JSON.stringify(message);
		return this.door === "ws" ? webSocketText(text) : Buffer.from(`${text}\n`);
	}

	private take(payload: Buffer): void {
		if (payload[0] !== 0x7b) return;
		const answer: Answer = JSON.parse(payload.toString());
		// Where a room stands has to be known at once, since its entries may follow in the same read.
		const page = answer.joined?.page ?? answer.skipped?.page;
		if (page !== undefined) {
			this.connection.cursors.set(page.room, page.to ?? 0);
			this.epochs.set(page.room, page.epoch);
		}
		for (const { id, epoch } of answer.welcome?.rooms ?? []) this.epochs.set(id, epoch);
		const { id = 0 } = answer;
		if (answer.sent !== undefined) {
			this.acked++;
			this.onAcked?.(id);
		} else if (answer.ping !== undefined) {
			this.tell({ pong: { nonce: answer.ping.nonce } });
		} else if (answer.close !== undefined) {
			this.complaints.push(`close ${answer.close.code}: ${answer.close.reason}`);
		} else if (answer.skipped !== undefined) {
			this.skipped++;
		} else if (this.waiting.has(id)) {
			this.waiting.get(id)?.resolve(answer);
			this.waiting.delete(id);
		} else if (answer.failure !== undefined) {
			this.complaints.push(`${answer.failure.code}: ${answer.failure.message}`);
		}
	}
}

interface EntriesPush {
	readonly entries: { readonly room: string; readonly entries: readonly { readonly seq: number }[] };
}

/** A push of entries. Seqs that are not dense within it can follow nothing. */
function deliveryOf(payload: Buffer): Delivery | undefined {
	if (payload.compare(ENTRIES, 0, ENTRIES.length, 0, Math.min(payload.length, ENTRIES.length)) !== 0) return undefined;
	const text = payload.toString();
	const { room, entries }: EntriesPush["entries"] = JSON.parse(text).entries;
	const first = entries[0]?.seq ?? 0;
	const last = entries.at(-1)?.seq ?? 0;
	const isDense = entries.every(({ seq }, i) => seq === first + i);
	return { room, first: isDense ? first : -1, last, sentMs: textsIn(text).sentMs };
}
