// Records the history of an experiment's clients for the checker.
import type { EntryFacts, History, HistoryEvent } from "../history/events.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "atMs"> : never;

export class HistoryRecorder {
	private readonly events: HistoryEvent[] = [];

	add(event: WithoutTime<HistoryEvent>): void {
		this.events.push({ ...event, atMs: performance.now() });
	}

	get history(): History {
		return this.events;
	}

	/** `log` is the whole of one room's log. */
	end(room: string, epoch: number, entries: readonly EntryFacts[]): void {
		this.add({ kind: "log", room, epoch, entries });
		this.add({ kind: "healed" });
	}
}
