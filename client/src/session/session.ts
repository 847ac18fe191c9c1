// One connection's life on the client, by the table shared with the server: frames in and out, answers paired with what asked
// for them, the heartbeat. It knows nothing of rooms, and dies with its connection; what lasts is in client.ts.
//
// Answers are given by call-back, in the order of the wire: a promise would let what follows a `Joined` overtake it.
import {
	type Codec,
	type Command,
	type ConnectionEvent,
	type ConnectionState,
	create,
	DecodeError,
	type Down,
	EncodeError,
	nextState,
	UpSchema,
} from "@verbatim/protocol";
import type { Cancel } from "../clock.ts";
import {
	DisconnectedError,
	ProtocolError,
	RefusedError,
	ServerClosedError,
	TimeoutError,
	TransportError,
	VerbatimError,
} from "../errors.ts";
import type { Parts } from "../parts.ts";
import type { Connection, Ending, Transport } from "../transport/transport.ts";
import { Heartbeat, type Patience } from "./heartbeat.ts";
import type { Statistics } from "./statistics.ts";

export type Body = Down["body"];

/** Exactly one of the two is called, and once; `failed` also when the session ends first. */
export interface Answer {
	answered(body: Body): void;
	/** `RefusedError`, `TimeoutError`, `DisconnectedError`. */
	failed(error: VerbatimError): void;
}

/** What a session tells its owner. After `ended` nothing comes. */
export interface SessionPort {
	/** Frames can be sent: say hello. */
	opened(): void;
	/** Something that no request waits for: pushes, and answers that came too late. */
	push(body: Body): void;
	suspect(suspect: boolean): void;
	/** A frame was lost or made no sense. The session goes on. */
	damaged(problem: VerbatimError): void;
	ended(why: VerbatimError): void;
}

interface Request {
	readonly answer: Answer;
	readonly cancel: Cancel;
	readonly what: string;
	readonly askedAtMs: number;
}

export class Session {
	readonly endpoint: string;
	private readonly parts: Pick<Parts, "clock" | "timing">;
	private readonly codec: Codec;
	private readonly port: SessionPort;
	private readonly connection: Connection;
	private state: ConnectionState = "open";
	private readonly patience: Patience;
	private readonly statistics: Statistics;
	private pingedAtMs = 0;
	/** What has no answer yet, in the order of asking. */
	private readonly requests = new Map<number, Request>();
	private cancelDoubt: Cancel | undefined;
	private lastId = 0;
	private nonce = 0;
	private heartbeat: Heartbeat | undefined;

	/** `patience` and `statistics` outlive the session: they are the link's. */
	constructor(
		parts: Pick<Parts, "clock" | "timing">,
		transport: Transport,
		endpoint: URL,
		codec: Codec,
		patience: Patience,
		statistics: Statistics,
		port: SessionPort,
	) {
		this.parts = parts;
		this.patience = patience;
		this.statistics = statistics;
		this.codec = codec;
		this.port = port;
		this.endpoint = endpoint.href;
		this.connection = transport.open(endpoint, codec.name, {
			opened: () => {
				if (this.state === "open") port.opened();
			},
			frame: (body) => this.frame(body),
			damaged: () => {
				this.heartbeat?.hear();
				if (this.state !== "closed") port.damaged(new TransportError("a frame arrived damaged and was dropped"));
			},
			closed: (ending) => this.finish(endingError(ending)),
		});
	}

	get live(): boolean {
		return this.state === "live";
	}

	/** Sends a command and waits for its answer, `timeoutMs` at most. */
	request(command: Command, timeoutMs: number, answer: Answer): void {
		const what = command.case ?? "nothing";
		if (!this.step(what === "hello" ? "hello" : "command")) {
			answer.failed(new DisconnectedError(`${what}: the connection is ${this.state}`));
			return;
		}
		const id = this.nextId();
		let frame: Uint8Array | string;
		try {
			frame = this.codec.encodeUp(create(UpSchema, { id, command }));
		} catch (cause) {
			if (!(cause instanceof EncodeError)) throw cause;
			// The server would refuse it in the same words.
			if (what === "hello") this.step("refused");
			answer.failed(new RefusedError({ code: cause.code, message: cause.message, retry: false, retryAfterMs: 0, trace: "" }));
			return;
		}
		const cancel = this.parts.clock.after(timeoutMs, () => {
			this.requests.delete(id);
			answer.failed(new TimeoutError(what, timeoutMs));
		});
		this.requests.set(id, { answer, cancel, what, askedAtMs: this.parts.clock.monotonic() });
		this.send(frame);
		if (this.cancelDoubt === undefined) this.doubtAfter(this.parts.timing.suspectAfterMs);
	}

	/** Sends what nobody answers. Given up when the connection is not live or has more to send than it can. */
	post(command: Command): void {
		if (this.state !== "live" || this.connection.bufferedBytes() > 64 * 1024) return;
		this.send(this.codec.encodeUp(create(UpSchema, { command })));
	}

	/** The welcome has named the interval: watch it. */
	watch(intervalMs: number): void {
		const { clock, timing } = this.parts;
		this.heartbeat = new Heartbeat(clock, timing, this.patience, intervalMs || timing.heartbeatMs, {
			ping: () => this.ping(),
			suspect: (suspect) => this.port.suspect(suspect),
			gone: (silentMs) => this.abandon(new DisconnectedError(`nothing was heard for ${Math.round(silentMs / 1000)} s`)),
		});
		// Measures the round trip.
		this.ping();
	}

	private ping(): void {
		this.nonce = (this.nonce + 1) >>> 0;
		this.pingedAtMs = this.parts.clock.monotonic();
		const value = { nonce: this.nonce, intervalMs: 0 };
		this.send(this.codec.encodeUp(create(UpSchema, { command: { case: "ping", value } })));
	}

	/** See `Heartbeat.probe`. */
	probe(): void {
		this.heartbeat?.probe();
	}

	/** Ends it, after what was sent; `ended` is told at once. */
	close(why: VerbatimError): void {
		if (this.state === "closed") return;
		this.connection.close();
		this.finish(why);
	}

	/** Ends it at once: the peer is taken for gone, or does not make sense. */
	abandon(why: VerbatimError): void {
		if (this.state === "closed") return;
		this.connection.abandon();
		this.finish(why);
	}

	/** Looks, `ms` from now and for as long as something has no answer, whether the oldest question has waited too long for its own. */
	private doubtAfter(ms: number): void {
		this.cancelDoubt = this.parts.clock.after(ms, () => {
			this.cancelDoubt = undefined;
			const [oldest] = this.requests.values();
			if (oldest === undefined) return;
			const { suspectAfterMs } = this.parts.timing;
			const leftMs = oldest.askedAtMs + suspectAfterMs - this.parts.clock.monotonic();
			if (leftMs <= 0) this.heartbeat?.doubt();
			this.doubtAfter(leftMs > 0 ? leftMs : suspectAfterMs);
		});
	}

	private frame(body: Uint8Array | string): void {
		if (this.state === "closed") return;
		this.heartbeat?.hear();
		this.statistics.down(body);
		let down: Down;
		try {
			down = this.codec.decodeDown(body);
		} catch (cause) {
			if (!(cause instanceof DecodeError)) throw cause;
			this.port.damaged(new ProtocolError(`a frame could not be read: ${cause.message}`, { cause }));
			return;
		}
		if (down.id > 0) this.answer(down);
		else this.pushed(down.body);
	}

	private answer({ id, body }: Down): void {
		if (body.case === "pong") return;
		const request = this.requests.get(id);
		if (request === undefined) {
			this.port.push(body);
			return;
		}
		this.requests.delete(id);
		request.cancel();
		if (request.what === "hello") this.step(body.case === "welcome" ? "welcome" : "refused");
		if (body.case === "failure") request.answer.failed(new RefusedError(body.value));
		else request.answer.answered(body);
	}

	private pushed(body: Body): void {
		switch (body.case) {
			case "ping":
				this.heartbeat?.interval(body.value.intervalMs);
				this.send(this.codec.encodeUp(create(UpSchema, { command: { case: "pong", value: { nonce: body.value.nonce } } })));
				if (this.state === "live" && body.value.heads.length > 0) this.port.push(body);
				return;
			case "pong":
				if (body.value.nonce === this.nonce) this.statistics.roundTrip(this.parts.clock.monotonic() - this.pingedAtMs);
				return;
			case "close": {
				const { code, reason, reconnect, retryAfterMs } = body.value;
				this.close(new ServerClosedError(code, reason, reconnect, retryAfterMs));
				return;
			}
			default:
				// Rooms without a user would be nobody's.
				if (this.state === "live") this.port.push(body);
				else this.abandon(new ProtocolError("something was pushed before the welcome, which must have been lost"));
		}
	}

	private finish(why: VerbatimError): void {
		if (this.state === "closed") return;
		this.state = "closed";
		this.heartbeat?.stop();
		this.cancelDoubt?.();
		const requests = [...this.requests.values()];
		this.requests.clear();
		for (const { cancel } of requests) cancel();
		for (const { answer, what } of requests) {
			answer.failed(new DisconnectedError(`${what}: the connection ended before the answer`, { cause: why }));
		}
		this.port.ended(why);
	}

	private send(frame: Uint8Array | string): void {
		this.statistics.up(frame);
		this.connection.send(frame);
	}

	private step(event: ConnectionEvent): boolean {
		const next = nextState(this.state, event);
		if (next === undefined) return false;
		this.state = next;
		return true;
	}

	private nextId(): number {
		do this.lastId = (this.lastId % 0xffff_ffff) + 1;
		while (this.requests.has(this.lastId));
		return this.lastId;
	}
}

function endingError(ending: Ending): VerbatimError {
	const { code, reason, cause } = ending;
	if (code !== undefined && code >= 4000) return new ServerClosedError(code, reason ?? "");
	if (cause instanceof VerbatimError) return cause;
	return new TransportError(reason || "the connection was lost", { cause });
}
