// Log lines of a session: its begin, its end with counts, and refusals. Never a message's text; of a refusal only the code, since
// its message may quote what a user wrote.
import type { CloseName, ErrorCode } from "@verbatim/protocol";
import type { LogFields } from "../base/log.ts";
import type { LogSampler } from "../limit/log-sampler.ts";
import type { Link } from "../link/link.ts";

export interface SessionFacts {
	readonly id: string;
	readonly link: Link;
	/** Its user's id; undefined before authentication. */
	readonly userId: string | undefined;
}

export interface SessionCounts {
	readonly ageMs: number;
	/** In line mode, of lines that were commands. */
	readonly bytesIn: number;
	readonly bytesOut: number;
	/** Messages from the client, pings among them. */
	readonly commands: number;
	readonly refused: number;
}

export interface RefusalFacts {
	readonly code: ErrorCode;
	/** The client's trace, or empty; and its id of the command. */
	readonly trace: string;
	readonly command: number;
	/** The name of the command; empty if it could not be decoded. */
	readonly name: string;
}

export function logBegin(lines: LogSampler, session: SessionFacts, client: string): void {
	const { address, format } = session.link;
	lines.line(
		{ about: "served", kind: "session begins", address },
		() => ({ session: session.id, user: session.userId, address, format: format.name, client }),
		"session begins",
	);
}

/** `why`: the close that was sent, or `gone` where the connection ended without one. */
export function logEnd(lines: LogSampler, session: SessionFacts, why: CloseName | "gone", counts: SessionCounts): void {
	const { address } = session.link;
	const isUser = session.userId !== undefined;
	lines.line(
		isUser ? { about: "served", kind: "session ends", address } : { about: "refused", kind: `ends nameless: ${why}`, address },
		() => ({ session: session.id, user: session.userId, address, why, ...counts }),
		isUser ? "session ends" : "connection ends without a session",
	);
}

export function logRefusal(lines: LogSampler, session: SessionFacts, { code, trace, command, name }: RefusalFacts): void {
	const { address } = session.link;
	lines.line(
		{ about: "refused", kind: `refused: ${code}`, address },
		() => ({ ...traced(trace), session: session.id, user: session.userId, address, code, command: name, id: command }),
		"refused",
	);
}

/** The trace as a log field, if there is one. */
export function traced(trace: string): LogFields {
	return trace === "" ? {} : { trace };
}
