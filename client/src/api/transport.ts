// Contract of a transport: it carries frame bodies, whole and in order, and reports the end of the connection. One contract suite
// (client/test/transport/contract.ts) runs on all implementations.
//
// Callbacks instead of promises: a frame could arrive between the resolution of a promise and its continuation.
import type { CodecName } from "@verbatim/protocol";

/** Callbacks of a connection; none during `open`. `opened` first, if it succeeds; `closed` last and once. */
export interface ConnectionEvents {
	/** Frames can be sent. */
	opened(): void;
	/** One whole frame body, for the codec. Bytes are valid during the call only. */
	frame(body: Uint8Array | string): void;
	/** A frame with a wrong checksum was dropped. */
	damaged(): void;
	/** The connection has ended, by either side, or could not be opened. */
	closed(ending: Ending): void;
}

export interface Ending {
	/** From the closing handshake, if there was one. See `CLOSES`. */
	readonly code?: number;
	readonly reason?: string;
	/** The error that ended it, if there was one. */
	readonly cause?: unknown;
}

/** One connection, from the first attempt on. */
export interface Connection {
	/** Sends one frame. Before `opened` and after the end it does nothing. */
	send(body: Uint8Array | string): void;
	/** Bytes given to `send` that have not left this process; 0 where the transport does not know. */
	bufferedBytes(): number;
	/** Ends the connection after pending frames. */
	close(): void;
	/** Ends it at once, without waiting for the peer. `closed` follows, as after `close`. */
	abandon(): void;
}

export interface Transport {
	/** The URL schemes it serves, without colon: `ws`, `wss`, `tcp`, `tls`. */
	readonly schemes: readonly string[];
	/** Set if it cannot work in this runtime: a message that says what to do instead. `open` is not called then. */
	readonly unavailable?: string | undefined;
	/** Starts to connect. All failures are reported by `events.closed`. */
	open(endpoint: URL, codec: CodecName, events: ConnectionEvents): Connection;
}
