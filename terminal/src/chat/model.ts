// The model that the parts of the chat share: the client, the UI state, and the only way to change it.
import type { Client, Clock, Room } from "@verbatim/client";
import { HOME, type Ui, withNotice } from "./state.ts";

export interface ChatModel {
	readonly client: Client;
	readonly clock: Clock;
	/** The current state. */
	readonly ui: Ui;
	/** Counts changes of the state and of the client's data. */
	readonly version: number;
	/** Replaces the state, and schedules a frame. */
	change(update: (ui: Ui) => Ui): void;
	/** Shown data of the client has changed: schedules a frame. */
	touch(): void;
	/** Calls back after changes, at most once per frame. */
	subscribe(listener: () => void): () => void;
	/** The shown room, if any. */
	room(): Room | undefined;
	/** Adds a notice to the view `where`, or to the shown one if that room was left. Default: the shown one. */
	notify(text: string, tone?: "info" | "error", where?: string): void;
}

/** Shortest interval between frames: 30 a second. */
const FRAME_MS = 33;

export function createModel(client: Client, clock: Clock, initial: Ui): ChatModel {
	let ui = initial;
	let version = 0;
	let due = false;
	let lastMs = Number.NEGATIVE_INFINITY;
	const listeners = new Set<() => void>();

	const model: ChatModel = {
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
			model.touch();
		},
		touch() {
			version++;
			if (due) return;
			due = true;
			// At once after an idle interval, for typing; rate-limited otherwise.
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
		notify(text, tone = "info", where = ui.current) {
			const room = client.rooms.get(where) ?? model.room();
			model.change((now) => withNotice(now, room?.id ?? HOME, { after: room?.to ?? 0, tone, text }));
		},
	};
	return model;
}
