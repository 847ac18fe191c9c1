// Times of a run.
import { TIMING, type Timing } from "@verbatim/protocol";

/** Everything that lasts half a minute lasts about a second here: a run is eight seconds long. */
export const SIM_TIMING: Timing = {
	...TIMING,
	handshakeMs: 1_500,
	lineModeAfterMs: 800,
	frameMs: 1_500,
	heartbeatMs: 1_000,
	heartbeatUnsteadyMs: 700,
	heartbeatSlowMs: 1_500,
	stalledMs: 1_500,
	offlineGraceMs: 500,
	reconnectMinMs: 50,
	reconnectMaxMs: 1_000,
	stableMs: 500,
	connectMs: 1_200,
	answerMs: 1_200,
	suspectAfterMs: 400,
	pongMs: 600,
	faultMinMs: 20,
	faultMaxMs: 400,
	drainMs: 1_000,
};
