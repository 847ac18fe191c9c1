// Shorter timeouts than the defaults, for server and clients, so that faults can outlast them: a silent peer is closed after about
// four seconds.
import type { Timing } from "@verbatim/protocol";

export const CHAOS_TIMING = {
	handshakeMs: 4_000,
	frameMs: 4_000,
	heartbeatMs: 1_000,
	heartbeatUnsteadyMs: 700,
	heartbeatSlowMs: 1_500,
	stalledMs: 3_000,
	offlineGraceMs: 500,
	reconnectMinMs: 50,
	reconnectMaxMs: 1_000,
	stableMs: 1_000,
	connectMs: 4_000,
	answerMs: 4_000,
	suspectAfterMs: 1_500,
	pongMs: 2_500,
	drainMs: 3_000,
} as const satisfies Partial<Timing>;

/** The server's part of them, as flags. */
export const TIMING_FLAGS: readonly string[] = (
	[
		"handshakeMs",
		"frameMs",
		"heartbeatMs",
		"heartbeatUnsteadyMs",
		"heartbeatSlowMs",
		"stalledMs",
		"offlineGraceMs",
		"drainMs",
	] as const
).map((name) => `--timing.${name}=${CHAOS_TIMING[name]}`);
