// A session with the measured server: the JSON codec by hand, by WebSocket or framed TCP. Cheaper for the generator than the SDK; the
// server's work is the same.

import type { EpollLoop } from "../load/epoll-loop.ts";
import { type Framing, httpHead, lines, webSocketFrames, webSocketRequest, webSocketText } from "../load/framing.ts";
import type { Delivery, DeliveryCounters, LoadConnection, WireFormat } from "../load/load-connection.ts";
import { parseMessageTexts } from "../load/message-text.ts";

export type Transport = "ws" | "tcp";

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
	readonly transport?: Transport;
	readonly counters: DeliveryCounters;
	/** Bound of the kernel's buffer on this side. */
	readonly receiveBytes?: number | undefined;
}

const ENTRIES = Buffer.from('{"entries":');
const PREFACE = "VERBATIM/1 codec=json frame=newline\n";

const webSocket: WireFormat = { framing: webSocketFrames, read: deliveryOf };
const tcp: WireFormat = { framing: lines, read: deliveryOf };
const firstFraming: Readonly<Record<Transport, Framing>> = { ws: httpHead, tcp: lines };

type Deferred<T> = ReturnType<typeof Promise.withResolvers<T>>;

export class Session {
	readonly connection: LoadConnection;
	/** Sends acknowledged. */
	acked = 0;
	/** `skipped` pushes received. */
	skipped = 0;
	/** Called with the command id of each acknowledged send. */
	onAcked: ((id: number) => void) | undefined;
	/** Refusals and closes that the server sent, as text. */
	readonly errors: string[] = [];
	private readonly transport: Transport;
	private readonly waiting = new Map<number, Deferred<Answer>>();
	private readonly epochs = new Map<string, number>();
	private nextId = 1;

	private constructor(
		loop: EpollLoop,
		{ port, transport = "ws", counters, receiveBytes }: SessionOptions,
		opening: Deferred<void>,
	) {
		this.transport = transport;
		this.connection = loop.connect(port, { framing: firstFraming[transport], read: () => undefined }, counters, receiveBytes);
		this.connection.onOther = (head) => {
			if (!/^(HTTP\/1.1 101|VERBATIM\/1 ok)/.test(head.toString("latin1"))) throw new Error(`refused: ${head.toString()}`);
			this.connection.wireFormat = transport === "ws" ? webSocket : tcp;
			this.connection.onOther = (payload) => this.take(payload);
			opening.resolve();
		};
		// Pending commands are rejected.
		this.connection.onLost = () => {
			const lost = new Error("the server ended the connection");
			opening.reject(lost);
			for (const { reject } of this.waiting.values()) reject(lost);
			this.waiting.clear();
		};
		this.connection.send(transport === "ws" ? webSocketRequest(port, "/ws", "verbatim.v1.json") : Buffer.from(PREFACE));
	}

	/** Connects and says hello; resolves with the welcome. The loop has to poll meanwhile. `before`: called before the hello. */
	static async open(
		loop: EpollLoop,
		options: SessionOptions,
		hello: object,
		before?: (connection: LoadConnection) => void,
	): Promise<{ session: Session; welcome: Answer }> {
		const opening = Promise.withResolvers<void>();
		const session = new Session(loop, options, opening);
		await opening.promise;
		before?.(session.connection);
		return { session, welcome: await session.ask({ hello: { client: "bench", ...hello } }) };
	}

	/** Joins a public room, made if need be, and gives its id. */
	async join(name: string): Promise<string> {
		const { joined } = await this.ask({ join: { room: `#${name}`, create: true, history: 1 } });
		return joined?.room.id ?? "";
	}

	/** Its cursors, for the next hello. */
	cursors(): { readonly room: string; readonly epoch: number; readonly seq: number }[] {
		const { cursors } = this.connection;
		return [...this.epochs].map(([room, epoch]) => ({ room, epoch, seq: cursors.get(room) ?? 0 }));
	}

	/** Sends one command and waits for its answer. Rejects if it is refused. */
	async ask(command: object): Promise<Answer> {
		const asked = Promise.withResolvers<Answer>();
		this.waiting.set(this.nextId, asked);
		this.connection.send(this.frame({ id: this.nextId++, ...command }));
		const answer = await asked.promise;
		if (answer.failure !== undefined) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
		return answer;
	}

	/** Sends texts in one write, without waiting. Returns the first command id; the others follow. */
	send(room: string, texts: readonly string[]): number {
		const first = this.nextId;
		const frames = texts.map((text) => this.frame({ id: this.nextId++, send: { room, cid: Bun.randomUUIDv7(), text } }));
		this.connection.send(frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames));
		return first;
	}

	/** Sends a command without waiting for an answer. */
	sendWithoutReply(command: object): void {
		this.connection.send(this.frame(command));
	}

	private frame(message: object): Buffer {
		const text = JSON.stringify(message);
		return this.transport === "ws" ? webSocketText(text) : Buffer.from(`${text}\n`);
	}

	private take(payload: Buffer): void {
		if (payload[0] !== 0x7b) return;
		const answer: Answer = JSON.parse(payload.toString());
		// The cursor is set at once, since entries may follow in the same read.
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
			this.sendWithoutReply({ pong: { nonce: answer.ping.nonce } });
		} else if (answer.close !== undefined) {
			this.errors.push(`close ${answer.close.code}: ${answer.close.reason}`);
		} else if (answer.skipped !== undefined) {
			this.skipped++;
		} else if (this.waiting.has(id)) {
			this.waiting.get(id)?.resolve(answer);
			this.waiting.delete(id);
		} else if (answer.failure !== undefined) {
			this.errors.push(`${answer.failure.code}: ${answer.failure.message}`);
		}
	}
}

interface EntriesPush {
	readonly entries: { readonly room: string; readonly entries: readonly { readonly seq: number }[] };
}

/** A push of entries. -1 follows no cursor: a push with a gap counts as out of order. */
function deliveryOf(payload: Buffer): Delivery | undefined {
	if (payload.compare(ENTRIES, 0, ENTRIES.length, 0, Math.min(payload.length, ENTRIES.length)) !== 0) return undefined;
	const text = payload.toString();
	const { room, entries }: EntriesPush["entries"] = JSON.parse(text).entries;
	const first = entries[0]?.seq ?? 0;
	const last = entries.at(-1)?.seq ?? 0;
	const isDense = entries.every(({ seq }, i) => seq === first + i);
	return { room, first: isDense ? first : -1, last, sentMs: parseMessageTexts(text).sentMs };
}
