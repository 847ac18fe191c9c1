// The bus of many machines: sharded pub/sub of Redis, a channel for each room that has subscribers here and each user who is here, and one that every node reads.
// A node delivers its own messages in the turn in which it publishes them, and takes only those of others from Redis. Without Redis a node
// goes on, and finds what others commit by comparison with the store.
import type { Cancel, Clock, Random } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Bus, BusMessage, BusStats, CommitMessage, Ephemeral, UserEvent } from "../bus.ts";
import type { RedisAddress } from "./address.ts";
import { type Channels, channelsOf } from "./channels.ts";
import { type Client, openClient } from "./client.ts";
import { decode, encodeBeat, encodeCommit, encodeOthers } from "./codec.ts";
import { Liveness } from "./liveness.ts";
import { Subscriptions } from "./subscriptions.ts";

export interface RedisBusOptions {
	readonly address: RedisAddress;
	/** Kept with the data: nodes of one cluster have the same. */
	readonly cluster: string;
	/** This process, unlike any other: ASCII, at most 64 characters. */
	readonly node: string;
	readonly clock: Pick<Clock, "monotonic" | "after">;
	readonly random: Pick<Random, "float">;
	readonly log: Pick<Log, "info" | "warn">;
}

/** Published and not yet taken by Redis; beyond, messages are dropped. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;
/** Presence is published once in this time, for all users together. */
const PRESENCE_EVERY_MS = 50;
export class RedisBus implements Bus {
	readonly lossy = true;
	private readonly options: RedisBusOptions;
	private readonly channels: Channels;
	private readonly publisher: Client;
	private readonly subscriptions: Subscriptions;
	private readonly liveness: Liveness;
	private receive: ((message: BusMessage) => void) | undefined;
	private changed: (() => void) | undefined;
	private isClosed = false;
	private held = 0;
	private heldBytes = 0;
	private dropped = 0;
	private presence: Extract<Ephemeral, { kind: "presence" }>[] = [];
	private cancelPresence: Cancel | undefined;

	constructor(options: RedisBusOptions) {
		this.options = options;
		this.channels = channelsOf(options.cluster);
		this.publisher = openClient("publish", options, true);
		this.subscriptions = new Subscriptions({
			...options,
			open: () => openClient("subscribe", options, false),
			received: (bytes) => this.received(bytes),
			restored: () => this.changed?.(),
		});
		this.liveness = new Liveness({
			clock: options.clock,
			publish: (number) => this.beat(number),
			changed: () => this.workingChanged(),
		});
		this.subscriptions.add(this.channels.nodes);
		this.subscriptions.add(this.channels.beats);
	}

	get working(): boolean {
		return this.liveness.working;
	}

	/** Connects, now or as soon as Redis can be reached. */
	start(): void {
		void this.publisher.connect().catch(() => undefined);
		this.subscriptions.start();
		this.liveness.start();
	}

	publish(message: BusMessage): void {
		if (this.isClosed) return;
		// Other nodes first: local subscribers may publish more.
		this.publishToOthers(message);
		this.receive?.(message);
	}

	listen(receive: (message: BusMessage) => void, changed: () => void): void {
		this.receive = receive;
		this.changed = changed;
	}

	followRoom(room: string): void {
		this.subscriptions.add(this.channels.room(room));
	}

	unfollowRoom(room: string): void {
		this.subscriptions.remove(this.channels.room(room));
	}

	followUser(user: string): void {
		this.subscriptions.add(this.channels.user(user));
	}

	unfollowUser(user: string): void {
		this.subscriptions.remove(this.channels.user(user));
	}

	stats(): BusStats {
		const { held, heldBytes, dropped } = this;
		return this.isClosed ? { held: 0, heldBytes: 0, dropped } : { held, heldBytes, dropped };
	}

	close(): void {
		if (this.isClosed) return;
		this.isClosed = true;
		this.liveness.stop();
		this.cancelPresence?.();
		this.presence = [];
		this.receive = undefined;
		this.changed = undefined;
		this.subscriptions.close();
		const { publisher, options } = this;
		if (!publisher.isOpen) return;
		// Other nodes need not wait for the next heartbeat.
		const last = publisher.isReady
			? publisher.sPublish(this.channels.beats, bufferOf(encodeBeat(options.node, 0)))
			: Promise.resolve(0);
		void last.catch(() => undefined).finally(() => publisher.isOpen && publisher.destroy());
	}

	private publishToOthers(message: BusMessage): void {
		const { node } = this.options;
		switch (message.kind) {
			case "commit":
				return this.send(this.channels.room(message.committed.room), encodeCommit(node, message satisfies CommitMessage));
			case "typing":
				return this.send(this.channels.room(message.room), encodeOthers(node, [message]));
			case "presence":
				this.presence.push(message);
				this.cancelPresence ??= this.options.clock.after(PRESENCE_EVERY_MS, () => this.flushPresence());
				return;
			default:
				return this.send(this.channels.user(message.user), encodeOthers(node, [message satisfies UserEvent]));
		}
	}

	private flushPresence(): void {
		this.cancelPresence = undefined;
		const messages = this.presence;
		this.presence = [];
		this.send(this.channels.nodes, encodeOthers(this.options.node, messages));
	}

	private send(channel: string, bytes: Uint8Array): void {
		if (!this.publisher.isReady || this.heldBytes + bytes.length > HELD_BYTES_MAX) {
			this.dropped++;
			return;
		}
		this.held++;
		this.heldBytes += bytes.length;
		const taken = (): void => {
			this.held--;
			this.heldBytes -= bytes.length;
		};
		this.publisher.sPublish(channel, bufferOf(bytes)).then(taken, () => {
			taken();
			this.dropped++;
		});
	}

	private beat(number: number): void {
		if (!this.publisher.isReady) return;
		this.publisher.sPublish(this.channels.beats, bufferOf(encodeBeat(this.options.node, number))).catch(() => undefined);
	}

	private received(bytes: Uint8Array): void {
		const received = decode(bytes);
		if (received === undefined) return;
		const { node, messages, beat } = received;
		const isOwn = node === this.options.node;
		if (beat !== undefined && isOwn) this.liveness.own(beat);
		else if (beat !== undefined) this.liveness.other(node, beat === 0);
		else if (!isOwn) for (const message of messages) this.receive?.(message);
	}

	private workingChanged(): void {
		const { log } = this.options;
		if (this.liveness.working) log.info({}, "the bus works");
		else if (!this.isClosed) log.warn({}, "the bus brings nothing: what other nodes say is read from the store until it does");
		this.changed?.();
	}
}

function bufferOf(bytes: Uint8Array): Buffer {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
