// The client's life over all its connections, as a table. The life of the single connection is `LIFECYCLE` of the protocol;
// this one says what comes before, between and after.

/**
 * idle: nobody has said who is there. connecting: a transport is being opened. greeting: it is open, the hello is being
 * answered. live: welcomed. waiting: until the next attempt. stopped: no further attempt by itself.
 */
export type ClientState = "idle" | "connecting" | "greeting" | "live" | "waiting" | "stopped";

/**
 * start: there is a credential. due: the wait is over. opened, welcomed, lost: told by the connection. stop: closed by the
 * caller, or an error that trying again cannot heal. forget: logged out.
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

/** The state after `step`. What is not in the table is a mistake of this package. */
export function mustStep(state: ClientState, step: ClientStep): ClientState {
	const next = CLIENT_LIFECYCLE[state][step];
	if (next === undefined) throw new Error(`a client that is ${state} cannot ${step}`);
	return next;
}
