// Request and answer, within the caller's bounds. A call waits for the connection, and out what the server refuses for the moment; an
// idempotent one is repeated after a disconnect.
import type { Command, Timing } from "@verbatim/protocol";
import type { CallOptions, Status } from "./api/api.ts";
import type { Clock, Random } from "./base/clock.ts";
import { ENDED } from "./base/ended.ts";
import {
	AbortedError,
	ClosedError,
	DisconnectedError,
	ProtocolError,
	RefusedError,
	TimeoutError,
	VerbatimError,
} from "./base/errors.ts";
import { faultWaitMs, isEndedByFault, isInternal } from "./base/fault.ts";
import { passesByItself, RefusalWaits } from "./base/refusal-waits.ts";
import type { Body, Session } from "./session/session.ts";

export interface CallsPort {
	readonly status: Status;
	/** The session, if it is live. */
	readonly session: Session | undefined;
}

type CallTiming = Pick<Timing, "answerMs" | "faultMinMs" | "faultMaxMs">;

export class Calls {
	private readonly clock: Clock;
	private readonly random: Pick<Random, "float">;
	private readonly timing: CallTiming;
	private readonly port: CallsPort;
	private readonly waiters = new Set<() => void>();
	private readonly refusals: RefusalWaits;

	constructor(clock: Clock, random: Pick<Random, "float">, timing: CallTiming, port: CallsPort) {
		this.clock = clock;
		this.random = random;
		this.timing = timing;
		this.port = port;
		this.refusals = new RefusalWaits(random);
	}

	statusChanged(): void {
		for (const wake of [...this.waiters]) wake();
	}

	/**
	 * Sends `command` within the bounds. Repeats it while it is refused as `rate_limited` or `busy`, which means that it was not
	 * executed; an idempotent one also after a disconnect or a time-out. A call whose time ends while it is refused rejects with the
	 * refusal. `apply` gets the answer in wire order, also one that arrives after the caller has aborted.
	 */
	async call(command: Command, options: CallOptions, apply?: (body: Body) => void): Promise<Body> {
		const what = command.case ?? "";
		const repeatable = REPEATABLE.has(what);
		/** The answer to the newest try. */
		let refusal: RefusedError | undefined;
		let settled = (): void => {};
		const repeat = async (signal: AbortSignal, leftMs: () => number): Promise<Body> => {
			for (let tries = 0; ; ) {
				const session = await this.live(signal);
				let waitMs: number | undefined;
				refusal = undefined;
				try {
					return await this.once(session, command, repeatable ? Math.min(leftMs(), this.timing.answerMs) : leftMs(), apply);
				} catch (error) {
					if (signal.aborted) throw error;
					if (passesByItself(error)) {
						if (tries++ === 0) settled = this.refusals.begin();
						refusal = error;
						waitMs = this.refusals.callWaitMs(error, tries, leftMs());
						if (waitMs === undefined) throw error;
					} else if (!repeatable || !isLost(error)) throw error;
				}
				if (waitMs !== undefined) await this.pause(waitMs, signal);
			}
		};
		try {
			return await this.bounded(what, options, repeat, () => refusal);
		} finally {
			settled();
		}
	}

	/**
	 * As `call`, over any number of reconnects, time-outs and retryable refusals, until the signal; calls that are refused meanwhile go
	 * first. `command` gets the number of lost answers, and may request less: on a lossy link a short answer may arrive where a long
	 * one does not.
	 */
	async persist(command: (lost: number) => Command, signal: AbortSignal): Promise<Body> {
		for (let tries = 0, lost = 0, faults = 0; ; tries++) {
			await this.callsFirst(signal);
			const session = await this.live(signal);
			let waitMs = this.refusals.waitMs(0, tries);
			try {
				return await this.once(session, command(lost), this.timing.answerMs);
			} catch (error) {
				// Backs off even if only this command fails: each `internal` may end the session, for other commands too.
				if (isInternal(error)) waitMs = faultWaitMs(++faults, this.timing, this.random);
				else if (error instanceof RefusedError && error.retry) waitMs = this.refusals.waitMs(error.retryAfterMs, tries);
				else if (error instanceof DisconnectedError) waitMs = isEndedByFault(error) ? waitMs : 0;
				else if (!(error instanceof TimeoutError)) throw error;
				// A refusal is an answer, not a lost one.
				if (!(error instanceof RefusedError)) lost++;
			}
			if (waitMs > 0) await this.pause(waitMs, signal);
		}
	}

	/** Waits until no refused call waits; `answerMs` at most, or a call without a time-out could hold it up for ever. */
	private async callsFirst(signal: AbortSignal): Promise<void> {
		const enough = new AbortController();
		const stop = (): void => enough.abort(ENDED);
		signal.addEventListener("abort", stop, { once: true });
		const cancel = this.clock.after(this.timing.answerMs, stop);
		await this.refusals.idle(enough.signal);
		cancel();
		signal.removeEventListener("abort", stop);
	}

	/** Resolves with the session once it is live; rejects when the client has stopped, and with the signal. */
	live(signal: AbortSignal): Promise<Session> {
		return new Promise((resolve, reject) => {
			const settle = (): void => {
				this.waiters.delete(look);
				signal.removeEventListener("abort", look);
			};
			const look = (): void => {
				const { session, status } = this.port;
				if (signal.aborted) reject(new AbortedError("waiting for the connection", signal.reason));
				// Only once the status is live: by then rooms and listeners have processed the welcome.
				else if (session !== undefined && status.state === "live") resolve(session);
				else if (status.state === "stopped") reject(stoppedError(status.why));
				else return;
				settle();
			};
			this.waiters.add(look);
			signal.addEventListener("abort", look);
			look();
		});
	}

	/** Runs `task` within the caller's bounds; the signal it gets ends with them. `reason`: the error of a call that is too late. */
	async bounded<T>(
		what: string,
		{ signal, timeoutMs = this.timing.answerMs }: CallOptions,
		task: (signal: AbortSignal, leftMs: () => number) => Promise<T>,
		reason: () => VerbatimError | undefined = () => undefined,
	): Promise<T> {
		const control = new AbortController();
		const deadlineMs = this.clock.monotonic() + timeoutMs;
		let settle = (): void => {};
		const bounds = new Promise<never>((_, reject) => {
			const end = (error: VerbatimError): void => {
				reject(error);
				control.abort(error);
			};
			const tooLate = (): void => {
				const { status } = this.port;
				end(reason() ?? new TimeoutError(what, timeoutMs, status.state === "waiting" ? status.why : undefined));
			};
			const cancel = timeoutMs === Number.POSITIVE_INFINITY ? () => {} : this.clock.after(timeoutMs, tooLate);
			const onAbort = (): void => end(new AbortedError(what, signal?.reason));
			settle = () => {
				cancel();
				signal?.removeEventListener("abort", onAbort);
			};
			if (signal?.aborted) onAbort();
			else signal?.addEventListener("abort", onAbort, { once: true });
		});
		try {
			return await Promise.race([bounds, task(control.signal, () => Math.max(1, deadlineMs - this.clock.monotonic()))]);
		} finally {
			settle();
			// Cancels what the task still runs.
			if (!control.signal.aborted) control.abort(ENDED);
		}
	}

	private once(session: Session, command: Command, timeoutMs: number, apply?: (body: Body) => void): Promise<Body> {
		return new Promise((resolve, reject) => {
			session.request(command, timeoutMs, {
				answered: (body) => {
					try {
						apply?.(body);
						resolve(body);
					} catch (error) {
						reject(
							error instanceof VerbatimError ? error : new ProtocolError("the answer could not be processed", { cause: error }),
						);
					}
				},
				failed: reject,
			});
		});
	}

	private pause(ms: number, signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			const onAbort = (): void => {
				cancel();
				reject(new AbortedError("waiting to ask again", signal.reason));
			};
			const cancel = this.clock.after(ms, () => {
				signal.removeEventListener("abort", onAbort);
				resolve();
			});
			if (signal.aborted) onAbort();
			else signal.addEventListener("abort", onAbort, { once: true });
		});
	}
}

/** Idempotent commands. */
const REPEATABLE: ReadonlySet<string> = new Set(["join", "leave", "invite", "history", "rooms", "who"]);

function isLost(error: unknown): boolean {
	return error instanceof DisconnectedError || error instanceof TimeoutError;
}

export function stoppedError(why: VerbatimError | "closed"): VerbatimError {
	return why === "closed" ? new ClosedError("the client was closed") : why;
}
