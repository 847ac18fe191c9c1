// The whole screen: the list of rooms beside title, timeline and composer, the state of the connection below.
//
// Written without JSX: Bun compiles JSX for React's development build wherever NODE_ENV is not set before the program starts,
// and that build keeps measurements of every frame for ever.
import type { Client } from "@verbatim/client";
import { Box, Text } from "ink";
import { createElement, useEffect, useInsertionEffect, useSyncExternalStore } from "react";
import type { Chat } from "../chat/chat.ts";
import type { Scene } from "../chat/scene.ts";
import { editorIn } from "../chat/state.ts";
import type { Editor } from "../input/editor.ts";
import type { Cursor } from "../screen/painter.ts";
import { clipped, type Line } from "../text/spans.ts";
import { rulerLine, statusBar, titleLine } from "./bars.ts";
import { composerLines, cursorIn } from "./composer.ts";
import { sideLines } from "./side.ts";
import type { Theme } from "./theme.ts";

export interface AppProps {
	readonly chat: Chat;
	readonly theme: Theme;
	/** Where the cursor stands in the frame that is about to be drawn. */
	readonly placeCursor: (cursor: Cursor | undefined) => void;
}

export function App({ chat, theme, placeCursor }: AppProps) {
	useSyncExternalStore(chat.desk.subscribe, () => chat.desk.version);
	const scene = chat.scene();
	const { layout } = scene;
	const { ui, client, clock } = chat.desk;
	const rows = ui.rows - layout.status;
	// Before Ink writes the frame, so that both belong together.
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
			createElement(Rows, { lines: mainLines(scene, client, editorIn(ui)), theme, cells: layout.main }),
		),
		layout.status > 0 && createElement(Rows, { lines: [statusBar(client, ui, clock.now())], theme, cells: ui.columns }),
	);
}

function mainLines(scene: Scene, client: Client, editor: Editor): Line[] {
	const { layout, seen } = scene;
	// Short timelines stand at the bottom, where one looks.
	const blank = Array.from({ length: layout.timeline - seen.lines.length }, (): Line => []);
	return [
		...(layout.title > 0 ? [titleLine(client, scene, layout.main)] : []),
		...blank,
		...seen.lines,
		...(layout.ruler > 0 ? [rulerLine(scene, layout.main)] : []),
		...composerLines(scene, editor),
	];
}

/** Lines cut to their place here, since Ink would take all of them for one when it cuts: it places them, no more. */
function Rows({ lines, theme, cells }: { readonly lines: readonly Line[]; readonly theme: Theme; readonly cells: number }) {
	const text = lines.map((line) => theme.paint(clipped(line, cells)) || " ").join("\n");
	return createElement(
		Box,
		{ flexDirection: "column", width: cells, flexShrink: 0, overflow: "hidden" },
		createElement(Text, null, text),
	);
}
