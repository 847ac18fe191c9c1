// The client's state over all its connections, as a table. The state of a single connection is `LIFECYCLE` of the protocol; this one
// adds what comes before, between and after connections.

/**
 * idle: no credential. connecting: a transport is being opened. greeting: it is open, the hello is not answered yet. live: welcomed.
 * waiting: in back-off before the next attempt. stopped: no further attempt by itself.
 */
export type ClientState = "idle" | "connecting" | "greeting" | "live" | "waiting" | "stopped";

/**
 * start: there is a credential. due: the back-off has elapsed. opened, welcomed, lost: events of the connection. stop: closed by the
 * caller, or an error that is not retryable. forget: logged out.
 */
export type ClientStep = "start" | "due" | "opened" | "welcomed" | "lost" | "stop" | "forget";

export const CLIENT_LIFECYCLE: Readonly<Record<ClientState, Readonly<Partial<Record<ClientStep, ClientState>>>>> = {
	idle: { start: "connecting", stop: "stopped", forget: "idle" },
	connecting: { opened: "greeting", lost: "waiting", stop: "stopped", forget: "idle" },
	greeting: { welcomed: "live", lost: "waiting", stop: "stopped", forget: "idle" },
	live: { lost: "waiting", stop: "stopped", forget: "idle" },
	waiting: { due: "connecting", stop: "stopped", forget: "idle" },
	stopped: { start: "connecting", stop: "stopped", forget: "idle" },
};

/** The state after `step`. Throws for a step that is not in the table: a bug of this package. */
export function mustStep(state: ClientState, step: ClientStep): ClientState {
	const next = CLIENT_LIFECYCLE[state][step];
	if (next === undefined) throw new Error(`a client that is ${state} cannot ${step}`);
	return next;
}
