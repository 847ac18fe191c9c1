// The whole screen: the list of rooms beside title, timeline and composer, the state of the connection below.
import { Box, Text } from "ink";
import { useEffect, useInsertionEffect, useSyncExternalStore } from "react";
import type { Chat } from "../chat/chat.ts";
import type { Scene } from "../chat/scene.ts";
import { editorIn } from "../chat/state.ts";
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
	return (
		<Box flexDirection="column" width={ui.columns} height={ui.rows}>
			<Box height={rows} overflow="hidden">
				{layout.side > 0 && (
					<Rows lines={sideLines(client, ui.current, layout.side, rows)} theme={theme} cells={layout.side + 1} />
				)}
				<Main chat={chat} scene={scene} theme={theme} />
			</Box>
			{layout.status > 0 && <Rows lines={[statusBar(client, ui, clock.now())]} theme={theme} cells={ui.columns} />}
		</Box>
	);
}

function Main({ chat, scene, theme }: { readonly chat: Chat; readonly scene: Scene; readonly theme: Theme }) {
	const { layout, seen } = scene;
	const { client, ui } = chat.desk;
	// Short timelines stand at the bottom, where one looks.
	const blank: Line[] = Array.from({ length: layout.timeline - seen.lines.length }, () => []);
	const lines = [
		...(layout.title > 0 ? [titleLine(client, scene, layout.main)] : []),
		...blank,
		...seen.lines,
		...(layout.ruler > 0 ? [rulerLine(scene, layout.main)] : []),
		...composerLines(scene, editorIn(ui)),
	];
	return <Rows lines={lines} theme={theme} cells={layout.main} />;
}

/** Lines cut to their place here, since Ink would take all of them for one when it cuts: it places them, no more. */
function Rows({ lines, theme, cells }: { readonly lines: readonly Line[]; readonly theme: Theme; readonly cells: number }) {
	return (
		<Box flexDirection="column" width={cells} flexShrink={0} overflow="hidden">
			<Text>{lines.map((line) => theme.paint(clipped(line, cells)) || " ").join("\n")}</Text>
		</Box>
	);
}
