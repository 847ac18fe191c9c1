// The life of a connection as a table, shared by both ends: the server steps through it by what it receives, the client by
// what it sends and is answered. What is not in the table is a protocol error. docs/protocol.md shows the diagram made from it.

/**
 * open: transport is up, nobody has said who is there. greeting: a hello is being checked. live: welcomed; commands flow.
 * leaving: one side has said goodbye and finishes what is under way. closed: nothing follows.
 */
export type ConnectionState = "open" | "greeting" | "live" | "leaving" | "closed";

/** hello, welcome, refused, command, close: messages on the wire. lost: the transport is gone, whoever's doing it was. */
export type ConnectionEvent = "hello" | "welcome" | "refused" | "command" | "close" | "lost";

export const LIFECYCLE: Readonly<Record<ConnectionState, Readonly<Partial<Record<ConnectionEvent, ConnectionState>>>>> = {
	open: { hello: "greeting", close: "leaving", lost: "closed" },
	// Commands wait for the welcome. A refused hello may be said again, with another name or password, until the handshake's deadline.
	greeting: { command: "greeting", welcome: "live", refused: "open", close: "leaving", lost: "closed" },
	live: { command: "live", close: "leaving", lost: "closed" },
	leaving: { lost: "closed" },
	closed: {},
};

/** The state after `event`, or undefined where the table has none: the peer (or this side) has broken the protocol. */
export function nextState(state: ConnectionState, event: ConnectionEvent): ConnectionState | undefined {
	return LIFECYCLE[state][event];
}

/** The table as a Mermaid state diagram, for docs/protocol.md. */
export function lifecycleDiagram(): string {
	const lines = ["stateDiagram-v2", "    [*] --> open"];
	for (const [from, events] of Object.entries(LIFECYCLE)) {
		for (const [event, to] of Object.entries(events)) lines.push(`    ${from} --> ${to}: ${event}`);
	}
	lines.push("    closed --> [*]");
	return lines.join("\n");
}
