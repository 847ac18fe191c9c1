// A peer that sends what it likes and knows what it is owed: each frame that is sound in itself is answered exactly once, under the
// id of what was sent as far as that could be read, or the connection is closed with a reason. Everything that comes down must be
// a message of the schema, with codes of the tables, and nothing of the server's own mistakes.
import {
	CLOSES,
	type Codec,
	type Command,
	checkUp,
	closeByCode,
	create,
	DecodeError,
	type Down,
	isErrorCode,
	jsonCodec,
	LIMITS,
	protoCodec,
	type Up,
	UpSchema,
} from "@verbatim/protocol";
import { type Framing, tcpFraming, webSocketFrame, webSocketFraming } from "../e2e/framing.ts";
import { RawPeer } from "../e2e/raw-peer.ts";
import { Waiting } from "../e2e/waiting.ts";
import { Broken, must } from "./target.ts";

export type Way = (typeof WAYS)[number];

/** Door, codec, and how a frame is carried. */
export const WAYS = [
	"tcp/proto",
	"tcp/proto+crc",
	"tcp/json",
	"tcp/json+crc",
	"tcp/json+newline",
	"ws/json",
	"ws/proto",
] as const;

export interface Ports {
	readonly tcpPort: number;
	readonly httpPort: number;
}

/** The longest that an answer may take, on a busy machine. */
const PATIENCE_MS = 8_000;

export class Visitor {
	readonly way: Way;
	readonly codec: Codec;
	/** What it has learnt: rooms by id, tokens, where it stands. */
	readonly rooms: string[] = [];
	readonly tokens: string[] = [];
	readonly nonces: number[] = [];
	readonly cursors = new Map<string, { room: string; epoch: number; seq: number }>();
	/** The last words of the server: codes of failures and closes, in order. */
	readonly heard: string[] = [];
	private readonly raw: RawPeer;
	private readonly framing: Framing;
	private readonly waiting = new Waiting();
	/** By id: answers still to come. Undefined: bytes were sent that nobody can predict the answers to. */
	private owed: Map<number, number> | undefined = new Map();
	private closed = false;
	private trouble: unknown;
	private lastId = 0;
	private answers = new Map<number, Down>();

	private constructor(way: Way, raw: RawPeer, framing: Framing) {
		this.way = way;
		this.codec = way.includes("json") ? jsonCodec : protoCodec;
		this.raw = raw;
		this.framing = framing;
	}

	/** Connects and agrees; it is nobody yet. */
	static async open({ tcpPort, httpPort }: Ports, way: Way): Promise<Visitor> {
		const codec = way.includes("json") ? "json" : "proto";
		const isTcp = way.startsWith("tcp");
		const framing = isTcp
			? tcpFraming({
					codec,
					check: way.endsWith("+crc") ? "crc32c" : "none",
					frame: way.endsWith("+newline") ? "newline" : "length",
				})
			: webSocketFraming(codec);
		const raw = await RawPeer.open(isTcp ? tcpPort : httpPort);
		await framing.open(raw);
		const visitor = new Visitor(way, raw, framing);
		raw.onChange = () => visitor.listen();
		visitor.listen();
		return visitor;
	}

	/** Has the server ended the connection, or said that it will? */
	get over(): boolean {
		return this.closed || this.raw.ended;
	}

	/** Sends a command under an id of its own. */
	say(command: Command): number {
		const id = ++this.lastId;
		this.sendUp(create(UpSchema, { id, command }));
		return id;
	}

	/** A message, if it can be written. */
	sendUp(up: Up): void {
		let body: Uint8Array | string;
		try {
			body = this.codec.encodeUp(up);
		} catch {
			return;
		}
		this.sendBody(body);
	}

	/** A frame, sound in itself, with this body. */
	sendBody(body: Uint8Array | string): void {
		if (this.over) return;
		let frame: Uint8Array;
		try {
			frame = this.framing.wrap(body);
		} catch {
			// A body with a line feed in lines: nothing can carry it.
			return;
		}
		const bytes = typeof body === "string" ? Buffer.byteLength(body) : body.length;
		if (bytes > LIMITS.frameBytesMax) this.owed = undefined;
		else this.expectAnswer(body);
		this.raw.write(frame);
	}

	/** The same frame, with a bit of it flipped on its way. */
	sendDamaged(body: Uint8Array | string, bit: number): void {
		if (this.over) return;
		this.owed = undefined;
		const frame = this.framing.wrap(body).slice();
		const at = bit % (frame.length * 8);
		frame[at >>> 3] = (frame[at >>> 3] ?? 0) ^ (1 << (at & 7));
		this.raw.write(frame);
	}

	/** Bytes past every framer. */
	sendBytes(bytes: Uint8Array): void {
		if (this.over) return;
		this.owed = undefined;
		this.raw.write(bytes);
	}

	/** A frame of the WebSocket's own, with any opcode and any announced length; elsewhere only its payload. */
	sendFrame(opcode: number, payload: Uint8Array, announced: number): void {
		this.sendBytes(this.way.startsWith("ws") ? webSocketFrame(opcode, payload, announced) : payload);
	}

	/** Reads nothing more until something is waited for: what comes meanwhile piles up. */
	stopReading(): void {
		this.raw.pause(true);
	}

	/** Waits for all answers that are owed, or the end of the connection. */
	async settle(): Promise<void> {
		this.raw.pause(false);
		const { owed } = this;
		if (owed === undefined) return;
		await this.until(
			() => owed !== this.owed || owed.size === 0 || this.over,
			() => `these commands were not answered: ${[...owed.keys()].slice(0, 8)}`,
		);
	}

	/** Carries out a command whose answer must be of this case. */
	async must(command: Command, wanted: Down["body"]["case"]): Promise<void> {
		const id = this.say(command);
		await this.until(
			() => this.answers.has(id) || this.over,
			() => `no answer to ${command.case}`,
		);
		const body = this.answers.get(id)?.body;
		this.answers.clear();
		must(body?.case === wanted, () => `${this.way}: ${command.case} was answered with ${JSON.stringify(body)}`);
	}

	/** Says that it sends nothing more, and waits for the server to close. */
	async finish(): Promise<void> {
		this.raw.pause(false);
		this.raw.finish();
		await this.until(
			() => this.raw.ended,
			() => "the connection is not closed",
		);
		this.raw.close();
	}

	/** Is gone without a word. */
	leave(): void {
		this.raw.close();
	}

	// ------------------------------------------------------------ what it is owed

	private expectAnswer(body: Uint8Array | string): void {
		let id: number;
		try {
			const sent = this.way.startsWith("tcp") && typeof body === "string" ? new TextEncoder().encode(body) : body;
			const up = this.codec.decodeUp(sent);
			if (up.command.case === "pong" && checkUp(up, LIMITS) === undefined) return;
			id = up.id;
		} catch (error) {
			if (!(error instanceof DecodeError)) throw error;
			id = error.id;
		}
		// What has no id is answered under 0, like a push, or not at all.
		if (id > 0) this.owed?.set(id, (this.owed.get(id) ?? 0) + 1);
	}

	private listen(): void {
		try {
			for (const arrival of this.framing.unwrap(this.raw.takeAll())) {
				if ("body" in arrival) this.hear(this.codec.decodeDown(arrival.body));
				else {
					const { closeCode } = arrival;
					must(closeCode === 1006 || closeCode < 3000 || closeByCode(closeCode) !== undefined, () => `${closeCode} is no close`);
				}
			}
		} catch (cause) {
			this.trouble ??= cause;
		}
		this.waiting.wake();
	}

	private hear(down: Down): void {
		const { id, body } = down;
		must(!this.closed, () => `${this.way}: behind its last word came ${body.case}`);
		must(body.case !== undefined, "a message without a body came down");
		if (id > 0) this.answered(id, down);
		switch (body.case) {
			case "failure":
				must(isErrorCode(body.value.code), () => `${body.value.code} is no code of the table`);
				must(body.value.code !== "internal", () => `the server made a mistake: ${JSON.stringify(body.value)}`);
				must(/^[ -~]{0,64}$/.test(body.value.trace), "a failure with a trace that is none");
				must(body.value.message !== "" && body.value.message.length < 400, "a failure without words, or with too many");
				this.heard.push(body.value.code);
				if (id === 0) this.answeredUnderZero(body.value.message);
				return;
			case "close": {
				const facts = closeByCode(body.value.code);
				must(facts !== undefined, () => `${body.value.code} is no close`);
				must(facts.code !== CLOSES.internal.code, () => `the server made a mistake: ${JSON.stringify(body.value)}`);
				this.heard.push(facts.name);
				this.closed = true;
				return;
			}
			case "welcome":
				this.heard.push("welcome");
				for (const room of body.value.rooms) this.learn(room.id, room.epoch, room.head);
				if (body.value.tokens) this.tokens.push(body.value.tokens.access, body.value.tokens.refresh);
				return;
			case "joined":
				if (body.value.page) this.learn(body.value.page.room, body.value.page.epoch, body.value.page.to);
				return;
			case "entries":
				this.learn(body.value.room, body.value.epoch, body.value.entries.at(-1)?.seq ?? 0);
				return;
			case "ping":
				this.nonces.push(body.value.nonce);
				return;
			default:
		}
	}

	private answered(id: number, down: Down): void {
		this.answers.set(id, down);
		const { owed } = this;
		if (owed === undefined) return;
		const left = owed.get(id) ?? 0;
		must(left > 0, () => `${this.way}: ${down.body.case} answers ${id}, which was not asked or was answered`);
		if (left === 1) owed.delete(id);
		else owed.set(id, left - 1);
	}

	/** A command under the id of another that is under way is refused under the id 0, and its own stands in the words. */
	private answeredUnderZero(words: string): void {
		const id = Number(/^id (\d+) is that of a command under way/.exec(words)?.[1] ?? 0);
		const left = this.owed?.get(id) ?? 0;
		if (id === 0 || this.owed === undefined) return;
		must(left > 1, () => `${this.way}: ${id} was refused as under way, which it was not`);
		this.owed.set(id, left - 1);
	}

	private learn(room: string, epoch: number, seq: number): void {
		if (!this.rooms.includes(room)) this.rooms.push(room);
		this.cursors.set(room, { room, epoch, seq });
	}

	private async until(holds: () => boolean, what: () => string): Promise<void> {
		const holdsOrFails = (): boolean => {
			if (this.trouble !== undefined) throw this.trouble;
			return holds();
		};
		try {
			await this.waiting.until(holdsOrFails, what, PATIENCE_MS);
		} catch (error) {
			throw error === this.trouble ? error : new Broken(`${this.way}: ${what()}`);
		}
	}
}
