// The limits of one connection's end and buffers, shared by TCP and WebSocket connections.
import type { CloseName } from "@verbatim/protocol";

export interface ConnectionSettings {
	/** The peer's time to read the last message and to close. */
	readonly lingerMs: number;
	/** Backpressure: with more than this unwritten, reading pauses until all is written. */
	readonly readPausedAtBytes: number;
	/** With more than this unwritten, the connection is cut. */
	readonly linkBytesMax: number;
	/** Bytes read and discarded after our last message until the peer closes; beyond, the connection is cut as a flood. */
	readonly lingerBytesMax: number;
}

export const CONNECTION_SETTINGS: ConnectionSettings = {
	lingerMs: 5_000,
	readPausedAtBytes: 1024 * 1024,
	linkBytesMax: 32 * 1024 * 1024,
	lingerBytesMax: 1024 * 1024,
};

/** Closes for what the peer has sent: after the last words the connection is no longer read and is cut after `FLOOD_LINGER_MS`. */
export const FLOOD_CLOSES: ReadonlySet<CloseName> = new Set(["busy", "protocol", "too_large", "unauthorized"]);

/** The time that such a peer has to read the last words, ms. */
export const FLOOD_LINGER_MS = 500;
