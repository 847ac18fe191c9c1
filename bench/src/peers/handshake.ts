// Connects the receivers of a peer whose protocol has a handshake: a few at a time, until all have joined.

import type { EpollLoop } from "../load/epoll-loop.ts";
import { DeliveryCounters, type LoadConnection, type WireFormat } from "../load/load-connection.ts";
import type { BenchRoom } from "./peer.ts";

export interface PeerProtocol {
	readonly port: number;
	/** Wire format of the handshake; the same as `wireFormat` for most peers. */
	readonly handshakeFormat: WireFormat;
	readonly wireFormat: WireFormat;
	/** The first bytes that a client sends; undefined if the server sends first. */
	firstBytes(index: number): Uint8Array | undefined;
	/** Handles a frame of the handshake; returns "joined" once the client has joined, and for all later frames. */
	step(payload: Buffer, connection: LoadConnection, index: number): "joined" | undefined;
	/** The bytes of one message. */
	message(text: string): Uint8Array;
	/** Whether the sender receives its own messages; otherwise it is one more connection. */
	readonly echoesSender: boolean;
	/** Concurrent handshakes: below the server's backlog, since a connection beyond it hangs for a second or more. */
	readonly handshakesMax: number;
}

const JOIN_TIMEOUT_MS = 60_000;

export async function openRoomByHandshake(loop: EpollLoop, count: number, peer: PeerProtocol): Promise<BenchRoom> {
	const [counters, senders] = [new DeliveryCounters(), new DeliveryCounters()];
	const receivers: LoadConnection[] = [];
	let joinedCount = 0;
	const connect = (index: number, into: DeliveryCounters): LoadConnection => {
		const connection = loop.connect(peer.port, peer.handshakeFormat, into);
		let joined = false;
		connection.onOther = (payload) => {
			if (peer.step(payload, connection, index) !== "joined" || joined) return;
			joined = true;
			joinedCount++;
		};
		const firstBytes = peer.firstBytes(index);
		if (firstBytes !== undefined) connection.send(firstBytes);
		return connection;
	};
	const sender = peer.echoesSender ? undefined : connect(count, senders);
	const target = peer.echoesSender ? count : count + 1;
	const allJoined = await loop.until(() => {
		while (receivers.length < count && receivers.length - joinedCount < peer.handshakesMax)
			receivers.push(connect(receivers.length, counters));
		return joinedCount === target;
	}, JOIN_TIMEOUT_MS);
	if (!allJoined) throw new Error(`only ${joinedCount} of ${target} clients got in`);
	return {
		counters,
		receivers,
		send: (texts) => (sender ?? receivers[0])?.send(Buffer.concat(texts.map((text) => peer.message(text)))),
		acked: () => undefined,
		refusals: [],
	};
}
