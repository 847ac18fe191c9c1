// The contract between a session and whatever carries its bytes: a WebSocket, a framed TCP connection, a person in line mode,
// or the simulator's network. A session writes through it and knows nothing else of the transport.
import type { CloseName, CodecName, Down } from "@verbatim/protocol";

/**
 * How a link wants its down messages. Fan-out encodes a message once per format, whatever the number of links that share it;
 * hence formats are compared by identity and there are only a handful.
 */
export interface Format {
	/** For logs and metrics: `ws/json`, `tcp/proto+crc`, `line`. */
	readonly name: string;
	readonly codec: CodecName | "line";
	encode(down: Down): Encoded;
	/** What an encoded message counts for in the outbox, in bytes. */
	size(encoded: Encoded): number;
}

/** One message, ready for the transport: framed bytes, a WebSocket text, or (in line mode) the message itself. */
export type Encoded = Uint8Array | string | Down;

export interface Link {
	readonly format: Format;
	/** The peer's address without port, after trusted proxies have been heard; `unix` for a Unix socket. */
	readonly address: string;
	/**
	 * Is the other side a client that keeps its cursors and may come back? False for a person in line mode: a guest's name is
	 * free again as soon as the last session ends.
	 */
	readonly lasting: boolean;
	/**
	 * Hands over everything that is due, in order, as one write; the list is the caller's again afterwards. What the kernel does not take at once is kept by the link;
	 * `bufferedBytes` counts it, and `drained` of the session is called when it is gone.
	 */
	write(messages: readonly Encoded[]): void;
	/** Bytes written and not yet taken by the kernel. */
	bufferedBytes(): number;
	/** Stops and restarts reading, where the transport can; elsewhere it does nothing and returns false. */
	pauseReading(paused: boolean): boolean;
	/** Ends the connection after what was written. The session has already sent its `Close`. */
	close(why: CloseName): void;
}
