// The life cycle of a connection as a table, shared by both ends: the server steps it by the messages that it receives, the client by those
// that it sends and their answers. A step that is not in the table is a protocol error. docs/protocol.md has the generated diagram.

/**
 * open: the transport is open, no hello yet. greeting: a hello is being checked. live: welcomed; commands are accepted. leaving: one side
 * has sent a close, and finishes its pending work. closed: final.
 */
export type ConnectionState = "open" | "greeting" | "live" | "leaving" | "closed";

/** hello, welcome, refused, command, close: messages. lost: the transport has ended, for any reason. */
export type ConnectionEvent = "hello" | "welcome" | "refused" | "command" | "close" | "lost";

export const LIFECYCLE: Readonly<Record<ConnectionState, Readonly<Partial<Record<ConnectionEvent, ConnectionState>>>>> = {
	open: { hello: "greeting", close: "leaving", lost: "closed" },
	// Commands wait for the welcome. After a refusal another hello may be sent, until the handshake's deadline.
	greeting: { command: "greeting", welcome: "live", refused: "open", close: "leaving", lost: "closed" },
	live: { command: "live", close: "leaving", lost: "closed" },
	leaving: { lost: "closed" },
	closed: {},
};

/** The state after `event`; undefined for a violation of the protocol. */
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
