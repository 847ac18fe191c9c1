// A peer of the overload experiments: speaks framed TCP by hand, as fast as it is told, never repeats what was refused, and can stop
// reading. It writes down what it says and is told; a refusal that does not say when to come back is counted.
import {
	type Close,
	type Command,
	create,
	type Down,
	type Entry,
	type Failure,
	LIMITS,
	type Preface,
	PrefaceAnswerReader,
	prefaceFramer,
	protoCodec,
	renderPreface,
	Skipped_Reason,
	UpSchema,
} from "@verbatim/protocol";
import type { Socket } from "bun";
import { Waiting } from "../e2e/waiting.ts";
import { factsOf } from "../sim/recorder.ts";
import type { Recorder } from "./recorder.ts";

type Body = Down["body"];
type HelloValue = Extract<Command, { case: "hello" }>["value"];

const PREFACE: Preface = { codec: "proto", check: "crc32c", frame: "length" };

/** What the peers of one experiment count together. */
export class Tally {
	offered = 0;
	done = 0;
	readonly refused = new Map<string, number>();
	/** Refusals that may pass and do not say when. */
	untimed = 0;

	failed({ code, retry, retryAfterMs }: Pick<Failure, "code" | "retry" | "retryAfterMs">): void {
		this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
		if (retry && retryAfterMs === 0 && code !== "out_of_order") this.untimed++;
	}

	get refusals(): number {
		return [...this.refused.values()].reduce((sum, count) => sum + count, 0);
	}
}

export interface PeerOptions {
	readonly port: number;
	readonly name: string;
	readonly recorder: Recorder;
	readonly tally: Tally;
}

export class Peer {
	readonly name: string;
	user = "";
	/** The newest access token. */
	token = "";
	room = "";
	epoch = 0;
	/** Everything up to here was given, or it was told of it. */
	cursor = 0;
	/** Ranges that it was told of instead of being given them. */
	skipped = 0;
	/** Entries that it was given, and those among them that did not follow the one before. */
	given = 0;
	gaps = 0;
	close: Close | undefined;
	private readonly options: PeerOptions;
	private readonly waiting = new Waiting();
	private readonly answers = new Map<number, (body: Body) => void>();
	private readonly framer = prefaceFramer(PREFACE, LIMITS.frameDownBytesMax);
	private preface: PrefaceAnswerReader | undefined = new PrefaceAnswerReader();
	private socket: Socket<undefined> | undefined;
	private unsent: Uint8Array[] = [];
	private lastId = 0;
	private reading = false;
	private over = false;

	private constructor(options: PeerOptions) {
		this.options = options;
		this.name = options.name;
	}

	/** Connects; nobody has said hello yet. */
	static async connect(options: PeerOptions): Promise<Peer> {
		const peer = new Peer(options);
		await Bun.connect<undefined>({
			hostname: "127.0.0.1",
			port: options.port,
			data: undefined,
			socket: {
				open: (socket) => {
					peer.socket = socket;
					socket.write(renderPreface(PREFACE));
				},
				data: (_socket, chunk) => peer.hear(chunk),
				drain: () => peer.flush(),
				close: () => peer.gone(),
				error() {},
			},
		});
		await peer.until(() => peer.preface === undefined || peer.over, "the preface's answer");
		return peer;
	}

	/** Connects and comes in as a guest. */
	static async guest(options: PeerOptions): Promise<Peer> {
		const peer = await Peer.connect(options);
		const body = await peer.hello({ case: "guest", value: { name: options.name } });
		if (body.case !== "welcome") throw new Error(`${options.name} was not let in: ${said(body)}`);
		return peer;
	}

	get ended(): boolean {
		return this.over;
	}

	/** Commands that are not answered. */
	get open(): number {
		return this.answers.size;
	}

	async hello(credential: NonNullable<HelloValue["credential"]>, cursors: HelloValue["cursors"] = []): Promise<Body> {
		const body = await this.ask({ case: "hello", value: { credential, client: "overload", cursors } });
		if (body.case === "welcome") {
			this.user = body.value.user?.id ?? "";
			this.token = body.value.tokens?.access ?? this.token;
		}
		return body;
	}

	/** Joins; with `read` what it is given from here on is written down. */
	async join(ref: string, read: boolean): Promise<void> {
		const body = await new Promise<Body>((resolve) => {
			this.put({ case: "join", value: { room: ref, create: true, history: 1 } }, (answer) => {
				// At once: what follows it in the same packet is read already.
				if (answer.case === "joined") {
					this.room = answer.value.room?.id ?? "";
					this.epoch = answer.value.room?.epoch ?? 0;
					this.cursor = answer.value.page?.to ?? 0;
					if (read) this.beginReading();
				}
				resolve(answer);
			});
		});
		if (body.case !== "joined") throw new Error(`${this.name} could not join ${ref}: ${said(body)}`);
	}

	/** Goes on where `before` stood, as the same user, on this connection. */
	async resume(before: Peer): Promise<Body> {
		const { room, epoch, cursor: seq } = before;
		Object.assign(this, { room, epoch, cursor: seq, reading: before.reading, token: before.token });
		return this.hello({ case: "token", value: before.token }, [{ room, epoch, seq }]);
	}

	/** Says something; resolves with whether it was acknowledged. */
	say(text: string): Promise<boolean> {
		const { recorder, tally, name } = this.options;
		const cid = `${name}-${this.lastId + 1}-${crypto.randomUUID().slice(0, 8)}`;
		recorder.add({ kind: "invoke", session: name, user: this.user, room: this.room, cid, text });
		tally.offered++;
		return new Promise((resolve) => {
			this.put({ case: "send", value: { room: this.room, cid, text, behind: "" } }, (body) => {
				if (body.case === "sent") {
					const { room, epoch, seq } = body.value;
					recorder.add({ kind: "ok", session: name, cid, room, epoch, seq });
					tally.done++;
				} else if (body.case === "failure") {
					// Never repeated: it must never appear.
					recorder.add({ kind: "fail", session: name, cid, code: body.value.code });
					tally.failed(body.value);
				} else {
					recorder.add({ kind: "unknown", session: name, cid });
				}
				resolve(body.case === "sent");
			});
		});
	}

	/** Asks without writing it down. The body of no case: the connection was lost. */
	ask(command: Command): Promise<Body> {
		return new Promise((resolve) => this.put(command, resolve));
	}

	/** Reads nothing more, or goes on reading. */
	pause(paused: boolean): void {
		if (paused) this.socket?.pause();
		else this.socket?.resume();
	}

	until(holds: () => boolean, what: string, withinMs?: number): Promise<void> {
		return this.waiting.until(holds, () => `${what}, of ${this.name}: at ${this.cursor}, ${this.open} unanswered`, withinMs);
	}

	leave(): void {
		this.socket?.end();
		this.gone();
	}

	// ------------------------------------------------------------ helpers

	private put(command: Command, answer: (body: Body) => void): void {
		if (this.over) {
			answer({ case: undefined });
			return;
		}
		const id = ++this.lastId;
		this.answers.set(id, answer);
		const body = protoCodec.encodeUp(create(UpSchema, { id, command }));
		this.unsent.push(this.framer.encode(body as Uint8Array).slice());
		this.flush();
	}

	private flush(): void {
		if (this.unsent.length === 0 || this.socket === undefined || this.over) return;
		const whole = Buffer.concat(this.unsent);
		const taken = Math.max(0, this.socket.write(whole));
		this.unsent = taken < whole.length ? [whole.subarray(taken)] : [];
	}

	private hear(chunk: Uint8Array): void {
		let rest = chunk;
		if (this.preface !== undefined) {
			const answer = this.preface.push(chunk);
			if (answer.kind === "more") return;
			if (answer.kind !== "ok") {
				this.gone();
				return;
			}
			this.preface = undefined;
			rest = answer.rest;
		}
		this.framer.push(rest);
		for (let event = this.framer.next(); event !== undefined; event = this.framer.next()) {
			if (event.kind !== "frame") throw new Error(`${this.name} was sent a frame that is ${event.kind}`);
			this.take(protoCodec.decodeDown(event.body));
		}
		this.waiting.wake();
	}

	private take({ id, body }: Down): void {
		if (id > 0) {
			const answer = this.answers.get(id);
			this.answers.delete(id);
			answer?.(body);
			return;
		}
		switch (body.case) {
			case "entries":
				for (const entry of body.value.entries) this.give(entry, body.value.epoch);
				break;
			case "skipped": {
				const { room, from, to, reason, page } = body.value;
				const epoch = page?.epoch ?? this.epoch;
				this.skipped++;
				if (this.reading && to >= from) {
					const why = reason === Skipped_Reason.EPOCH ? "epoch" : "far";
					this.options.recorder.add({ kind: "skipped", reading: this.name, room, epoch, from, to, why });
				}
				for (const entry of page?.entries ?? []) this.give(entry, epoch);
				break;
			}
			case "ping":
				this.put({ case: "pong", value: { nonce: body.value.nonce } }, () => {});
				this.answers.delete(this.lastId);
				break;
			case "close":
				this.close = body.value;
				break;
			default:
		}
	}

	private give(entry: Entry, epoch: number): void {
		this.given++;
		if (entry.seq !== this.cursor + 1) this.gaps++;
		this.cursor = entry.seq;
		if (!this.reading) return;
		this.options.recorder.add({ kind: "recv", reading: this.name, room: this.room, epoch, entry: factsOf(entry) });
	}

	private beginReading(): void {
		const { room, epoch, cursor: after, name: reading, name: session, user } = this;
		this.reading = true;
		this.options.recorder.add({ kind: "resume", reading, session, user, room, epoch, after });
	}

	private gone(): void {
		if (this.over) return;
		this.over = true;
		for (const answer of this.answers.values()) answer({ case: undefined });
		this.answers.clear();
		this.waiting.wake();
	}
}

function said(body: Body): string {
	return body.case === "failure" ? `${body.value.code}: ${body.value.message}` : (body.case ?? "the connection ended");
}
