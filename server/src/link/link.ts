// The contract between a session and its transport: a WebSocket, a framed TCP connection, line mode, or the simulator's network. A session
// writes through it and knows nothing else of the transport.
import type { CloseName, CodecName, Down } from "@verbatim/protocol";

/** How a link's down messages are encoded. Fan-out encodes a message once per format; formats are few and compared by identity. */
export interface Format {
	/** For logs and metrics: `ws/json`, `tcp/proto+crc`, `line`. */
	readonly name: string;
	readonly codec: CodecName | "line";
	encode(down: Down): Encoded;
	/** The size of an encoded message in the outbox, in bytes. */
	size(encoded: Encoded): number;
}

/** One message, ready for the transport: framed bytes, a WebSocket text, or (in line mode) the message itself. */
export type Encoded = Uint8Array | string | Down;

export interface Link {
	readonly format: Format;
	/** The peer's address without port, behind trusted proxies; `unix` for a Unix socket. */
	readonly address: string;
	/**
	 * Does the client keep cursors, and can it resume on a new connection? False in line mode: a guest's name is released as soon as its last
	 * session ends.
	 */
	readonly resumable: boolean;
	/**
	 * Writes all messages in order, as one write; the list may be reused afterwards. The link buffers what the kernel does not take at once:
	 * `bufferedBytes` counts it, and the session's `drained` is called when it is written.
	 */
	write(messages: readonly Encoded[]): void;
	/** Bytes written and not yet taken by the kernel. */
	bufferedBytes(): number;
	/** Stops and restarts reading. Returns false where the transport cannot. */
	pauseReading(paused: boolean): boolean;
	/** Ends the connection after what was written. The session has already sent its `Close`. */
	close(why: CloseName): void;
}
