// Writes down what the peers of an experiment see, for the checker of histories.
import type { EntryFacts, History, HistoryEvent } from "../history/events.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "atMs"> : never;

export class Recorder {
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
