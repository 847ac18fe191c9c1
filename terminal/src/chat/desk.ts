// What the parts of the chat share: the client, the state of the screen, and the one way to change it.
import type { Client, Clock, Room } from "@verbatim/client";
import { HOME, told, type Ui } from "./state.ts";

export interface Desk {
	readonly client: Client;
	readonly clock: Clock;
	/** The state of this moment. */
	readonly ui: Ui;
	/** Counts changes: of the state, or of what the client holds. */
	readonly version: number;
	/** Makes another state of it, and shows it soon. */
	change(update: (ui: Ui) => Ui): void;
	/** Something that is shown is different: show it soon. */
	touch(): void;
	/** Calls back when there is something new to show, at most once per frame. */
	subscribe(listener: () => void): () => void;
	/** The room that is shown, if any. */
	room(): Room | undefined;
	/** Tells the user something, in the view `where`; in the one shown if that room is gone. Default: the one shown. */
	tell(text: string, tone?: "info" | "error", where?: string): void;
}

/** Frames are at least this far apart: 30 a second, as smooth as a terminal needs. */
const FRAME_MS = 33;

export function createDesk(client: Client, clock: Clock, initial: Ui): Desk {
	let ui = initial;
	let version = 0;
	let due = false;
	let lastMs = Number.NEGATIVE_INFINITY;
	const listeners = new Set<() => void>();

	const desk: Desk = {
		client,
		clock,
		get ui() {
			return ui;
		},
		get version() {
			return version;
		},
		change(update) {
			const next = update(ui);
			if (next === ui) return;
			ui = next;
			desk.touch();
		},
		touch() {
			version++;
			if (due) return;
			due = true;
			// The first change after a rest is shown at once, so that typing feels immediate; a flood is shown frame by frame.
			clock.after(Math.max(0, lastMs + FRAME_MS - clock.monotonic()), () => {
				due = false;
				lastMs = clock.monotonic();
				for (const listener of [...listeners]) listener();
			});
		},
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		room: () => client.rooms.get(ui.current),
		tell(text, tone = "info", where = ui.current) {
			const room = client.rooms.get(where) ?? desk.room();
			desk.change((now) => told(now, room?.id ?? HOME, { after: room?.to ?? 0, tone, text }));
		},
	};
	return desk;
}
