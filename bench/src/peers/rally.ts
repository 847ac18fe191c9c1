// How receivers of a peer that greets its clients by a conversation come together: a few at a time, each stepping through the peer's
// handshake, until all are in.
import { type Connection, Crowd, type Wire } from "../load/connection.ts";
import type { Swarm } from "../load/swarm.ts";
import type { Audience } from "./peer.ts";

export interface Rally {
	readonly port: number;
	/** How the bytes are cut before the conversation is over; the same as `wire` for most. */
	readonly opening: Wire;
	readonly wire: Wire;
	/** The first bytes that a client sends; undefined where the server speaks first. */
	hello(index: number): Uint8Array | undefined;
	/** Answers what the server says; "in" once it has let the client in, and again for all that comes later. */
	answer(payload: Buffer, connection: Connection, index: number): "in" | undefined;
	/** The bytes of one message. */
	message(text: string): Uint8Array;
	/** Whether the speaker hears itself; otherwise it is one more connection. */
	readonly echoes: boolean;
	/** Handshakes under way at once: fewer than the server's backlog, since a connection beyond it hangs for a second and more. */
	readonly atOnce: number;
}

const IN_MS = 60_000;

export async function rally(swarm: Swarm, count: number, peer: Rally): Promise<Audience> {
	const [crowd, speakers] = [new Crowd(), new Crowd()];
	const receivers: Connection[] = [];
	let areIn = 0;
	const enter = (index: number, into: Crowd): Connection => {
		const connection = swarm.connect(peer.port, peer.opening, into);
		let isIn = false;
		connection.onOther = (payload) => {
			if (peer.answer(payload, connection, index) !== "in" || isIn) return;
			isIn = true;
			areIn++;
		};
		const hello = peer.hello(index);
		if (hello !== undefined) connection.send(hello);
		return connection;
	};
	const speaker = peer.echoes ? undefined : enter(count, speakers);
	const target = peer.echoes ? count : count + 1;
	const isAllIn = await swarm.until(() => {
		while (receivers.length < count && receivers.length - areIn < peer.atOnce) receivers.push(enter(receivers.length, crowd));
		return areIn === target;
	}, IN_MS);
	if (!isAllIn) throw new Error(`only ${areIn} of ${target} clients got in`);
	return {
		crowd,
		receivers,
		say: (texts) => (speaker ?? receivers[0])?.send(Buffer.concat(texts.map((text) => peer.message(text)))),
		acked: () => undefined,
		refusals: [],
	};
}
