// All times of the protocol, in milliseconds: heartbeats, deadlines, reconnects. Configurable.

export interface Timing {
	/** Deadline of a connection's preface (TCP) or headers (HTTP), and of its hello. */
	readonly handshakeMs: number;
	/** A TCP connection that has sent nothing for this long is switched to line mode (`nc`). */
	readonly lineModeAfterMs: number;
	/** Idle time-out of a line-mode connection. */
	readonly lineIdleMs: number;
	/** Deadline from a frame's first byte to its last, on TCP: bounds memory held by slow senders. */
	readonly frameMs: number;
	/** Heartbeat interval, by the round-trip times of the connection. */
	readonly heartbeatMs: number;
	readonly heartbeatUnsteadyMs: number;
	readonly heartbeatSlowMs: number;
	/** Heartbeats missed in a row until the peer is suspect, and until it is considered dead. */
	readonly missedSuspect: number;
	readonly missedOffline: number;
	/** A connection whose outbox makes no progress for this long is closed as `slow`. The client resumes by its cursor. */
	readonly stalledMs: number;
	/** Delay before a user without a session is reported offline, so that a reload is not reported. */
	readonly offlineGraceMs: number;
	/** Reconnect back-off: the first attempt at once, then `reconnectMinMs` doubling to `reconnectMaxMs`, with full jitter. */
	readonly reconnectMinMs: number;
	readonly reconnectMaxMs: number;
	/** A connection that was live for this long resets the back-off. */
	readonly stableMs: number;
	/** A client's time-outs: of connecting, up to the welcome, and of an answer to a command. */
	readonly connectMs: number;
	readonly answerMs: number;
	/** A command without an answer makes the connection suspect after this time: the client pings, and gives it up after another `pongMs` of silence. */
	readonly suspectAfterMs: number;
	readonly pongMs: number;
	/** Back-off of a client after `internal`: first, tripling, and at most. */
	readonly faultMinMs: number;
	readonly faultMaxMs: number;
	/** Time-out of a server's drain. */
	readonly drainMs: number;
}

export const TIMING: Timing = {
	handshakeMs: 5_000,
	lineModeAfterMs: 500,
	lineIdleMs: 86_400_000,
	frameMs: 10_000,
	heartbeatMs: 30_000,
	heartbeatUnsteadyMs: 15_000,
	heartbeatSlowMs: 60_000,
	missedSuspect: 1,
	missedOffline: 3,
	stalledMs: 30_000,
	offlineGraceMs: 5_000,
	reconnectMinMs: 1_000,
	reconnectMaxMs: 30_000,
	stableMs: 10_000,
	connectMs: 10_000,
	answerMs: 10_000,
	suspectAfterMs: 3_000,
	pongMs: 5_000,
	faultMinMs: 1_000,
	faultMaxMs: 60_000,
	drainMs: 10_000,
};
