// Everything that one frame shows, derived from the state and the client; asked twice without a change between, the same. The
// views draw it, and scrolling measures by it.
import type { Room } from "@verbatim/client";
import { secretFrom } from "../command/parse.ts";
import { safeText } from "../text/safe.ts";
import { cut, width } from "../text/width.ts";
import { type Item, itemsOf } from "../timeline/items.ts";
import { createLay } from "../timeline/lines.ts";
import { type Lay, type Seen, seen } from "../timeline/viewport.ts";
import { type Composed, composed } from "../view/composed.ts";
import { composerRowsMax, type Layout, layoutOf } from "../view/layout.ts";
import type { Desk } from "./desk.ts";
import { editorIn, viewOf } from "./state.ts";

export interface Scene {
	readonly layout: Layout;
	readonly room: Room | undefined;
	readonly items: readonly Item[];
	readonly lay: Lay;
	readonly seen: Seen;
	/** Entries that came since one has scrolled up; undefined while the end is followed. */
	readonly newBelow: number | undefined;
	readonly prompt: string;
	readonly composed: Composed;
}

/** Cells that a long prompt leaves for the answer. */
const PROMPT_LEAVES = 16;

/** Gives the scene of this moment. */
export function createScenes(desk: Desk): () => Scene {
	let known: { readonly version: number; readonly scene: Scene } | undefined;
	let lay: Lay = () => [];
	let layFor = "";
	let items: readonly Item[] = [];
	let itemsFor: readonly unknown[] = [];

	const layOf = (cells: number): Lay => {
		const { user } = desk.client;
		const key = `${cells} ${user?.id ?? ""} ${user?.name ?? ""}`;
		if (key !== layFor) {
			lay = createLay(cells, () => ({ me: desk.client.user?.id, name: desk.client.user?.name ?? "", nowMs: desk.clock.now() }));
			layFor = key;
		}
		return lay;
	};

	const itemsNow = (room: Room | undefined): readonly Item[] => {
		const view = viewOf(desk.ui);
		const ingredients = {
			timeline: room?.timeline ?? [],
			from: room?.from ?? 1,
			pending: room?.pending ?? [],
			notices: view.notices,
			newFrom: view.newFrom,
			skipped: view.skipped,
			loading: view.older === "loading",
		};
		const parts = Object.values(ingredients);
		if (parts.length !== itemsFor.length || parts.some((part, at) => part !== itemsFor[at])) {
			items = itemsOf(ingredients);
			itemsFor = parts;
		}
		return items;
	};

	return () => {
		if (known?.version === desk.version) return known.scene;
		const { ui } = desk;
		const room = desk.room();
		const side = layoutOf(ui.columns, ui.rows, 1);
		const prompt = cut(safeText(ui.ask?.prompt ?? "> "), Math.max(2, side.main - PROMPT_LEAVES));
		const editor = editorIn(ui);
		const hidden = ui.ask?.secret ? 0 : secretFrom(editor.text);
		const written = composed(editor, side.main - width(prompt), hidden);
		const layout = layoutOf(ui.columns, ui.rows, Math.min(written.rows.length, composerRowsMax(ui.rows)));
		const all = itemsNow(room);
		const laid = layOf(layout.main);
		const { anchor } = viewOf(ui);
		const scene: Scene = {
			layout,
			room,
			items: all,
			lay: laid,
			seen: seen(all, laid, layout.timeline, anchor),
			newBelow: anchor && room ? Math.max(0, room.to - anchor.leftAt) : anchor && 0,
			prompt,
			composed: written,
		};
		known = { version: desk.version, scene };
		return scene;
	};
}
