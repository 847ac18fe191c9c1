// One pending send: the public `Delivery` and its promise. outbox.ts and send-scheduler.ts change its state.
import type { Sent } from "@verbatim/protocol";
import type { Delivery, DeliveryState, SendOptions } from "../api/api.ts";
import type { StoredSend } from "../api/outbox-store.ts";
import type { Clock } from "../base/clock.ts";
import { AbortedError, TimeoutError, type VerbatimError } from "../base/errors.ts";

export interface PendingSendPort {
	retry(item: PendingSend): void;
	discard(item: PendingSend, why?: VerbatimError): void;
}

export class PendingSend implements Delivery {
	/** Its record in the store. */
	stored: StoredSend;
	private readonly port: PendingSendPort;
	status: DeliveryState = { state: "waiting" };
	/** The store has it: it may be sent. */
	kept: boolean;
	/** Number of the current try; 0: none. Refusals of other tries are stale. */
	attempt = 0;
	/** It has been in flight at least once: it may be in the log. */
	tried = false;
	/** The unanswered send before it, as its current try says (`behind` on the wire). */
	behind: PendingSend | undefined;
	private promise: Promise<Sent> | undefined;
	private resolve: (sent: Sent) => void = () => {};
	private reject: (error: VerbatimError) => void = () => {};

	constructor(stored: StoredSend, kept: boolean, port: PendingSendPort) {
		this.stored = stored;
		this.kept = kept;
		this.port = port;
		this.renew();
	}

	get cid(): string {
		return cidOf(this.stored);
	}
	get room(): string {
		return this.stored.room;
	}
	get text(): string {
		return this.stored.text;
	}
	get atMs(): number {
		return this.stored.atMs;
	}
	get done(): Promise<Sent> {
		return this.promise as Promise<Sent>;
	}

	retry(): void {
		this.port.retry(this);
	}

	discard(): void {
		this.port.discard(this);
	}

	/** Rejects `done` by signal or time-out; discards a send that was never in flight. */
	bound({ signal, timeoutMs }: SendOptions, clock: Pick<Clock, "after">): void {
		const giveUp = (error: VerbatimError): void => {
			if (this.tried) this.reject(error);
			else this.port.discard(this, error);
		};
		const onAbort = (): void => giveUp(new AbortedError("send", signal?.reason));
		const cancel =
			timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => giveUp(new TimeoutError("send", timeoutMs)));
		const settled = (): void => {
			cancel?.();
			signal?.removeEventListener("abort", onAbort);
		};
		this.done.then(settled, settled);
		if (signal?.aborted) onAbort();
		else signal?.addEventListener("abort", onAbort, { once: true });
	}

	/** Replaces `done` after a rejection. */
	renew(): void {
		this.promise = new Promise((resolve, reject) => {
			this.resolve = resolve;
			this.reject = reject;
		});
		// No unhandled rejection: `status` reports the same.
		this.promise.catch(() => undefined);
	}

	/** It is in the log. */
	settle(sent: Sent): void {
		this.status = { state: "done", sent };
		this.resolve(sent);
	}

	/** Rejects `done`; the outbox sets the status. */
	fail(error: VerbatimError): void {
		this.reject(error);
	}
}

/** The idempotency key of its tries. */
export function cidOf({ cid, cidNow = cid }: StoredSend): string {
	return cidNow;
}
