// What the log tells of a session: that it begins and ends, with what it has cost, and each refusal. Of what was said there is never a word,
// and of a refusal its code alone: its message may repeat what somebody wrote.
import type { CloseName, ErrorCode } from "@verbatim/protocol";
import type { LogFields } from "../base/log.ts";
import type { LogSampler } from "../limit/log-sampler.ts";
import type { Link } from "../link/link.ts";

/** What a session counts of itself. */
export interface SessionFacts {
	readonly id: string;
	readonly link: Link;
	/** Its user's id, as far as it is somebody's. */
	readonly userId: string | undefined;
}

export interface SessionCounts {
	readonly ageMs: number;
	/** In line mode of the lines that were commands. */
	readonly bytesIn: number;
	readonly bytesOut: number;
	/** Messages from the client, pings among them. */
	readonly commands: number;
	readonly refused: number;
}

export interface RefusalFacts {
	readonly code: ErrorCode;
	/** The client's own trace, empty if it gave none; and its id of the command. */
	readonly trace: string;
	readonly command: number;
	/** The name of the command; empty for what could not be read. */
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

/** `why`: the close it was told, or `gone` where the connection ended without one. */
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

/** As a field; whoever gave none has none. */
export function traced(trace: string): LogFields {
	return trace === "" ? {} : { trace };
}
