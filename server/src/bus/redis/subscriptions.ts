// Keeps a set of channels subscribed over reconnections. Each connection is a new client: the library's own resubscription of thousands of
// channels does not end. Each channel has a command of its own (Redis Cluster: the channels of one command must share a slot), with a bound on
// commands in flight.
import type { Cancel, Clock, Random } from "../../base/clock.ts";
import { type Client, reconnectMs } from "./client.ts";

export interface SubscriptionsParts {
	readonly open: () => Client;
	readonly clock: Pick<Clock, "after">;
	readonly random: Pick<Random, "float">;
	/** One message of a channel that is or was wanted. */
	readonly received: (bytes: Uint8Array) => void;
	/** All that is wanted is subscribed again; what was published since the connection was lost did not come. */
	readonly restored: () => void;
}

/** Commands under way at once. */
const AT_ONCE_MAX = 200;

export class Subscriptions {
	private readonly parts: SubscriptionsParts;
	private readonly wanted = new Set<string>();
	/** Of the present connection, as the others below. */
	private active = new Set<string>();
	private underWay = new Set<string>();
	private due = new Set<string>();
	private client: Client | undefined;
	private retries = 0;
	private isRestoring = false;
	private isClosed = false;
	private cancelRetry: Cancel | undefined;

	constructor(parts: SubscriptionsParts) {
		this.parts = parts;
	}

	/** Connects, now or as soon as Redis can be reached. */
	start(): void {
		const client = this.parts.open();
		this.client = client;
		client.on("ready", () => this.connected());
		client.on("error", () => this.lost(client));
		client.connect().catch(() => this.lost(client));
	}

	add(channel: string): void {
		this.wanted.add(channel);
		this.look(channel);
	}

	remove(channel: string): void {
		this.wanted.delete(channel);
		this.look(channel);
	}

	close(): void {
		this.isClosed = true;
		this.cancelRetry?.();
		this.leave();
	}

	private connected(): void {
		this.isRestoring = true;
		this.due = new Set(this.wanted);
		this.next();
	}

	private lost(client: Client): void {
		if (this.client !== client || this.isClosed) return;
		this.leave();
		this.active = new Set();
		this.underWay = new Set();
		this.due = new Set();
		this.cancelRetry = this.parts.clock.after(reconnectMs(this.retries++, this.parts.random), () => this.start());
	}

	private leave(): void {
		if (this.client?.isOpen === true) this.client.destroy();
		this.client = undefined;
	}

	private look(channel: string): void {
		if (this.client?.isReady !== true) return;
		this.due.add(channel);
		this.next();
	}

	private next(): void {
		for (const channel of this.due) {
			if (this.underWay.size >= AT_ONCE_MAX) return;
			// Compared again when it is done.
			if (this.underWay.has(channel)) continue;
			this.due.delete(channel);
			if (this.wanted.has(channel) !== this.active.has(channel)) void this.change(channel, this.wanted.has(channel));
		}
		if (!this.isRestoring || this.underWay.size > 0) return;
		this.isRestoring = false;
		// Not before: a Redis that lets in and refuses to subscribe is asked ever more seldom.
		this.retries = 0;
		this.parts.restored();
	}

	/** Never rejects. */
	private async change(channel: string, on: boolean): Promise<void> {
		const { client, underWay, active } = this;
		underWay.add(channel);
		try {
			if (on) await client?.sSubscribe(channel, (bytes: Buffer) => this.parts.received(bytes), true);
			else await client?.sUnsubscribe(channel);
			if (on) active.add(channel);
			else active.delete(channel);
		} catch {
			// Connection lost, or refused (slot moved, permission missing): reconnect.
			if (client !== undefined && client === this.client) this.lost(client);
		}
		underWay.delete(channel);
		if (client === this.client) this.next();
	}
}
