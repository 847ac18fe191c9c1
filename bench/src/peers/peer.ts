// The contract of a measured server. Each peer is an adapter: how it is started, how clients connect, join and send, and how deliveries
// are parsed. Reading, counting and timing are the generator's, the same for all.

import type { EpollLoop } from "../load/epoll-loop.ts";
import type { Delivery, DeliveryCounters, LoadConnection } from "../load/load-connection.ts";
import { parseMessageTexts } from "../load/message-text.ts";

export interface Peer {
	readonly name: string;
	/** What its acknowledgement guarantees, if it has one. */
	readonly durability: string;
	/** Features of a chat server that it lacks. */
	readonly doesNot: string;
	/** True for the C relay, the reference for all ratios. */
	readonly isLimit?: boolean;
	/** The server's process; it has no children. */
	readonly pid: number;
	/** Connects the receivers of one room. Called once per started server. */
	openRoom(loop: EpollLoop, receivers: number): Promise<BenchRoom>;
	stop(): Promise<void>;
}

/** One room: its receivers and its sender. */
export interface BenchRoom {
	readonly counters: DeliveryCounters;
	readonly receivers: readonly LoadConnection[];
	/** Sends texts in one write. */
	send(texts: readonly string[]): void;
	/** Acknowledged sends so far; undefined if the peer has no acknowledgements. */
	acked(): number | undefined;
	/** Errors that the server sent. */
	readonly refusals: readonly string[];
}

/** Thrown at start for a peer that is not installed here, with the reason. */
export class PeerUnavailable extends Error {}

/** The delivery of a frame whose order is known by the numbers in the texts only. */
export function deliveryOfTexts(payload: Buffer): Delivery | undefined {
	const { numbers, sentMs } = parseMessageTexts(payload.toString("latin1"));
	const [first] = numbers;
	const last = numbers.at(-1);
	if (first === undefined || last === undefined) return undefined;
	// -1 follows no cursor: the frame counts as out of order.
	const isDense = last - first + 1 === numbers.length;
	return { room: "", first: isDense ? first : -1, last, sentMs };
}
