// The screen: room list, title, timeline, composer, and the status line below.
//
// Without JSX: Bun compiles JSX for React's development build if NODE_ENV is not set before the start, and that build keeps
// measurements of every frame, without bound.
import type { Client } from "@verbatim/client";
import { Box, Text } from "ink";
import { createElement, useEffect, useInsertionEffect, useSyncExternalStore } from "react";
import type { Chat } from "../chat/chat.ts";
import type { Scene } from "../chat/scene.ts";
import { activeEditor } from "../chat/state.ts";
import type { Editor } from "../input/editor.ts";
import type { ScreenCursor } from "../screen/painter.ts";
import { clipped, type Line } from "../text/spans.ts";
import { rulerLine, statusBar, titleLine } from "./bars.ts";
import { composerLines, cursorIn } from "./composer.ts";
import { sideLines } from "./side.ts";
import type { Theme } from "./theme.ts";

export interface AppProps {
	readonly chat: Chat;
	readonly theme: Theme;
	/** Sets the cursor of the frame that is drawn next. */
	readonly placeCursor: (cursor: ScreenCursor | undefined) => void;
}

export function App({ chat, theme, placeCursor }: AppProps) {
	useSyncExternalStore(chat.model.subscribe, () => chat.model.version);
	const scene = chat.scene();
	const { layout } = scene;
	const { ui, client, clock } = chat.model;
	const rows = ui.rows - layout.status;
	// Before Ink writes the frame that it belongs to.
	useInsertionEffect(() => {
		placeCursor(ui.leaving ? undefined : cursorIn(scene));
	});
	useEffect(() => {
		chat.shown(scene);
	});
	const side = layout.side > 0 ? sideLines(client, ui.current, layout.side, rows) : [];
	return createElement(
		Box,
		{ flexDirection: "column", width: ui.columns, height: ui.rows },
		createElement(
			Box,
			{ height: rows, overflow: "hidden" },
			side.length > 0 && createElement(Rows, { lines: side, theme, cells: layout.side + 1 }),
			createElement(Rows, { lines: mainLines(scene, client, activeEditor(ui)), theme, cells: layout.main }),
		),
		layout.status > 0 && createElement(Rows, { lines: [statusBar(client, ui, clock.now())], theme, cells: ui.columns }),
	);
}

function mainLines(scene: Scene, client: Client, editor: Editor): Line[] {
	const { layout, visible } = scene;
	// Short timelines are aligned at the bottom.
	const blank = Array.from({ length: layout.timeline - visible.lines.length }, (): Line => []);
	return [
		...(layout.title > 0 ? [titleLine(client, scene, layout.main)] : []),
		...blank,
		...visible.lines,
		...(layout.ruler > 0 ? [rulerLine(scene, layout.main)] : []),
		...composerLines(scene, editor),
	];
}

/** Clips the lines itself: Ink would truncate them as one text. Ink only places them. */
function Rows({ lines, theme, cells }: { readonly lines: readonly Line[]; readonly theme: Theme; readonly cells: number }) {
	const text = lines.map((line) => theme.paint(clipped(line, cells)) || " ").join("\n");
	return createElement(
		Box,
		{ flexDirection: "column", width: cells, flexShrink: 0, overflow: "hidden" },
		createElement(Text, null, text),
	);
}
