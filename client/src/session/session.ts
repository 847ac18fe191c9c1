// One connection on the client, by the life cycle shared with the server: frames, matching of answers to requests, heartbeat. It knows
// nothing of rooms, and ends with its connection; client.ts has the state that lasts.
//
// Answers are callbacks, in wire order: with a promise the pushes after a `Joined` would be processed before it.
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
import type { Connection, Ending, Transport } from "../api/transport.ts";
import type { Cancel } from "../base/clock.ts";
import {
	DisconnectedError,
	ProtocolError,
	RefusedError,
	ServerClosedError,
	TimeoutError,
	TransportError,
	VerbatimError,
} from "../base/errors.ts";
import { guarded } from "../base/events.ts";
import type { Parts } from "../base/parts.ts";
import { Heartbeat, type PongTimeout } from "./heartbeat.ts";
import type { Statistics } from "./statistics.ts";

export type Body = Down["body"];

/** Exactly one of the two is called, once; `failed` also when the session ends first. */
export interface AnswerHandler {
	answered(body: Body): void;
	/** `RefusedError`, `TimeoutError`, `DisconnectedError`. */
	failed(error: VerbatimError): void;
}

/** Callbacks of a session to its owner. None after `ended`. */
export interface SessionPort {
	/** Frames can be sent: send the hello. */
	opened(): void;
	/** A push, or an answer after its time-out. */
	push(body: Body): void;
	suspect(suspect: boolean): void;
	/** A frame was damaged or could not be decoded. The session goes on. */
	damaged(problem: VerbatimError): void;
	ended(why: VerbatimError): void;
}

interface Request {
	readonly handler: AnswerHandler;
	readonly cancel: Cancel;
	readonly what: string;
	readonly sentAtMs: number;
}

export class Session {
	readonly endpoint: string;
	private readonly parts: Pick<Parts, "clock" | "timing">;
	private readonly codec: Codec;
	private readonly port: SessionPort;
	private readonly connection: Connection;
	private state: ConnectionState = "open";
	private readonly pongTimeout: PongTimeout;
	private readonly statistics: Statistics;
	private pingedAtMs = 0;
	/** Requests without an answer, oldest first. */
	private readonly requests = new Map<number, Request>();
	private cancelOverdueCheck: Cancel | undefined;
	private lastId = 0;
	private nonce = 0;
	private heartbeat: Heartbeat | undefined;

	/** `pongTimeout` and `statistics` outlive the session: they belong to the connector. */
	constructor(
		parts: Pick<Parts, "clock" | "timing">,
		transport: Transport,
		endpoint: URL,
		codec: Codec,
		pongTimeout: PongTimeout,
		statistics: Statistics,
		port: SessionPort,
	) {
		this.parts = parts;
		this.pongTimeout = pongTimeout;
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
				this.heartbeat?.received();
				if (this.state !== "closed") port.damaged(new TransportError("a frame arrived damaged and was dropped"));
			},
			closed: (ending) => this.finish(endingError(ending)),
		});
	}

	get live(): boolean {
		return this.state === "live";
	}

	/** Sends a command and waits for its answer, `timeoutMs` at most. */
	request(command: Command, timeoutMs: number, handler: AnswerHandler): void {
		const what = command.case ?? "nothing";
		if (!this.step(what === "hello" ? "hello" : "command")) {
			handler.failed(new DisconnectedError(`${what}: the connection is ${this.state}`));
			return;
		}
		const id = this.nextId();
		let frame: Uint8Array | string;
		try {
			frame = this.codec.encodeUp(create(UpSchema, { id, command }));
		} catch (cause) {
			if (!(cause instanceof EncodeError)) throw cause;
			// The server would refuse it with the same error.
			if (what === "hello") this.step("refused");
			handler.failed(new RefusedError({ code: cause.code, message: cause.message, retry: false, retryAfterMs: 0, trace: "" }));
			return;
		}
		const cancel = this.parts.clock.after(timeoutMs, () => {
			this.requests.delete(id);
			handler.failed(new TimeoutError(what, timeoutMs));
		});
		this.requests.set(id, { handler, cancel, what, sentAtMs: this.parts.clock.monotonic() });
		this.send(frame);
		if (this.cancelOverdueCheck === undefined) this.checkOverdueIn(this.parts.timing.suspectAfterMs);
	}

	/** Sends an ephemeral command, which has no answer. Dropped if the session is not live or its socket is backed up. */
	post(command: Command): void {
		if (this.state !== "live" || this.connection.bufferedBytes() > 64 * 1024) return;
		this.send(this.codec.encodeUp(create(UpSchema, { command })));
	}

	/** Starts the heartbeat, at the interval of the welcome. */
	startHeartbeat(intervalMs: number): void {
		const { clock, timing } = this.parts;
		this.heartbeat = new Heartbeat(clock, timing, this.pongTimeout, intervalMs || timing.heartbeatMs, {
			ping: () => this.ping(),
			suspect: (suspect) => this.port.suspect(suspect),
			dead: (silentMs) => this.abandon(new DisconnectedError(`nothing was heard for ${Math.round(silentMs / 1000)} s`)),
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

	/** Closes the connection after pending frames; `ended` is called at once. */
	close(why: VerbatimError): void {
		if (this.state === "closed") return;
		this.connection.close();
		this.finish(why);
	}

	/** Destroys the connection: the peer is dead, or violates the protocol. */
	abandon(why: VerbatimError): void {
		if (this.state === "closed") return;
		this.connection.abandon();
		this.finish(why);
	}

	/** Checks, `ms` from now and while requests are pending, whether the oldest is overdue. */
	private checkOverdueIn(ms: number): void {
		this.cancelOverdueCheck = this.parts.clock.after(ms, () => {
			this.cancelOverdueCheck = undefined;
			const [oldest] = this.requests.values();
			if (oldest === undefined) return;
			const { suspectAfterMs } = this.parts.timing;
			const leftMs = oldest.sentAtMs + suspectAfterMs - this.parts.clock.monotonic();
			if (leftMs <= 0) this.heartbeat?.answerOverdue();
			this.checkOverdueIn(leftMs > 0 ? leftMs : suspectAfterMs);
		});
	}

	private frame(body: Uint8Array | string): void {
		if (this.state === "closed") return;
		this.heartbeat?.received();
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
		if (body.case === "failure") request.handler.failed(new RefusedError(body.value));
		else request.handler.answered(body);
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
				// A push before the welcome means that the welcome was lost: without it the user is not known.
				if (this.state === "live") this.port.push(body);
				else this.abandon(new ProtocolError("a push came before the welcome, which must have been lost"));
		}
	}

	private finish(why: VerbatimError): void {
		if (this.state === "closed") return;
		this.state = "closed";
		this.heartbeat?.stop();
		this.cancelOverdueCheck?.();
		const requests = [...this.requests.values()];
		this.requests.clear();
		for (const { cancel } of requests) cancel();
		for (const { handler, what } of requests) {
			const error = new DisconnectedError(`${what}: the connection ended before the answer`, { cause: why });
			guarded(() => handler.failed(error));
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
