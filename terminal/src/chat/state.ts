// What the terminal knows beside the client: which room is shown, what is being written, where one has scrolled to. Values and
// pure changes; chat.ts holds the one that is true now.
import type { SkippedRange } from "@verbatim/client";
import type { Completion } from "../input/complete.ts";
import { type Editor, EMPTY } from "../input/editor.ts";
import { NO_RECALL, type Recall } from "../input/recall.ts";
import type { Notice } from "../timeline/items.ts";
import type { Anchor } from "../timeline/viewport.ts";

/** What belongs to one room, or (under `HOME`) to none. */
export interface View {
	/** What is being written there: it stays while one looks elsewhere. */
	readonly editor: Editor;
	/** Where the window onto the timeline stands; undefined: it follows the end. */
	readonly anchor: Anchor | undefined;
	readonly notices: readonly Notice[];
	/** Seq of the first entry that had not been seen when the room was opened. */
	readonly newFrom: number | undefined;
	/** Ranges that were not sent, as far as they may still be missing. */
	readonly skipped: readonly SkippedRange[];
	readonly older: "idle" | "loading" | "failed";
}

/** A question that must be answered before anything is said. The composer asks it. */
export interface Ask {
	readonly prompt: string;
	/** The answer is not shown. */
	readonly secret: boolean;
	readonly editor: Editor;
}

export interface Ui {
	readonly columns: number;
	readonly rows: number;
	/** The room shown, by id; `HOME` for none. */
	readonly current: string;
	readonly views: ReadonlyMap<string, View>;
	readonly ask: Ask | undefined;
	readonly recall: Recall;
	/** Set while Tab is pressed again and again. */
	readonly completion: Completion | undefined;
	readonly leaving: boolean;
	readonly noticeId: number;
}

/** The view of somebody who is in no room. */
export const HOME = "";

/** Notices kept per view: beyond, the oldest go. */
export const NOTICES_MAX = 500;

const FRESH: View = { editor: EMPTY, anchor: undefined, notices: [], newFrom: undefined, skipped: [], older: "idle" };

export function initialUi(columns: number, rows: number): Ui {
	return {
		columns,
		rows,
		current: HOME,
		views: new Map(),
		ask: undefined,
		recall: NO_RECALL,
		completion: undefined,
		leaving: false,
		noticeId: 0,
	};
}

export function viewOf(ui: Ui, id: string = ui.current): View {
	return ui.views.get(id) ?? FRESH;
}

/** The same with parts of one view changed. */
export function withView(ui: Ui, id: string, change: Partial<View>): Ui {
	return { ...ui, views: new Map(ui.views).set(id, { ...viewOf(ui, id), ...change }) };
}

/** Tells something in one view, after the entry of seq `after`. */
export function told(ui: Ui, id: string, notice: Omit<Notice, "id">): Ui {
	const notices = [...viewOf(ui, id).notices, { ...notice, id: ui.noticeId }].slice(-NOTICES_MAX);
	return { ...withView(ui, id, { notices }), noticeId: ui.noticeId + 1 };
}

/** What is being written: the answer to the question, or else the text for the room. */
export function editorIn(ui: Ui): Editor {
	return ui.ask?.editor ?? viewOf(ui).editor;
}

export function withEditor(ui: Ui, editor: Editor): Ui {
	return ui.ask ? { ...ui, ask: { ...ui.ask, editor } } : withView(ui, ui.current, { editor });
}

/**
 * Shows another room: at its end, with a mark before what is new. The room that is left loses its mark; what is being written
 * there stays.
 */
export function opened(ui: Ui, id: string, newFrom: number | undefined): Ui {
	if (id === ui.current) return ui;
	const left = withView(ui, ui.current, { newFrom: undefined, anchor: undefined });
	return { ...withView(left, id, { newFrom, anchor: undefined }), current: id, completion: undefined };
}

/** Forgets all rooms: somebody else is there now. What was told at home stays. */
export function forgotten(ui: Ui): Ui {
	return { ...ui, current: HOME, completion: undefined, views: new Map([[HOME, viewOf(ui, HOME)]]) };
}
