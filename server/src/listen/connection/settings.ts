// The limits of one connection's end and buffers, shared by TCP and WebSocket connections.
import type { CloseName } from "@verbatim/protocol";

export interface ConnectionSettings {
	/** The other side has this long to take the last words and to close. */
	readonly lingerMs: number;
	/** Past this, more is not read until everything written was taken: whoever does not listen is not answered any further. */
	readonly readPausedAtBytes: number;
	/** Past this, the connection is cut: no honest peer has so much unread. */
	readonly linkBytesMax: number;
	/** Read and forgotten after our last words, until the other side closes; past this, the connection is cut: it is a flood. */
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
