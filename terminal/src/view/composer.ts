// The composer's rows and its cursor.
import type { Scene } from "../chat/scene.ts";
import type { Editor } from "../input/editor.ts";
import type { ScreenCursor } from "../screen/painter.ts";
import { type Line, span } from "../text/spans.ts";
import { width } from "../text/width.ts";
import { firstRow } from "./composed.ts";

/** The visible rows of the composer, the cursor's among them. */
export function composerLines({ composed, layout, prompt }: Scene, editor: Editor): Line[] {
	const first = firstRow(composed, layout.composer);
	const indent = " ".repeat(width(prompt));
	const lines = composed.rows.slice(first, first + layout.composer).map((row, at): Line => {
		const beginning = first + at === 0 ? prompt : indent;
		return [span(beginning, "title"), span(row)];
	});
	if (editor.text === "" && prompt === "> ") lines[0] = [span(prompt, "title"), span("say something, or /help", "dim")];
	return lines;
}

/** The cursor's position on the screen. */
export function cursorIn({ composed, layout, prompt }: Scene): ScreenCursor {
	const left = layout.side > 0 ? layout.side + 1 : 0;
	const above = layout.title + layout.timeline + layout.ruler;
	return { x: left + width(prompt) + composed.x, y: above + composed.y - firstRow(composed, layout.composer) };
}
