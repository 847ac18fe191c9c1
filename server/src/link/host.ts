// The contract between the doors and the sessions behind them. A door makes a `Link`, opens a session on it, and passes on
// what it has decoded; the session answers through the link.
import type { CloseName, ErrorCode, Up } from "@verbatim/protocol";
import type { Link } from "./link.ts";

/** What a door tells the session of one connection. No call throws; after `lost` none has an effect. */
export interface SessionInput {
	/** How long a message may be now; a longer one ends the connection as `too_large`, before it is decoded. */
	readonly frameBytesMax: number;
	/** One decoded message, of so many bytes. */
	receive(up: Up, bytes?: number): void;
	/**
	 * One message that could not be decoded: answered as `Failure` under its `id`, where that much could be read (0 otherwise);
	 * the connection goes on. `trace` as it was read, unchecked.
	 */
	undecodable(code: ErrorCode, message: string, id?: number, bytes?: number, trace?: string): void;
	/** The transport itself was told that the peer lives: by a ping or a pong of WebSocket. */
	alive(): void;
	/** The stream is beyond reading, or a deadline of the door has passed: say why and close. */
	end(why: CloseName, reason?: string): void;
	/** Everything written has been taken by the kernel. */
	drained(): void;
	/** The transport is gone. */
	lost(): void;
}

export interface SessionHost {
	open(link: Link): SessionInput;
}
