// A session's place in a room as a state table. Its events: joins of the session, notifications of the user's membership, moves
// of the cursor. A step that is not in the table is a bug, and ends the session. ARCHITECTURE.md shows the diagram made from it.
import { IllegalStep } from "../base/faults.ts";

/**
 * Without a subscription. unknown: before the welcome; notifications wait for it. absent: not a member. joining: this session's
 * join is in flight. overtaken: as joining, and the user has left since it began; if the join is answered all the same,
 * `roomRemoved` follows at once.
 *
 * With a subscription that is sent nothing yet. admitted: as joining, and the membership is notified; the join's answer tells the
 * client. rejoining: a join in a room that the client knows it is in. rejoiningStale: the same, from stale. announcing: a member
 * by another session's join; the room is being read for `roomAdded`.
 *
 * With a subscription that is sent entries; the client knows that it is in the room. live: the cursor is at the head, and pushes
 * move it. behind: moved from the log, at the client's pace. stale: the cursor is not of this log (another epoch, or beyond the
 * head); the client gets `skipped` and goes on at the newest page.
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
 * The welcome is sent. resume, resumeStale: it names the room as the user's, and the client's cursor belongs to the log, or does
 * not; welcome: it does not name it.
 *
 * Notifications, in any state. joined, left: an entry has made the user a member, or no member.
 *
 * Of this session's join. join: begun. failed: it will not be answered. answered: its answer, which sets the cursor, is sent.
 *
 * read: the room was read, to announce it.
 *
 * Of the cursor. lagged: it is before the head (a push was not taken, or the cursor was set there). skipped: it was set to the
 * newest page. caughtUp: it is at the head.
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
	/** The message that the client gets. */
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
		// The notification is still in flight.
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

/** Does this state have a subscription? */
export function hasSubscription(state: PlaceState): boolean {
	return !UNSUBSCRIBED.includes(state);
}

/** The step for `event` in `state`. Throws where the table has none: a bug, which ends the session. */
export function nextPlace(state: PlaceState, event: PlaceEvent): PlaceStep {
	const step = PLACES[state][event];
	if (step === undefined) throw new IllegalStep(state, event);
	return step;
}
