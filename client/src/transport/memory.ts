// An in-process transport for tests and simulations. Frames arrive in order, in a later microtask, as over a socket.
import type { CodecName } from "@verbatim/protocol";
import type { Ending, Transport } from "../api/transport.ts";
import { TransportError } from "../base/errors.ts";

/** The server's end of one connection. */
export interface MemoryPeer {
	readonly endpoint: URL;
	/** To be set within `accept`. */
	onFrame: (body: Uint8Array | string) => void;
	onClosed: () => void;
	send(body: Uint8Array | string): void;
	/** Simulates a frame with a wrong checksum. */
	damage(): void;
	/** Ends the connection, as by the peer or the network. */
	close(ending?: Ending): void;
}

/**
 * `accept` is called for each connection; it refuses it by returning false.
 *
 * @example
 * ```ts
 * const transport = memoryTransport((peer) => {
 * 	peer.onFrame = (body) => answer(peer, protoCodec.decodeUp(body));
 * 	return true;
 * });
 * connect({ endpoints: "memory://test", transports: [transport], credential: { guest: "ann" } });
 * ```
 */
export function memoryTransport(
	accept: (peer: MemoryPeer, codec: CodecName) => boolean,
	schemes: readonly string[] = ["memory"],
): Transport {
	return {
		schemes,
		open(endpoint, codec, events) {
			let state: "opening" | "open" | "ended" = "opening";
			// Each event in a microtask of its own: callbacks are never called from within a call of the receiver.
			const peer: MemoryPeer = {
				endpoint,
				onFrame: () => {},
				onClosed: () => {},
				send: (body) => later(() => events.frame(body)),
				damage: () => later(() => events.damaged()),
				close: (ending = { cause: new TransportError("the connection was lost") }) => end(ending),
			};
			const later = (task: () => void): void => {
				if (state !== "ended") queueMicrotask(task);
			};
			const end = (ending: Ending): void => {
				if (state === "ended") return;
				state = "ended";
				queueMicrotask(() => {
					events.closed(ending);
					peer.onClosed();
				});
			};
			if (accept(peer, codec)) {
				queueMicrotask(() => {
					if (state === "ended") return;
					state = "open";
					events.opened();
				});
			} else {
				end({ cause: new TransportError("the connection was refused") });
			}
			return {
				send(body) {
					if (state === "open") queueMicrotask(() => peer.onFrame(body));
				},
				bufferedBytes: () => 0,
				close: () => end({}),
				abandon: () => end({}),
			};
		},
	};
}
