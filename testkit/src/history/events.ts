// What is written down while a system is watched: by the simulator, or by clients of real processes. The checker reads nothing
// else. Events stand in the order in which they happened, as one recorder saw it; where several recorders are merged, `atMs`
// of one clock puts them in order.
//
// A *session* is one device of a user for as long as its outbox lives, restarts included. A *reading* is one application's way
// through one room's log; it outlives connections and restarts, because the application keeps its place.

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
	/** Something happened to the system, in words: for people who read the history. Judged by nobody. */
	| { readonly kind: "note"; readonly words: string }
);

/** The life of a send, by cid: one `invoke`, then one ending. */
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
	/** Its user says it again, after what was said since, although it may be in the log already. */
	| { readonly kind: "retry"; readonly session: string; readonly cid: string }
	/** Nobody waits any more: it may be in the log or not. */
	| { readonly kind: "unknown"; readonly session: string; readonly cid: string };

export type ReadingEvent =
	/** The application reads on after `after`, which is its own choice: what follows is `after + 1`. */
	| ({
			readonly kind: "resume";
			readonly reading: string;
			readonly session: string;
			readonly user: string;
			readonly after: number;
	  } & InLog)
	| ({ readonly kind: "recv"; readonly reading: string; readonly entry: EntryFacts } & InLog)
	/** The reading was told that `from` to `to` are left out; `epoch` is the one in which it goes on. */
	| ({
			readonly kind: "skipped";
			readonly reading: string;
			readonly from: number;
			readonly to: number;
			readonly why: "far" | "epoch" | "trimmed";
	  } & InLog)
	/** It reads no more: left, or gone. */
	| { readonly kind: "ended"; readonly reading: string };

/** A page of history, asked for and given. */
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

/** What is looked at when everything has calmed down. */
export type EndEvent =
	/** No fault from here on: whoever is online must converge. */
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
	/** Who is online, as a session shows it or was told; of `unknown` it says nothing. */
	| {
			readonly kind: "presence";
			readonly session: string;
			readonly room: string;
			readonly online: readonly string[];
			readonly unknown?: readonly string[];
	  }
	/** Who is online in truth. */
	| { readonly kind: "online"; readonly users: readonly string[] };

/** What only a recorder inside the system can see. Without these events the clauses that need them are not judged. */
export type ServerEvent =
	/** Durable from now on. `handle` is the open database that says so. */
	| ({ readonly kind: "commit"; readonly from: number; readonly to: number; readonly handle?: string } & InLog)
	/** A sync of this handle has failed: nothing may be committed through it any more. */
	| { readonly kind: "broken"; readonly handle: string }
	/** An older state was put in place: the log goes on after `head` under another epoch. */
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
