// Maintains one session: connects, sends the hello, renews tokens, and reconnects after a loss, at this endpoint or the next. It steps
// through the table of ../lifecycle.ts and reports each state as `Status`.
//
// Invariant: code that continues after a wait (timer, store, credential) first checks that its session is still the current one.
import type { Codec, Cursor, Tokens, Welcome } from "@verbatim/protocol";
import type { Credential, Status } from "../api/api.ts";
import type { Transport } from "../api/transport.ts";
import type { Cancel } from "../base/clock.ts";
import {
	ClosedError,
	ConnectError,
	ProtocolError,
	RefusedError,
	ServerClosedError,
	TimeoutError,
	TransportError,
	VerbatimError,
} from "../base/errors.ts";
import type { Parts } from "../base/parts.ts";
import { Backoff } from "./backoff.ts";
import { PongTimeout } from "./heartbeat.ts";
import type { Identity } from "./identity.ts";
import { type ClientState, type ClientStep, mustStep } from "./lifecycle.ts";
import { type Body, Session } from "./session.ts";
import type { Statistics } from "./statistics.ts";

/** Callbacks of the connector to its client. */
export interface ConnectorPort {
	/** The cursor of each room, for the next hello. */
	cursors(): Array<Pick<Cursor, "room" | "epoch" | "seq">>;
	/** The session is live. Pushes follow. */
	welcomed(welcome: Welcome): void;
	push(body: Body): void;
	/** A frame from the server was lost. */
	damaged(problem: VerbatimError): void;
	/** The live session has ended. */
	lost(): void;
	status(status: Status): void;
	problem(error: VerbatimError): void;
	tokens(tokens: Tokens): void;
}

export interface ConnectorOptions {
	readonly endpoints: readonly URL[];
	readonly transports: readonly Transport[];
	readonly codec: Codec;
	readonly client: string;
	readonly attemptsMax: number;
}

/** Longest timer for a token's renewal: some platforms limit timers to 2^31 ms. */
const RENEWAL_TIMER_MAX_MS = 24 * 3_600_000;
const RENEWAL_RETRY_MS = 30_000;

export class Connector {
	private readonly parts: Parts;
	private readonly options: ConnectorOptions;
	private readonly identity: Identity;
	private readonly port: ConnectorPort;
	private readonly backoff: Backoff;
	private readonly pongTimeout: PongTimeout;
	private readonly statistics: Statistics;
	private state: ClientState = "idle";
	private statusNow: Status = { state: "idle" };
	private session: Session | undefined;
	private endpointAt = 0;
	/** Start of the current attempt (monotonic ms). */
	private dialledAtMs = 0;
	/** The server asked for no attempt before this (monotonic ms). */
	private notBeforeMs = 0;
	/** Timer of the current state: the time-out of an attempt, or the end of the back-off. */
	private cancelTimer: Cancel = () => {};
	private cancelStable: Cancel = () => {};
	private cancelRenewal: Cancel = () => {};
	/** A token renewal was sent, and neither answered nor refused. */
	private renewing = false;

	constructor(parts: Parts, options: ConnectorOptions, identity: Identity, statistics: Statistics, port: ConnectorPort) {
		this.parts = parts;
		this.options = options;
		this.identity = identity;
		this.statistics = statistics;
		this.port = port;
		this.backoff = new Backoff(parts.timing, parts.random);
		this.pongTimeout = new PongTimeout(parts.timing.pongMs);
	}

	get status(): Status {
		return this.statusNow;
	}

	/** The session, if it is live. */
	get live(): Session | undefined {
		return this.session?.live ? this.session : undefined;
	}

	/** Connects, if there is a credential or a stored identity. */
	async start(): Promise<void> {
		let known = false;
		try {
			known = await this.identity.known();
		} catch (cause) {
			this.port.problem(new VerbatimError("the kept identity could not be read", { cause }));
			// Goes on with the caller's credential; the second call does not read the store again.
			known = await this.identity.known();
		}
		if (known && this.state === "idle") this.dial("start");
	}

	/** Switches to another credential, and reconnects at once. */
	logIn(credential: Credential): void {
		this.identity.replace(credential);
		this.drop(new ClosedError("another identity takes over"));
		this.to("forget");
		this.backoff.reset();
		this.dial("start");
	}

	/** Drops the session and the identity; stays idle until `logIn`. */
	async logOut(): Promise<void> {
		this.drop(new ClosedError("logged out"));
		this.to("forget");
		this.tell({ state: "idle" });
		await this.identity.forget();
	}

	stop(why: VerbatimError | "closed"): void {
		if (this.state === "stopped") return;
		this.drop(why === "closed" ? new ClosedError("the client was closed") : why);
		this.to("stop");
		this.tell({ state: "stopped", why });
	}

	/** Probes a live connection, abandons an attempt that hangs, or ends the back-off. */
	reconnect(): void {
		if (this.state === "live") this.session?.probe();
		else if (this.state === "connecting" || this.state === "greeting") this.abandonHangingAttempt();
		if (this.state === "waiting") this.dial("due");
	}

	/** The network is back, or the device awake: as `reconnect`, but keeps a delay that the server asked for. */
	wake(): void {
		if (this.state === "live" || this.parts.clock.monotonic() >= this.notBeforeMs) this.reconnect();
	}

	/** Only after `suspectAfterMs`: repeated calls of `reconnect` must not restart a slow attempt again and again. */
	private abandonHangingAttempt(): void {
		const ms = Math.round(this.parts.clock.monotonic() - this.dialledAtMs);
		if (ms < this.parts.timing.suspectAfterMs) return;
		this.session?.abandon(new TimeoutError("connecting", ms));
	}

	behind(behind: boolean): void {
		if (this.statusNow.state === "live") this.tell({ ...this.statusNow, behind });
	}

	/** The session's messages are inconsistent: starts a new one, whose hello carries the cursors. */
	resync(why: ProtocolError): void {
		const { live } = this;
		if (live === undefined) return;
		this.port.problem(why);
		live.abandon(why);
	}

	// ------------------------------------------------------------ one attempt

	private dial(step: "start" | "due"): void {
		this.cancelTimer();
		this.to(step);
		this.backoff.count();
		this.dialledAtMs = this.parts.clock.monotonic();
		const route = this.route();
		if (route instanceof TransportError) {
			this.stop(route);
			return;
		}
		const { endpoint, transport } = route;
		const session: Session = new Session(this.parts, transport, endpoint, this.options.codec, this.pongTimeout, this.statistics, {
			opened: () => this.opened(session),
			push: (body) => this.port.push(body),
			suspect: (suspect) => {
				if (this.statusNow.state === "live") this.tell({ ...this.statusNow, suspect });
			},
			damaged: (problem) => this.port.damaged(problem),
			ended: (why) => {
				if (this.session === session) this.ended(why);
			},
		});
		this.session = session;
		const { connectMs } = this.parts.timing;
		this.cancelTimer = this.parts.clock.after(connectMs, () => {
			const where = endpoint.host || endpoint.pathname;
			session.abandon(
				this.state === "connecting"
					? new ConnectError("timeout", where, `no answer within ${connectMs} ms`)
					: new TimeoutError(`saying hello to ${where}`, connectMs),
			);
		});
		this.tell({ state: "connecting", attempt: this.backoff.attempt, endpoint: endpoint.href });
	}

	/** The current endpoint, or the next one that a transport of this runtime serves. */
	private route(): { readonly endpoint: URL; readonly transport: Transport } | TransportError {
		const { endpoints, transports } = this.options;
		let trouble = "";
		for (let i = 0; i < endpoints.length; i++) {
			const endpoint = endpoints[this.endpointAt % endpoints.length] as URL;
			const scheme = endpoint.protocol.slice(0, -1);
			const transport = transports.find(({ schemes }) => schemes.includes(scheme));
			if (transport !== undefined && transport.unavailable === undefined) return { endpoint, transport };
			trouble =
				transport?.unavailable ?? `no transport for ${scheme}; there are ${transports.flatMap((t) => t.schemes).join(", ")}`;
			this.endpointAt++;
		}
		return new TransportError(trouble);
	}

	private opened(session: Session): void {
		if (this.session !== session) return;
		this.to("opened");
		this.identity.begin();
		void this.greet(session);
	}

	private async greet(session: Session): Promise<void> {
		let credential: Awaited<ReturnType<Identity["offer"]>>;
		try {
			credential = await this.identity.offer();
		} catch (cause) {
			session.close(new VerbatimError("the credential could not be obtained", { cause }));
			return;
		}
		if (this.session !== session || this.state !== "greeting") return;
		if (credential === undefined) {
			this.stop(this.identity.refusal ?? new VerbatimError("no credential is left: the stored tokens have expired; log in"));
			return;
		}
		const hello = { credential, client: this.options.client, cursors: this.port.cursors() };
		session.request({ case: "hello", value: hello }, this.parts.timing.connectMs, {
			answered: (body) => {
				if (body.case === "welcome") this.welcomed(session, body.value);
				else session.abandon(new ProtocolError(`a hello was answered by ${body.case ?? "something unknown"}`));
			},
			failed: (error) => {
				if (this.session !== session || !(error instanceof RefusedError)) return;
				if (error.retry) {
					session.close(error);
					return;
				}
				this.identity.refused(error);
				void this.greet(session);
			},
		});
	}

	private welcomed(session: Session, welcome: Welcome): void {
		if (this.session !== session) return;
		const { clock, timing } = this.parts;
		this.cancelTimer();
		this.to("welcomed");
		this.statistics.welcomed();
		this.notBeforeMs = 0;
		session.startHeartbeat(welcome.heartbeatMs);
		this.cancelStable = clock.after(timing.stableMs, () => this.backoff.reset());
		if (welcome.user !== undefined) this.identity.welcomed(welcome.user, welcome.tokens, welcome.nowMs);
		this.port.welcomed(welcome);
		// A listener may have closed the session.
		if (this.session !== session || !session.live) return;
		if (welcome.tokens !== undefined) {
			this.renewing = false;
			this.port.tokens(welcome.tokens);
		}
		this.planRenewal(session);
		this.tell({ state: "live", endpoint: session.endpoint, sinceMs: clock.now(), suspect: false, behind: false });
	}

	// ------------------------------------------------------------ end of a session

	private ended(why: VerbatimError): void {
		const wasLive = this.state === "live";
		this.statistics.failed(why);
		this.cancelTimers();
		this.identity.end();
		this.session = undefined;
		if (wasLive) this.port.lost();
		if (this.session !== undefined || this.state === "stopped" || this.state === "idle") return;
		const { attemptsMax } = this.options;
		if (isFinal(why)) {
			this.stop(this.identity.refusal !== undefined && this.state === "greeting" ? this.identity.refusal : why);
		} else if (attemptsMax > 0 && this.backoff.attempt >= attemptsMax) {
			this.stop(why);
		} else {
			this.waitAfter(why, wasLive);
		}
	}

	private waitAfter(why: VerbatimError, wasLive: boolean): void {
		const { clock } = this.parts;
		// After a failed attempt or a drain: the next endpoint. After a lost connection: the same one first.
		if (!wasLive || (why instanceof ServerClosedError && why.closeName === "draining")) this.endpointAt++;
		const advises = why instanceof RefusedError || why instanceof ServerClosedError || why instanceof ConnectError;
		const atLeastMs = advises ? why.retryAfterMs : 0;
		const delayMs = this.backoff.delayMs(atLeastMs);
		this.notBeforeMs = clock.monotonic() + atLeastMs;
		this.to("lost");
		this.cancelTimer = clock.after(delayMs, () => this.dial("due"));
		this.tell({ state: "waiting", attempt: this.backoff.attempt + 1, retryAtMs: clock.now() + delayMs, why });
	}

	/** Ends the session without reconnecting. */
	private drop(why: VerbatimError): void {
		const { session } = this;
		const wasLive = this.state === "live";
		this.cancelTimers();
		this.identity.end();
		this.session = undefined;
		session?.close(why);
		if (wasLive) this.port.lost();
	}

	// ------------------------------------------------------------ tokens

	/** Schedules the renewal of the access token on this connection, after four fifths of its lifetime. */
	private planRenewal(session: Session): void {
		const renewal = this.identity.renewal();
		if (renewal === undefined) return;
		// A renewal without an answer is repeated at once: the server accepts the old refresh token only for a while.
		const dueMs = this.renewing ? 0 : Math.max(1_000, renewal.leftMs * 0.8);
		this.cancelRenewal = this.parts.clock.after(Math.min(dueMs, RENEWAL_TIMER_MAX_MS), () => {
			if (dueMs > RENEWAL_TIMER_MAX_MS) this.planRenewal(session);
			else void this.renew(session);
		});
	}

	private async renew(session: Session): Promise<void> {
		await this.identity.reload();
		const refreshToken = this.identity.renewal()?.refresh;
		if (this.session !== session || !session.live || refreshToken === undefined) return;
		this.renewing = true;
		session.request({ case: "refresh", value: { refreshToken } }, this.parts.timing.answerMs, {
			answered: (body) => {
				if (this.session !== session || body.case !== "tokens") return;
				this.renewing = false;
				this.identity.renewed(body.value);
				this.port.tokens(body.value);
				this.planRenewal(session);
			},
			failed: (error) => {
				if (error instanceof RefusedError) this.renewing = false;
				if (this.session !== session || !session.live) return;
				this.port.problem(new VerbatimError("the token could not be renewed", { cause: error }));
				if (error instanceof RefusedError && !error.retry) return;
				const atLeastMs = error instanceof RefusedError ? error.retryAfterMs : 0;
				this.cancelRenewal = this.parts.clock.after(Math.max(RENEWAL_RETRY_MS, atLeastMs), () => void this.renew(session));
			},
		});
	}

	// ------------------------------------------------------------ helpers

	private to(step: ClientStep): void {
		this.state = mustStep(this.state, step);
	}

	private tell(status: Status): void {
		this.statusNow = status;
		this.port.status(status);
	}

	private cancelTimers(): void {
		this.cancelTimer();
		this.cancelStable();
		this.cancelRenewal();
	}
}

function isFinal(why: VerbatimError): boolean {
	if (why instanceof RefusedError) return !why.retry;
	return why instanceof ServerClosedError && !why.reconnect;
}
