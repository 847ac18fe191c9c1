// The events of a recorded history, by the simulator or by clients of real processes; the checker reads nothing else. Events are in the
// order in which one recorder saw them; several recorders are merged by `atMs`, of one clock.
//
// A *session* is one client program with its outbox, restarts included. A *reading* is one application's way through one room's log; it
// outlives connections and restarts, because the application keeps its cursor.

/** An entry as far as it can be compared. */
export interface EntryFacts {
	readonly seq: number;
	readonly atMs: number;
	/** User id. */
	readonly sender: string;
	readonly cid: string;
	readonly what: "message" | "created" | "joined" | "left" | "renamed" | "invited" | "other";
	/** A message's text, a room's new name, or the invited user's id. */
	readonly text: string;
}

/** Which incarnation of which room. */
interface InLog {
	readonly room: string;
	readonly epoch: number;
}

export type HistoryEvent = { readonly atMs: number } & (
	| SendEvent
	| ReadingEvent
	| PageEvent
	| EndEvent
	| ServerEvent
	/** A remark for readers of the history; not checked. */
	| { readonly kind: "note"; readonly words: string }
);

/** A send, by cid: one `invoke`, then one outcome. */
export type SendEvent =
	| {
			readonly kind: "invoke";
			readonly session: string;
			readonly user: string;
			readonly room: string;
			readonly cid: string;
			readonly text: string;
	  }
	/** Acknowledged. */
	| ({ readonly kind: "ok"; readonly session: string; readonly cid: string; readonly seq: number } & InLog)
	/** Refused for good: it must never appear. */
	| { readonly kind: "fail"; readonly session: string; readonly cid: string; readonly code: string }
	/** The user sends it again, after later sends, although it may be in the log already. */
	| { readonly kind: "retry"; readonly session: string; readonly cid: string }
	/** Given up: it may be in the log or not. */
	| { readonly kind: "unknown"; readonly session: string; readonly cid: string };

export type ReadingEvent =
	/** The application starts or resumes after `after`: the next entry is `after + 1`. */
	| ({
			readonly kind: "resume";
			readonly reading: string;
			readonly session: string;
			readonly user: string;
			readonly after: number;
	  } & InLog)
	| ({ readonly kind: "recv"; readonly reading: string; readonly entry: EntryFacts } & InLog)
	/** `from` to `to` were reported as skipped; `epoch` is the one in which the reading continues. */
	| ({
			readonly kind: "skipped";
			readonly reading: string;
			readonly from: number;
			readonly to: number;
			readonly why: "far" | "epoch" | "trimmed";
	  } & InLog)
	/** The reading is over. */
	| { readonly kind: "ended"; readonly reading: string };

/** A request for a page of history, and its answer. */
export type PageEvent =
	| { readonly kind: "ask"; readonly session: string; readonly ask: number; readonly room: string }
	| ({
			readonly kind: "page";
			readonly session: string;
			readonly user: string;
			readonly ask: number;
			readonly from: number;
			readonly to: number;
			readonly head: number;
			readonly entries: readonly EntryFacts[];
	  } & InLog);

/** The final state, after recovery. */
export type EndEvent =
	/** No fault from here on: online clients must converge. */
	| { readonly kind: "healed" }
	/** A room's whole log, from the disk or from pages. */
	| ({ readonly kind: "log"; readonly entries: readonly EntryFacts[] } & InLog)
	/** The room as a session shows it. */
	| ({
			readonly kind: "state";
			readonly session: string;
			readonly asOf: number;
			readonly name: string;
			/** Members by id. */
			readonly members: readonly string[];
	  } & InLog)
	/** Presence as a session shows it; not known of the users in `unknown`. */
	| {
			readonly kind: "presence";
			readonly session: string;
			readonly room: string;
			readonly online: readonly string[];
			readonly unknown?: readonly string[];
	  }
	/** The users who are online. */
	| { readonly kind: "online"; readonly users: readonly string[] };

/** Events that only a recorder inside the server can see. Without them the clauses that need them are not checked. */
export type ServerEvent =
	/** Durable from now on. `handle`: the database handle that reported it. */
	| ({ readonly kind: "commit"; readonly from: number; readonly to: number; readonly handle?: string } & InLog)
	/** A sync of this handle has failed: nothing may be committed on it any more. */
	| { readonly kind: "broken"; readonly handle: string }
	/** An older state was restored: the log continues after `head` in another epoch. */
	| ({ readonly kind: "restored"; readonly before: number; readonly head: number } & InLog)
	/** A bounded thing was measured. */
	| { readonly kind: "bound"; readonly what: string; readonly value: number; readonly max: number };

export type History = readonly HistoryEvent[];

/** The event's line in an excerpt. */
export function render(event: HistoryEvent): string {
	const { atMs, kind, ...rest } = event;
	const fields = Object.entries(rest).map(([name, value]) => `${name}=${show(value)}`);
	return `${atMs.toFixed(1).padStart(9)} ${kind.padEnd(8)} ${fields.join(" ")}`;
}

function show(value: unknown): string {
	if (Array.isArray(value) && value.length > 6) return `[${value.length}: ${value.slice(0, 3).map(show).join(", ")}, …]`;
	if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
	if (typeof value === "object" && value !== null && "seq" in value) {
		const { seq, sender, what, text, cid } = value as EntryFacts;
		return `${seq}:${what}(${sender}${text === "" ? "" : ` ${JSON.stringify(text)}`}${cid === "" ? "" : ` ${cid}`})`;
	}
	return String(value);
}
