// A client that sends anything and tracks the answers that must come: each well-formed frame is answered exactly once, under its id as far
// as that can be read, or the connection is closed with a reason. Everything received must be a message of the schema, with known
// codes, and never `internal`.
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
import { must, PropertyViolation } from "./target.ts";

export type Way = (typeof WAYS)[number];

/** Transport, codec and framing. */
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

/** Timeout of an answer, for a busy machine. */
const PATIENCE_MS = 8_000;

export class FuzzClient {
	readonly way: Way;
	readonly codec: Codec;
	/** Ids of known rooms; tokens, ping nonces and cursors received. */
	readonly rooms: string[] = [];
	readonly tokens: string[] = [];
	readonly nonces: number[] = [];
	readonly cursors = new Map<string, { room: string; epoch: number; seq: number }>();
	/** Codes of failures and closes received, in order. */
	readonly receivedCodes: string[] = [];
	private readonly raw: RawPeer;
	private readonly framing: Framing;
	private readonly waiting = new Waiting();
	/** Outstanding answers by id. Undefined: bytes were sent whose answers cannot be predicted. */
	private expectedAnswers: Map<number, number> | undefined = new Map();
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

	/** Connects and completes the preface or upgrade, without a hello. */
	static async open({ tcpPort, httpPort }: Ports, way: Way): Promise<FuzzClient> {
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
		const client = new FuzzClient(way, raw, framing);
		raw.onChange = () => client.readFrames();
		client.readFrames();
		return client;
	}

	/** True once the server has closed the connection or sent a close. */
	get over(): boolean {
		return this.closed || this.raw.ended;
	}

	/** Sends a command under an id of its own. */
	say(command: Command): number {
		const id = ++this.lastId;
		this.sendUp(create(UpSchema, { id, command }));
		return id;
	}

	/** Sends a message, if it can be encoded. */
	sendUp(up: Up): void {
		let body: Uint8Array | string;
		try {
			body = this.codec.encodeUp(up);
		} catch {
			return;
		}
		this.sendBody(body);
	}

	/** Sends a well-formed frame with this body. */
	sendBody(body: Uint8Array | string): void {
		if (this.over) return;
		let frame: Uint8Array;
		try {
			frame = this.framing.wrap(body);
		} catch {
			// A body with a line feed cannot be framed by newlines.
			return;
		}
		const bytes = typeof body === "string" ? Buffer.byteLength(body) : body.length;
		if (bytes > LIMITS.frameBytesMax) this.expectedAnswers = undefined;
		else this.expectAnswer(body);
		this.raw.write(frame);
	}

	/** Sends a frame with a flipped bit. */
	sendDamaged(body: Uint8Array | string, bit: number): void {
		if (this.over) return;
		this.expectedAnswers = undefined;
		const frame = this.framing.wrap(body).slice();
		const at = bit % (frame.length * 8);
		frame[at >>> 3] = (frame[at >>> 3] ?? 0) ^ (1 << (at & 7));
		this.raw.write(frame);
	}

	/** Sends bytes without framing. */
	sendBytes(bytes: Uint8Array): void {
		if (this.over) return;
		this.expectedAnswers = undefined;
		this.raw.write(bytes);
	}

	/** Sends a WebSocket frame with any opcode and announced length; on TCP the payload alone. */
	sendFrame(opcode: number, payload: Uint8Array, announced: number): void {
		this.sendBytes(this.way.startsWith("ws") ? webSocketFrame(opcode, payload, announced) : payload);
	}

	/** Stops reading until the next wait. */
	stopReading(): void {
		this.raw.pause(true);
	}

	/** Waits for all outstanding answers, or the end of the connection. */
	async settle(): Promise<void> {
		this.raw.pause(false);
		const { expectedAnswers } = this;
		if (expectedAnswers === undefined) return;
		await this.until(
			() => expectedAnswers !== this.expectedAnswers || expectedAnswers.size === 0 || this.over,
			() => `these commands were not answered: ${[...expectedAnswers.keys()].slice(0, 8)}`,
		);
	}

	/** Sends a command whose answer must be of this case. */
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

	/** Half-closes (FIN) and waits for the server to close. */
	async finish(): Promise<void> {
		this.raw.pause(false);
		this.raw.finish();
		await this.until(
			() => this.raw.ended,
			() => "the connection is not closed",
		);
		this.raw.close();
	}

	/** Closes the connection. */
	leave(): void {
		this.raw.close();
	}

	// ------------------------------------------------------------ expected answers

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
		// A message without an id is answered under 0, or not at all.
		if (id > 0) this.expectedAnswers?.set(id, (this.expectedAnswers.get(id) ?? 0) + 1);
	}

	private readFrames(): void {
		try {
			for (const arrival of this.framing.unwrap(this.raw.takeAll())) {
				if ("body" in arrival) this.receive(this.codec.decodeDown(arrival.body));
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

	private receive(down: Down): void {
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
				this.receivedCodes.push(body.value.code);
				if (id === 0) this.answeredUnderZero(body.value.message);
				return;
			case "close": {
				const facts = closeByCode(body.value.code);
				must(facts !== undefined, () => `${body.value.code} is no close`);
				must(facts.code !== CLOSES.internal.code, () => `the server made a mistake: ${JSON.stringify(body.value)}`);
				this.receivedCodes.push(facts.name);
				this.closed = true;
				return;
			}
			case "welcome":
				this.receivedCodes.push("welcome");
				for (const room of body.value.rooms) this.recordCursor(room.id, room.epoch, room.head);
				if (body.value.tokens) this.tokens.push(body.value.tokens.access, body.value.tokens.refresh);
				return;
			case "joined":
				if (body.value.page) this.recordCursor(body.value.page.room, body.value.page.epoch, body.value.page.to);
				return;
			case "entries":
				this.recordCursor(body.value.room, body.value.epoch, body.value.entries.at(-1)?.seq ?? 0);
				return;
			case "ping":
				this.nonces.push(body.value.nonce);
				return;
			default:
		}
	}

	private answered(id: number, down: Down): void {
		this.answers.set(id, down);
		const { expectedAnswers } = this;
		if (expectedAnswers === undefined) return;
		const left = expectedAnswers.get(id) ?? 0;
		must(left > 0, () => `${this.way}: ${down.body.case} answers ${id}, which was not asked or was answered`);
		if (left === 1) expectedAnswers.delete(id);
		else expectedAnswers.set(id, left - 1);
	}

	/** A command whose id is in use is refused under id 0; the message names the id. */
	private answeredUnderZero(words: string): void {
		const id = Number(/^id (\d+) is that of a command under way/.exec(words)?.[1] ?? 0);
		const left = this.expectedAnswers?.get(id) ?? 0;
		if (id === 0 || this.expectedAnswers === undefined) return;
		must(left > 1, () => `${this.way}: ${id} was refused as under way, which it was not`);
		this.expectedAnswers.set(id, left - 1);
	}

	private recordCursor(room: string, epoch: number, seq: number): void {
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
			throw error === this.trouble ? error : new PropertyViolation(`${this.way}: ${what()}`);
		}
	}
}
