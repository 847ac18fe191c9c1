// The room list: channels, conversations, invitations, with unread counts.
import type { Client, Room } from "@verbatim/client";
import { Room_Kind } from "@verbatim/protocol";
import { roomsInOrder, titleOf } from "../chat/format.ts";
import { safeText } from "../text/safe.ts";
import { type Line, span, type Tone } from "../text/spans.ts";
import { fit, width } from "../text/width.ts";

/** `height` lines of `cells` cells plus a separator. A longer list is cut around the shown room. */
export function sideLines(client: Client, current: string, cells: number, height: number): Line[] {
	const rooms = roomsInOrder(client);
	const channels = rooms.filter(({ kind }) => kind !== Room_Kind.DIRECT);
	const direct = rooms.filter(({ kind }) => kind === Room_Kind.DIRECT);
	const invited = [...client.invitations.values()];
	const rows: { readonly line: Line; readonly chosen?: boolean }[] = [{ line: heading("rooms", cells) }];
	const add = (room: Room): void => {
		rows.push({ line: roomLine(room, room.id === current, cells), chosen: room.id === current });
	};
	channels.forEach(add);
	if (channels.length === 0) rows.push({ line: [span(fit("  none yet", cells), "dim")] });
	if (direct.length > 0) rows.push({ line: [] }, { line: heading("direct", cells) });
	direct.forEach(add);
	if (invited.length > 0) rows.push({ line: [] }, { line: heading("invited", cells) });
	for (const info of invited) rows.push({ line: [span(fit(`+ ${safeText(titleOf(info))}`, cells), "warn")] });

	const at = Math.max(
		0,
		rows.findIndex(({ chosen }) => chosen),
	);
	const first = Math.max(0, Math.min(at - Math.floor(height / 2), rows.length - height));
	return Array.from({ length: height }, (_, y): Line => {
		const { line } = rows[first + y] ?? { line: [] };
		return [...(line.length > 0 ? line : [span(" ".repeat(cells))]), span("│", "dim")];
	});
}

function heading(words: string, cells: number): Line {
	return [span(fit(words, cells), "dim")];
}

/** `  #tea         3`: a sign for the shown room, the unread count, and `!` for a failed send. */
function roomLine(room: Room, chosen: boolean, cells: number): Line {
	const failed = room.pending.some(({ status }) => status.state === "failed");
	const count = room.unread > 999 ? "999+" : String(room.unread);
	const mark = [failed ? "!" : "", room.unread > 0 ? count : ""].filter(Boolean).join(" ");
	const left = fit(`${chosen ? "›" : " "} ${safeText(room.title)}`, cells - width(mark) - (mark ? 2 : 0));
	const tone: Tone = chosen ? "chosen" : room.unread > 0 ? "unread" : "plain";
	return [span(mark ? `${left} ${mark} ` : left, tone)];
}
