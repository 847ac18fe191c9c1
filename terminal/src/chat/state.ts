// The UI state beside the client's: shown room, editors, scroll positions. Immutable values and pure functions; model.ts holds the
// current one.
import type { SkippedRange } from "@verbatim/client";
import type { Completion } from "../input/complete.ts";
import { type Editor, EMPTY } from "../input/editor.ts";
import { EMPTY_HISTORY, type InputHistory } from "../input/input-history.ts";
import type { Notice } from "../timeline/items.ts";
import type { Anchor } from "../timeline/viewport.ts";

/** The UI state of one room, or (under `HOME`) of none. */
export interface View {
	/** The draft of this room; kept while another room is shown. */
	readonly editor: Editor;
	/** The viewport's position in the timeline; undefined: it follows the end. */
	readonly anchor: Anchor | undefined;
	readonly notices: readonly Notice[];
	/** Seq of the first unseen entry when the room was opened. */
	readonly newFrom: number | undefined;
	/** Skipped ranges that may still be missing. */
	readonly skipped: readonly SkippedRange[];
	readonly older: "idle" | "loading" | "failed";
}

/** A prompt that takes the place of the composer. */
export interface Prompt {
	readonly prompt: string;
	/** The answer is masked. */
	readonly secret: boolean;
	readonly editor: Editor;
}

export interface Ui {
	readonly columns: number;
	readonly rows: number;
	/** Id of the shown room; `HOME` for none. */
	readonly current: string;
	readonly views: ReadonlyMap<string, View>;
	readonly ask: Prompt | undefined;
	readonly recall: InputHistory;
	/** Set while Tab is pressed repeatedly. */
	readonly completion: Completion | undefined;
	readonly leaving: boolean;
	readonly noticeId: number;
}

/** The id of the view without a room. */
export const HOME = "";

/** Notices per view; beyond, the oldest are dropped. */
export const NOTICES_MAX = 500;

const FRESH: View = { editor: EMPTY, anchor: undefined, notices: [], newFrom: undefined, skipped: [], older: "idle" };

export function initialUi(columns: number, rows: number): Ui {
	return {
		columns,
		rows,
		current: HOME,
		views: new Map(),
		ask: undefined,
		recall: EMPTY_HISTORY,
		completion: undefined,
		leaving: false,
		noticeId: 0,
	};
}

export function viewOf(ui: Ui, id: string = ui.current): View {
	return ui.views.get(id) ?? FRESH;
}

/** `ui` with fields of one view changed. */
export function withView(ui: Ui, id: string, change: Partial<View>): Ui {
	return { ...ui, views: new Map(ui.views).set(id, { ...viewOf(ui, id), ...change }) };
}

/** Adds a notice to one view, after the entry of seq `after`. */
export function withNotice(ui: Ui, id: string, notice: Omit<Notice, "id">): Ui {
	const notices = [...viewOf(ui, id).notices, { ...notice, id: ui.noticeId }].slice(-NOTICES_MAX);
	return { ...withView(ui, id, { notices }), noticeId: ui.noticeId + 1 };
}

/** The active editor: the prompt's, else the shown room's. */
export function activeEditor(ui: Ui): Editor {
	return ui.ask?.editor ?? viewOf(ui).editor;
}

export function withEditor(ui: Ui, editor: Editor): Ui {
	return ui.ask ? { ...ui, ask: { ...ui.ask, editor } } : withView(ui, ui.current, { editor });
}

/**
 * Shows another room, at its end, with a mark before its first unseen entry. The previous room loses its mark, and keeps its draft.
 */
export function withShownRoom(ui: Ui, id: string, newFrom: number | undefined): Ui {
	if (id === ui.current) return ui;
	const left = withView(ui, ui.current, { newFrom: undefined, anchor: undefined });
	return { ...withView(left, id, { newFrom, anchor: undefined }), current: id, completion: undefined };
}

/** Drops the views of all rooms: the user has changed. Keeps `HOME`. */
export function withoutRooms(ui: Ui): Ui {
	return { ...ui, current: HOME, completion: undefined, views: new Map([[HOME, viewOf(ui, HOME)]]) };
}
