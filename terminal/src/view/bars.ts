// The single lines around the timeline: title, ruler, status line.
import type { Client } from "@verbatim/client";
import { Room_Kind } from "@verbatim/protocol";
import { outboxWords, roomsInOrder, statusLine } from "../chat/format.ts";
import type { Scene } from "../chat/scene.ts";
import type { Ui } from "../chat/state.ts";
import { safeText } from "../text/safe.ts";
import { clipped, type Line, lineWidth, type Span, span } from "../text/spans.ts";
import { cut, fit, width } from "../text/width.ts";

/** `#tea · private`; also the unread counts of other rooms if the room list is not shown. */
export function titleLine(client: Client, { room, layout }: Scene, cells: number): Line {
	if (!room) return [span(fit("Verbatim", cells), "title")];
	const facts: string[] = [];
	if (room.kind === Room_Kind.PRIVATE) facts.push("private");
	const elsewhere = roomsInOrder(client).filter((other) => other.id !== room.id && other.unread > 0);
	if (layout.side === 0 && elsewhere.length > 0)
		facts.push(`unread: ${elsewhere.map((other) => `${safeText(other.title)} ${other.unread}`).join(", ")}`);
	const title = cut(safeText(room.title), cells);
	return [span(title, "title"), span(cut(facts.map((fact) => ` · ${fact}`).join(""), cells - width(title)), "dim")];
}

/** The number of new entries below the viewport, or the typing users. */
export function rulerLine({ newBelow, room }: Scene, cells: number): Line {
	if (newBelow !== undefined) {
		const words = newBelow > 0 ? `↓ ${newBelow} new below · Esc goes there` : "↓ more below · Esc goes there";
		return [span(cut(`── ${words} ──`, cells), newBelow > 0 ? "unread" : "dim")];
	}
	const writers = (room?.typing ?? []).map(({ name }) => safeText(name));
	const words =
		writers.length === 0
			? ""
			: writers.length > 3
				? "several people are writing"
				: `${writers.join(", ")} ${writers.length === 1 ? "is" : "are"} writing`;
	return [span(words === "" ? "─".repeat(cells) : fit(`── ${words} …`, cells), "dim")];
}

/** User, state of the connection, and pending sends. */
export function statusBar(client: Client, ui: Ui, nowMs: number): Line {
	const cells = ui.columns;
	if (ui.leaving) return [span(cut("leaving … (Ctrl+C: at once)", cells), "warn")];
	const outbox = outboxWords(client);
	const name = client.user ? `${safeText(client.user.name)} ` : "";
	const right: Span = span(outbox ? ` ${outbox}` : "", outbox.includes("failed") ? "bad" : "warn");
	const room = Math.max(0, cells - width(right.text));
	const left = clipped([span(name, "me"), ...statusLine(client.status, nowMs, client.user !== undefined)], room);
	return [...left, span(" ".repeat(Math.max(0, room - lineWidth(left)))), right];
}
