// A transport without a network: both ends in one process, for tests and simulations. What is sent arrives in order, in a later
// microtask, as over a socket.
import type { CodecName } from "@verbatim/protocol";
import { TransportError } from "../errors.ts";
import type { ConnectionEvents, Ending, Transport } from "./transport.ts";

/** The server's end of one connection. */
export interface MemoryPeer {
	readonly endpoint: URL;
	/** Set these at once. */
	onFrame: (body: Uint8Array | string) => void;
	onClosed: () => void;
	send(body: Uint8Array | string): void;
	/** As if a frame had arrived with a wrong check. */
	damage(): void;
	/** Ends the connection, as the peer or the network would. */
	close(ending?: Ending): void;
}

/** `accept` is called for each connection, and may refuse it by returning false. The default schemes are `memory` only. */
export function memoryTransport(
	accept: (peer: MemoryPeer, codec: CodecName) => boolean,
	schemes: readonly string[] = ["memory"],
): Transport {
	return {
		schemes,
		open(endpoint, codec, events) {
			const toClient: ConnectionEvents = later(events);
			let open = true;
			const peer: MemoryPeer = {
				endpoint,
				onFrame: () => {},
				onClosed: () => {},
				send: (body) => void (open && toClient.frame(body)),
				damage: () => void (open && toClient.damaged()),
				close: (ending = { cause: new TransportError("the connection was lost") }) => end(ending),
			};
			const end = (ending: Ending): void => {
				if (!open) return;
				open = false;
				toClient.closed(ending);
				queueMicrotask(() => peer.onClosed());
			};
			if (accept(peer, codec)) toClient.opened();
			else end({ cause: new TransportError("the connection was refused") });
			return {
				send(body) {
					if (open) queueMicrotask(() => peer.onFrame(body));
				},
				bufferedBytes: () => 0,
				close: () => end({}),
				abandon: () => end({}),
			};
		},
	};
}

function later(events: ConnectionEvents): ConnectionEvents {
	return {
		opened: () => queueMicrotask(() => events.opened()),
		frame: (body) => queueMicrotask(() => events.frame(body)),
		damaged: () => queueMicrotask(() => events.damaged()),
		closed: (ending) => queueMicrotask(() => events.closed(ending)),
	};
}
