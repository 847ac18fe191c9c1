// The contract of a transport: it carries frame bodies, whole and in order, and says when it is gone. Implementations lie
// beside it; one contract suite (client/test/transport/contract.ts) runs on each.
//
// It is all calls and call-backs, no promises: between a promise's resolution and its continuation a frame could slip by.
import type { CodecName } from "@verbatim/protocol";

/** Told by a connection, never from within `open` itself: first `opened` (if it comes to that), `closed` last and once. */
export interface ConnectionEvents {
	/** Frames can be sent. */
	opened(): void;
	/** One whole frame body, as codecs take it. Bytes are valid during the call only. */
	frame(body: Uint8Array | string): void;
	/** A frame came damaged and was dropped: what it carried is missing. */
	damaged(): void;
	/** The connection has ended, by whichever side, or never came to be. */
	closed(ending: Ending): void;
}

export interface Ending {
	/** From the closing handshake, where the transport has one and the peer gave one. See `CLOSES`. */
	readonly code?: number;
	readonly reason?: string;
	/** What broke, if something broke. */
	readonly cause?: unknown;
}

/** One connection, from the first attempt on. */
export interface Connection {
	/** Sends one frame. Before `opened` and after the end it does nothing. */
	send(body: Uint8Array | string): void;
	/** Bytes given to `send` that have not left this process, where the transport can tell; otherwise 0. */
	bufferedBytes(): number;
	/** Ends the connection after what was sent. */
	close(): void;
	/** Ends it at once, without waiting for a peer that is taken for gone. Like after `close`, `closed` is told. */
	abandon(): void;
}

export interface Transport {
	/** The URL schemes it serves, without colon: `ws`, `wss`, `tcp`, `tls`. */
	readonly schemes: readonly string[];
	/** Set where it cannot work in this runtime: what to do instead, for people. Then `open` is not called. */
	readonly unavailable?: string | undefined;
	/** Begins to connect. Everything that goes wrong is told by `events.closed`. */
	open(endpoint: URL, codec: CodecName, events: ConnectionEvents): Connection;
}
