// One send on its way: the public `Delivery` and the promise behind it. How it moves is decided in outbox.ts.
import type { Sent } from "@verbatim/protocol";
import type { Delivery, DeliveryState, SendOptions } from "../api.ts";
import type { Clock } from "../clock.ts";
import { AbortedError, TimeoutError, type VerbatimError } from "../errors.ts";
import type { StoredSend } from "./store.ts";

export interface ItemPort {
	retry(item: Item): void;
	discard(item: Item, why?: VerbatimError): void;
}

export class Item implements Delivery {
	/** As it is kept. */
	stored: StoredSend;
	private readonly port: ItemPort;
	status: DeliveryState = { state: "waiting" };
	/** It is kept, and may be tried. */
	kept: boolean;
	/** The number of the try that counts; 0 while there is none. Refusals of other tries are out of date. */
	attempt = 0;
	/** It has been on the wire: it may be in the log. */
	tried = false;
	/** The send that its present try stands behind. */
	behind: Item | undefined;
	private promise: Promise<Sent> | undefined;
	private resolve: (sent: Sent) => void = () => {};
	private reject: (error: VerbatimError) => void = () => {};

	constructor(stored: StoredSend, kept: boolean, port: ItemPort) {
		this.stored = stored;
		this.kept = kept;
		this.port = port;
		this.renew();
	}

	get cid(): string {
		return this.stored.cid;
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

	/** Ends the caller's waiting by signal or time; what was never on the wire is taken back then. */
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

	/** A new promise, after the one before was broken. */
	renew(): void {
		this.promise = new Promise((resolve, reject) => {
			this.resolve = resolve;
			this.reject = reject;
		});
		// Nobody has to handle it: the status says the same.
		this.promise.catch(() => undefined);
	}

	/** It is in the log. */
	settle(sent: Sent): void {
		this.status = { state: "done", sent };
		this.resolve(sent);
	}

	/** Breaks the promise; the status is for the outbox to set. */
	fail(error: VerbatimError): void {
		this.reject(error);
	}
}
