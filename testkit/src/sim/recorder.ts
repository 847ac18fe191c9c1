// Records the history of a run with its virtual time, and the faults: errors that our own code threw or logged.
import type { Entry } from "@verbatim/protocol";
import type { EntryFacts, HistoryEvent } from "../history/events.ts";
import type { Scheduler } from "./scheduler.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "atMs"> : never;

export class Recorder {
	readonly history: HistoryEvent[] = [];
	/** Errors that must not be, in words. */
	readonly faults: string[] = [];
	private readonly scheduler: Scheduler;
	private closed = false;

	constructor(scheduler: Scheduler) {
		this.scheduler = scheduler;
	}

	add(event: WithoutTime<HistoryEvent>): void {
		if (this.closed) return;
		// In place: an event is made for this call, and there are many.
		this.history.push(Object.assign(event, { atMs: this.scheduler.nowMs }) as HistoryEvent);
	}

	/** The run is over: what its remains do while they are cleared away belongs to nobody. */
	close(): void {
		this.closed = true;
	}

	note(words: string): void {
		this.add({ kind: "note", words });
	}

	fault(where: string, cause: unknown): void {
		if (this.closed) return;
		const words = `${where}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
		this.faults.push(words);
		this.note(`FAULT ${words.split("\n")[0]}`);
	}
}

export function factsOf(entry: Entry): EntryFacts {
	const { seq, atMs, sender, cid, body } = entry;
	const facts = { seq, atMs, sender: sender?.id ?? "", cid };
	switch (body.case) {
		case "message":
			return { ...facts, what: "message", text: body.value.text };
		case "created":
		case "renamed":
			return { ...facts, what: body.case, text: body.value.name };
		case "invited":
			return { ...facts, what: "invited", text: body.value.user?.id ?? "" };
		case "joined":
		case "left":
			return { ...facts, what: body.case, text: "" };
		case undefined:
			return { ...facts, what: "other", text: "" };
	}
}
