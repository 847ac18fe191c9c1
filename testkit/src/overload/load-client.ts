// A client of the overload experiments: framed TCP by hand, without rate limits of its own, without retries of refused sends, and with a
// switch to stop reading. Records its history; counts refusals without a retry time.
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
import type { HistoryRecorder } from "./history-recorder.ts";

type Body = Down["body"];
type HelloValue = Extract<Command, { case: "hello" }>["value"];

const PREFACE: Preface = { codec: "proto", check: "crc32c", frame: "length" };

/** Totals over the clients of one experiment. */
export class Tally {
	offered = 0;
	done = 0;
	readonly refused = new Map<string, number>();
	/** Retryable refusals without a retry time. */
	untimed = 0;

	failed({ code, retry, retryAfterMs }: Pick<Failure, "code" | "retry" | "retryAfterMs">): void {
		this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
		if (retry && retryAfterMs === 0 && code !== "out_of_order") this.untimed++;
	}

	get refusals(): number {
		return [...this.refused.values()].reduce((sum, count) => sum + count, 0);
	}
}

export interface LoadClientOptions {
	readonly port: number;
	readonly name: string;
	readonly recorder: HistoryRecorder;
	readonly tally: Tally;
}

export class LoadClient {
	readonly name: string;
	user = "";
	/** The newest access token. */
	token = "";
	room = "";
	epoch = 0;
	/** Everything up to here was delivered or reported as skipped. */
	cursor = 0;
	/** `skipped` pushes. */
	skipped = 0;
	/** Delivered entries, and those of them that did not follow the cursor. */
	given = 0;
	gaps = 0;
	close: Close | undefined;
	private readonly options: LoadClientOptions;
	private readonly waiting = new Waiting();
	private readonly answers = new Map<number, (body: Body) => void>();
	private readonly framer = prefaceFramer(PREFACE, LIMITS.frameDownBytesMax);
	private preface: PrefaceAnswerReader | undefined = new PrefaceAnswerReader();
	private socket: Socket<undefined> | undefined;
	private unsent: Uint8Array[] = [];
	private lastId = 0;
	private reading = false;
	private over = false;

	private constructor(options: LoadClientOptions) {
		this.options = options;
		this.name = options.name;
	}

	/** Connects, without a hello. */
	static async connect(options: LoadClientOptions): Promise<LoadClient> {
		const client = new LoadClient(options);
		await Bun.connect<undefined>({
			hostname: "127.0.0.1",
			port: options.port,
			data: undefined,
			socket: {
				open: (socket) => {
					client.socket = socket;
					socket.write(renderPreface(PREFACE));
				},
				data: (_socket, chunk) => client.receive(chunk),
				drain: () => client.flush(),
				close: () => client.onClosed(),
				error() {},
			},
		});
		await client.until(() => client.preface === undefined || client.over, "the preface's answer");
		return client;
	}

	/** Connects and logs in as a guest. */
	static async guest(options: LoadClientOptions): Promise<LoadClient> {
		const client = await LoadClient.connect(options);
		const body = await client.hello({ case: "guest", value: { name: options.name } });
		if (body.case !== "welcome") throw new Error(`${options.name} was not let in: ${said(body)}`);
		return client;
	}

	get ended(): boolean {
		return this.over;
	}

	/** Outstanding commands. */
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

	/** Joins; with `read` deliveries are recorded from here on. */
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

	/** Resumes the session of `before`, by its token and cursor. */
	async resume(before: LoadClient): Promise<Body> {
		const { room, epoch, cursor: seq } = before;
		Object.assign(this, { room, epoch, cursor: seq, reading: before.reading, token: before.token });
		return this.hello({ case: "token", value: before.token }, [{ room, epoch, seq }]);
	}

	/** Sends a message; resolves with whether it was acknowledged. */
	send(text: string): Promise<boolean> {
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

	/** Sends a command, not recorded. A body without a case: the connection was lost. */
	ask(command: Command): Promise<Body> {
		return new Promise((resolve) => this.put(command, resolve));
	}

	/** Stops or resumes reading. */
	pause(paused: boolean): void {
		if (paused) this.socket?.pause();
		else this.socket?.resume();
	}

	until(holds: () => boolean, what: string, withinMs?: number): Promise<void> {
		return this.waiting.until(holds, () => `${what}, of ${this.name}: at ${this.cursor}, ${this.open} unanswered`, withinMs);
	}

	leave(): void {
		this.socket?.end();
		this.onClosed();
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

	private receive(chunk: Uint8Array): void {
		let rest = chunk;
		if (this.preface !== undefined) {
			const answer = this.preface.push(chunk);
			if (answer.kind === "more") return;
			if (answer.kind !== "ok") {
				this.onClosed();
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

	private onClosed(): void {
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
