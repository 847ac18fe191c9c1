// What the bench asks of a server that it loads. Each peer is an adapter: how it is started, connected to, joined and spoken in, and
// how a delivery is recognised in its bytes. Everything else (reading, counting, timing) is the generator's, the same for all.
import type { Connection, Crowd, Delivery } from "../load/connection.ts";
import type { Swarm } from "../load/swarm.ts";
import { textsIn } from "../load/text.ts";

export interface Peer {
	readonly name: string;
	/** How sure its acknowledgement is, where it has one. */
	readonly durability: string;
	/** What it leaves out of what a chat needs. */
	readonly doesNot: string;
	/** Is it the one that only copies bytes, which all others are held against? */
	readonly isLimit?: boolean;
	/** The server's process; its threads are its own, it has no children. */
	readonly pid: number;
	/** Connects receivers of one room. Called once for each server started. */
	audience(swarm: Swarm, receivers: number): Promise<Audience>;
	stop(): Promise<void>;
}

/** Receivers of one room, and somebody who speaks in it. */
export interface Audience {
	readonly crowd: Crowd;
	readonly receivers: readonly Connection[];
	/** Says texts in one write. */
	say(texts: readonly string[]): void;
	/** Sends acknowledged so far; undefined where the peer acknowledges nothing. */
	acked(): number | undefined;
	/** What was refused, in the server's words. */
	readonly refusals: readonly string[];
}

/** A peer that is not here, with the reason, in place of one that is. */
export class Absent extends Error {}

/** The delivery of a frame in which only the texts' own numbers tell the order. */
export function deliveryOfTexts(payload: Buffer): Delivery | undefined {
	const { numbers, sentMs } = textsIn(payload.toString("latin1"));
	const [first] = numbers;
	const last = numbers.at(-1);
	if (first === undefined || last === undefined) return undefined;
	// A frame whose texts are not dense can follow nothing.
	const isDense = last - first + 1 === numbers.length;
	return { room: "", first: isDense ? first : -1, last, sentMs };
}
