// The contract between listeners and sessions. A listener makes a `Link`, opens a session on it, and passes on what it decodes; the session
// answers through the link.
import type { CloseName, ErrorCode, Up } from "@verbatim/protocol";
import type { Link } from "./link.ts";

/** The input of one connection's session. No call throws; after `lost` none has an effect. */
export interface SessionInput {
	/** The longest message at present; a longer one ends the connection as `too_large`, before it is decoded. */
	readonly frameBytesMax: number;
	/** One decoded message, of so many bytes. */
	receive(up: Up, bytes?: number): void;
	/** A message that could not be decoded: answered as `Failure` under its `id` (0: not readable); the connection stays open. `trace` is unchecked. */
	undecodable(code: ErrorCode, message: string, id?: number, bytes?: number, trace?: string): void;
	/** A sign of life on the transport: a ping or a pong of WebSocket. */
	alive(): void;
	/** The stream cannot be read any further, or a deadline of the listener has passed: say why and close. */
	end(why: CloseName, reason?: string): void;
	/** Everything written has been taken by the kernel. */
	drained(): void;
	/** The transport is gone. */
	lost(): void;
}

export interface SessionHost {
	open(link: Link): SessionInput;
}
