// States and errors of the client as text for the user.
import {
	type Client,
	ConnectError,
	RefusedError,
	type Room,
	type RoomInfo,
	type Status,
	TransportError,
	type VerbatimError,
} from "@verbatim/client";
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import { safeText } from "../text/safe.ts";
import { type Line, span } from "../text/spans.ts";

/** An error in one line, with the server's `retryAfterMs` if there is one. */
export function errorWords(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const after =
		(error instanceof RefusedError || error instanceof ConnectError) && error.retryAfterMs > 0
			? `; try again in ${secondsOf(error.retryAfterMs)} s`
			: "";
	return `${error.message}${after}`;
}

/** The state of the connection, with the reason. `known`: it was live before. */
export function statusLine(status: Status, nowMs: number, known = true): Line {
	switch (status.state) {
		case "idle":
			return [span("○ not connected: say who you are", "dim")];
		case "connecting":
			return [
				span(`◌ connecting to ${hostOf(status.endpoint)}${status.attempt > 1 ? ` (attempt ${status.attempt})` : ""}`, "warn"),
			];
		case "live":
			if (status.suspect) return [span("◌ live, but nothing was heard for a while: checking the connection", "warn")];
			if (status.behind) return [span("◌ behind: the server waits for this terminal and sends everything, later", "warn")];
			return [span("● live", "good")];
		case "waiting": {
			const inMs = Math.max(0, status.retryAtMs - nowMs);
			return [
				span(`○ reconnecting in ${secondsOf(inMs)} s`, "warn"),
				span(`: ${safeText(whyWords(status.why, known))} (/reconnect: now)`, "dim"),
			];
		}
		case "stopped":
			if (status.why === "closed") return [span("○ closed", "dim")];
			return [span("○ offline", "bad"), span(`: ${safeText(errorWords(status.why))}`, "dim")];
	}
}

/** Before the first connection an error without details becomes a hint at what to check. */
function whyWords(why: VerbatimError, known: boolean): string {
	return known || !(why instanceof TransportError) || why instanceof ConnectError
		? errorWords(why)
		: "no answer; does the server run, is its address right?";
}

/** Number of unacknowledged and failed sends; empty if there are none. */
export function outboxWords(client: Client): string {
	let failed = 0;
	let waiting = 0;
	for (const { status } of client.outbox) {
		if (status.state === "failed") failed++;
		else if (status.state === "waiting" || status.state === "sent") waiting++;
	}
	return [waiting > 0 ? `${waiting} unsent` : "", failed > 0 ? `${failed} failed` : ""].filter(Boolean).join(", ");
}

/** The joined rooms in the order of the list: channels, then conversations, each by name. */
export function roomsInOrder(client: Client): readonly Room[] {
	return [...client.rooms.values()].sort(
		(a, b) => Number(a.kind === Room_Kind.DIRECT) - Number(b.kind === Room_Kind.DIRECT) || compare(a.title, b.title),
	);
}

/** `#name` or `@peer`, also of a room that the user is not a member of. */
export function titleOf(info: RoomInfo): string {
	return info.kind === Room_Kind.DIRECT ? `@${info.peer?.name ?? "?"}` : `#${info.name}`;
}

/** A room in the answer to /rooms. */
export function roomWords(info: RoomInfo): string {
	const people = info.members === 0 ? "nobody in it" : info.members === 1 ? "1 person" : `${info.members} people`;
	const kind = info.kind === Room_Kind.PRIVATE ? ", private" : "";
	const standing =
		info.standing === Room_Standing.INVITED ? ", you are invited" : info.standing === Room_Standing.NONE ? "" : ", you are in it";
	return `${safeText(titleOf(info))}  ${people}${kind}${standing}`;
}

/** `tea` or `#tea` as the wire's `#tea`. */
export function channelRef(name: string): string {
	return name.startsWith("#") || name.startsWith("@") ? name : `#${name}`;
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

function secondsOf(ms: number): string {
	return ms < 1_000 ? (ms / 1_000).toFixed(1) : String(Math.ceil(ms / 1_000));
}

function hostOf(endpoint: string): string {
	return URL.canParse(endpoint) ? new URL(endpoint).host : endpoint;
}
