// All times of the protocol's life in one object, in milliseconds: heartbeats, deadlines and reconnects. Configurable.

export interface Timing {
	/** A connection must have said its preface (TCP), sent its headers (HTTP) and its hello within this time. */
	readonly handshakeMs: number;
	/** A TCP connection that has said nothing for this long is a person with `nc`: line mode. */
	readonly lineModeAfterMs: number;
	/** A person in line mode who has said nothing for this long is hung up on: a listener may be silent for a day, a forgotten one not for ever. */
	readonly lineIdleMs: number;
	/** From a frame's first byte to its last, on TCP: nobody holds memory by sending a byte a second. */
	readonly frameMs: number;
	/** Heartbeat by the kind of link, measured by round-trips. */
	readonly heartbeatMs: number;
	readonly heartbeatUnsteadyMs: number;
	readonly heartbeatSlowMs: number;
	/** Heartbeats missed in a row until the other side is suspected, and until it is taken for gone. */
	readonly missedSuspect: number;
	readonly missedOffline: number;
	/** A reader that takes nothing at all for this long is closed as `slow`; its cursor keeps its place. */
	readonly stalledMs: number;
	/** Presence waits this long before it says "offline": a reload or a short drop is not an absence. */
	readonly offlineGraceMs: number;
	/** A client's reconnects: the first at once, then `reconnectMinMs` doubling to `reconnectMaxMs`, each with full jitter. */
	readonly reconnectMinMs: number;
	readonly reconnectMaxMs: number;
	/** A connection that held this long resets the back-off. */
	readonly stableMs: number;
	/** A client waits this long for a connection to be made and welcomed, and for an answer to a command. */
	readonly connectMs: number;
	readonly answerMs: number;
	/** A command without an answer makes the connection suspect after this long: it is pinged, and has `pongMs` to show any sign of life. */
	readonly suspectAfterMs: number;
	readonly pongMs: number;
	/** A client that was told `internal` waits before it sends the same again: at first, tripling, and at most. */
	readonly faultMinMs: number;
	readonly faultMaxMs: number;
	/** A server told to stop has this long to finish. */
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
