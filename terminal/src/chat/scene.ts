// The content of one frame, derived from the UI state and the client, and cached until either changes. The views draw it, and scrolling
// uses its measures.
import type { Room } from "@verbatim/client";
import { secretFrom } from "../command/parse-input.ts";
import { safeText } from "../text/safe.ts";
import { cut, width } from "../text/width.ts";
import { createItemLines } from "../timeline/item-lines.ts";
import { itemsOf, type TimelineItem } from "../timeline/items.ts";
import { type ItemLines, type VisibleLines, visibleLines } from "../timeline/viewport.ts";
import { type Composed, composed } from "../view/composed.ts";
import { composerRowsMax, type Layout, layoutOf } from "../view/layout.ts";
import type { ChatModel } from "./model.ts";
import { activeEditor, viewOf } from "./state.ts";

export interface Scene {
	readonly layout: Layout;
	readonly room: Room | undefined;
	readonly items: readonly TimelineItem[];
	readonly itemLines: ItemLines;
	readonly visible: VisibleLines;
	/** Number of entries since the viewport left the end; undefined while it follows the end. */
	readonly newBelow: number | undefined;
	readonly prompt: string;
	readonly composed: Composed;
}

/** Minimum cells for the answer beside a long prompt. */
const ANSWER_CELLS_MIN = 16;

/** Returns the function that computes the current scene. */
export function createScenes(model: ChatModel): () => Scene {
	let known: { readonly version: number; readonly scene: Scene } | undefined;
	let itemLines: ItemLines = () => [];
	let itemLinesKey = "";
	let items: readonly TimelineItem[] = [];
	let itemsFor: readonly unknown[] = [];

	const itemLinesAt = (cells: number): ItemLines => {
		const { user } = model.client;
		const key = `${cells} ${user?.id ?? ""} ${user?.name ?? ""}`;
		if (key !== itemLinesKey) {
			itemLines = createItemLines(cells, () => ({
				me: model.client.user?.id,
				name: model.client.user?.name ?? "",
				nowMs: model.clock.now(),
			}));
			itemLinesKey = key;
		}
		return itemLines;
	};

	const itemsNow = (room: Room | undefined): readonly TimelineItem[] => {
		const view = viewOf(model.ui);
		const input = {
			timeline: room?.timeline ?? [],
			from: room?.from ?? 1,
			pending: room?.pending ?? [],
			notices: view.notices,
			newFrom: view.newFrom,
			skipped: view.skipped,
			loading: view.older === "loading",
		};
		const parts = Object.values(input);
		if (parts.length !== itemsFor.length || parts.some((part, at) => part !== itemsFor[at])) {
			items = itemsOf(input);
			itemsFor = parts;
		}
		return items;
	};

	return () => {
		if (known?.version === model.version) return known.scene;
		const { ui } = model;
		const room = model.room();
		const side = layoutOf(ui.columns, ui.rows, 1);
		const prompt = cut(safeText(ui.ask?.prompt ?? "> "), Math.max(2, side.main - ANSWER_CELLS_MIN));
		const editor = activeEditor(ui);
		const hidden = ui.ask?.secret ? 0 : secretFrom(editor.text);
		const written = composed(editor, side.main - width(prompt), hidden);
		const layout = layoutOf(ui.columns, ui.rows, Math.min(written.rows.length, composerRowsMax(ui.rows)));
		const all = itemsNow(room);
		const lines = itemLinesAt(layout.main);
		const { anchor } = viewOf(ui);
		const scene: Scene = {
			layout,
			room,
			items: all,
			itemLines: lines,
			visible: visibleLines(all, lines, layout.timeline, anchor),
			newBelow: anchor && room ? Math.max(0, room.to - anchor.leftAt) : anchor && 0,
			prompt,
			composed: written,
		};
		known = { version: model.version, scene };
		return scene;
	};
}
