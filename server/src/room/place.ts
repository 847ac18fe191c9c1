// A session's place in a room as a table: what the session does, what is notified of the user's membership, and how far the session has been
// sent. What is not in the table is our own bug, and ends the session. ARCHITECTURE.md shows the diagram made from it.
import { IllegalStep } from "../base/faults.ts";

/**
 * Without a subscription:
 * unknown: the welcome is not out; what is notified waits for it. absent: not a member. joining: a join of this session is under way.
 * overtaken: as joining, and the user has left since it began: if it is answered nevertheless, the room is removed right after.
 *
 * With a subscription that is held, nothing is sent:
 * admitted: as joining, and the membership is notified; the client is told by the join's answer. rejoining: a join in a room that the client
 * knows it is in. rejoiningStale: the same, from stale. announcing: a member by another session's doing; the room is being read for `roomAdded`.
 *
 * With a subscription that is sent to; the client knows that it is in the room:
 * live: its cursor stands at the head, or a push before it; pushes move it. behind: moved from the log, at the client's own pace.
 * stale: its cursor does not belong to this log (another epoch, or beyond the head): the client is told and begins anew.
 */
export type PlaceState =
	| "unknown"
	| "absent"
	| "joining"
	| "overtaken"
	| "admitted"
	| "rejoining"
	| "rejoiningStale"
	| "announcing"
	| "live"
	| "behind"
	| "stale";

/**
 * The welcome is out. resume, resumeStale: it names the room as the user's, and the client's cursor belongs to the log, or does not;
 * welcome: it does not name it.
 * Notified, in any state: joined, left: of the entry that makes the user a member, or no member.
 * This session's join: join: begun. failed: it will not be answered. answered: its answer, which sets the cursor, is out.
 * read: of the room, to announce it.
 * Of the cursor: lagged: it is before the head (a push was not taken, or a cursor was set there). skipped: it was set to the newest page.
 * caughtUp: it is at the head.
 */
export type PlaceEvent =
	| "welcome"
	| "resume"
	| "resumeStale"
	| "joined"
	| "left"
	| "join"
	| "failed"
	| "answered"
	| "read"
	| "lagged"
	| "skipped"
	| "caughtUp";

export interface PlaceStep {
	readonly to: PlaceState;
	/** What the client is told. */
	readonly notifies?: "roomAdded" | "roomRemoved" | "skipped";
}

type Row = Readonly<Partial<Record<PlaceEvent, PlaceStep>>>;

const to = (state: PlaceState, notifies?: PlaceStep["notifies"]): PlaceStep =>
	notifies === undefined ? { to: state } : { to: state, notifies };

export const PLACES: Readonly<Record<PlaceState, Row>> = {
	unknown: {
		welcome: to("absent"),
		resume: to("live"),
		resumeStale: to("stale"),
		joined: to("unknown"),
		left: to("unknown"),
	},
	absent: {
		joined: to("announcing"),
		left: to("absent"),
		join: to("joining"),
	},
	joining: {
		joined: to("admitted"),
		left: to("overtaken"),
		failed: to("absent"),
		// The notification is still on its way.
		answered: to("live"),
	},
	overtaken: {
		joined: to("admitted"),
		left: to("overtaken"),
		failed: to("absent"),
		answered: to("absent", "roomRemoved"),
	},
	admitted: {
		joined: to("admitted"),
		// Told of neither.
		left: to("overtaken"),
		failed: to("announcing"),
		answered: to("live"),
		read: to("admitted"),
	},
	rejoining: {
		joined: to("rejoining"),
		left: to("overtaken", "roomRemoved"),
		failed: to("live"),
		answered: to("live"),
		read: to("rejoining"),
	},
	rejoiningStale: {
		joined: to("rejoiningStale"),
		left: to("overtaken", "roomRemoved"),
		failed: to("stale"),
		answered: to("live"),
	},
	announcing: {
		joined: to("announcing"),
		// Told of neither.
		left: to("absent"),
		join: to("admitted"),
		read: to("live", "roomAdded"),
	},
	live: {
		joined: to("live"),
		left: to("absent", "roomRemoved"),
		join: to("rejoining"),
		read: to("live"),
		lagged: to("behind"),
	},
	behind: {
		joined: to("behind"),
		left: to("absent", "roomRemoved"),
		join: to("rejoining"),
		read: to("behind"),
		skipped: to("behind", "skipped"),
		caughtUp: to("live"),
	},
	stale: {
		joined: to("stale"),
		left: to("absent", "roomRemoved"),
		join: to("rejoiningStale"),
		skipped: to("behind", "skipped"),
	},
};

const UNSUBSCRIBED: readonly PlaceState[] = ["unknown", "absent", "joining", "overtaken"];

/** Has the session a subscription in this state? */
export function hasSubscription(state: PlaceState): boolean {
	return !UNSUBSCRIBED.includes(state);
}

/** The step that `event` makes from `state`. Throws where the table has none: our bug, which ends the session in which it is met. */
export function nextPlace(state: PlaceState, event: PlaceEvent): PlaceStep {
	const step = PLACES[state][event];
	if (step === undefined) throw new IllegalStep(state, event);
	return step;
}

/** The table as a Mermaid state diagram, without the events that change nothing and of which nothing is told. */
export function placeDiagram(): string {
	const lines = ["stateDiagram-v2", "    [*] --> unknown"];
	for (const [from, row] of Object.entries(PLACES)) {
		for (const [event, step] of Object.entries(row)) {
			if (step.to === from && step.notifies === undefined) continue;
			lines.push(`    ${from} --> ${step.to}: ${event}${step.notifies === undefined ? "" : ` / ${step.notifies}`}`);
		}
	}
	return lines.join("\n");
}
