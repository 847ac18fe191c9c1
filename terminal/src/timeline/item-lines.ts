// Renders timeline items as lines of a given width. All text of other users goes through `safeText` here.
import { type Delivery, UnknownOutcomeError } from "@verbatim/client";
import { type Entry, Room_Kind } from "@verbatim/protocol";
import { safeLines, safeText } from "../text/safe.ts";
import { type Line, lineWidth, type Span, span } from "../text/spans.ts";
import { width } from "../text/width.ts";
import { wrap } from "../text/wrap.ts";
import type { TimelineItem } from "./items.ts";
import type { ItemLines } from "./viewport.ts";

export interface Viewer {
	/** The user's own id; undefined before the first welcome. */
	readonly me: string | undefined;
	/** The user's own name, for pending sends. */
	readonly name: string;
	/** Wall clock, ms: for countdowns. */
	readonly nowMs: number;
}

/** Renders items at `cells` cells, and caches the lines of entries, which are immutable. One per width and user. */
export function createItemLines(cells: number, viewer: () => Viewer): ItemLines {
	const known = new WeakMap<Entry, readonly Line[]>();
	return (item) => {
		if (item.kind !== "entry") return linesOf(item, cells, viewer());
		const kept = known.get(item.entry) ?? linesOf(item, cells, viewer());
		known.set(item.entry, kept);
		return kept;
	};
}

/** The lines of one item; at least one. */
export function linesOf(item: TimelineItem, cells: number, viewer: Viewer): readonly Line[] {
	switch (item.kind) {
		case "entry":
			return entryLines(item.entry, cells, viewer);
		case "pending":
			return pendingLines(item.delivery, cells, viewer);
		case "notice": {
			const { tone, text } = item.notice;
			const sign = tone === "error" ? span("! ", "error") : span("- ", "dim");
			return safeLines(text).flatMap((line, at) =>
				hanging([at === 0 ? sign : span("  ")], line, tone === "error" ? "error" : "plain", cells, 2),
			);
		}
		case "day":
			return [rule(dayName(item.atMs), cells, "dim")];
		case "new":
			return [rule("new", cells, "unread")];
		case "older":
			return [rule(olderWords(item), cells, item.skipped ? "warn" : "dim")];
	}
}

/** `HH:MM` in local time. */
export function timeOf(atMs: number): string {
	const date = new Date(atMs);
	return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
}

/** A stable hash of a user's id, for colours. */
export function hueOf(id: string): number {
	let hue = 7;
	for (let i = 0; i < id.length; i++) hue = (hue * 31 + id.charCodeAt(i)) >>> 0;
	return hue;
}

function entryLines(entry: Entry, cells: number, viewer: Viewer): Line[] {
	const time = timeOf(entry.atMs);
	const who = entry.sender ? safeText(entry.sender.name) : "somebody";
	if (entry.body.case === "message") {
		const mine = entry.sender !== undefined && entry.sender.id === viewer.me;
		const name: Span = mine ? span(who, "me") : { text: who, tone: "name", hue: hueOf(entry.sender?.id ?? "") };
		return messageLines(time, name, entry.body.value.text, "plain", cells);
	}
	const prefix = [span(`${time} `, "dim"), span("* ", "event")];
	return hanging(prefix, eventWords(entry, who), "event", cells, hangOf(cells));
}

function pendingLines(delivery: Delivery, cells: number, viewer: Viewer): Line[] {
	const { status } = delivery;
	const lines = messageLines(timeOf(delivery.atMs), span(safeText(viewer.name), "dim"), delivery.text, "dim", cells);
	if (status.state === "failed") {
		const words =
			status.error instanceof UnknownOutcomeError
				? `perhaps not sent: ${safeText(status.error.message)}. /retry sends it again, never twice; /discard forgets it`
				: `not sent: ${safeText(status.error.message)}. /retry sends it again, /discard takes it back`;
		return [...lines, ...hanging([span(`${" ".repeat(hangOf(cells))}! `, "error")], words, "error", cells, hangOf(cells) + 2)];
	}
	// No waiting sign: durable, its entry follows; or not stored yet, and lost if the program is killed.
	if (status.state === "done" || !delivery.kept) return lines;
	const again =
		status.state === "waiting" && status.retryAtMs !== undefined ? Math.ceil((status.retryAtMs - viewer.nowMs) / 1000) : 0;
	const sign = again > 0 ? ` … again in ${again} s` : " …";
	if (status.state !== "discarded" && status.refusal !== undefined && viewer.nowMs - delivery.atMs >= REASON_AFTER_MS) {
		const words = `not sent yet: ${safeText(status.refusal.message.replace(/[;,] try again$/, ""))}${sign}`;
		return [...lines, ...hanging([span(`${" ".repeat(hangOf(cells))}! `, "warn")], words, "dim", cells, hangOf(cells) + 2)];
	}
	const last = lines.at(-1) ?? [];
	if (lineWidth(last) + width(sign) > cells) return [...lines, [span(" ".repeat(hangOf(cells))), span(sign.trimStart(), "dim")]];
	return [...lines.slice(0, -1), [...last, span(sign, "dim")]];
}

/** `12:04 <ann> text`; further lines are indented, so that no text can imitate another user's line. */
function messageLines(time: string, name: Span, text: string, tone: "plain" | "dim", cells: number): Line[] {
	const hang = hangOf(cells);
	const [first = "", ...others] = safeLines(text);
	const prefix = [span(`${time} `, "dim"), span("<", "dim"), name, span("> ", "dim")];
	return [
		...hanging(prefix, first, tone, cells, hang),
		...others.flatMap((line) => hanging([span(" ".repeat(hang))], line, tone, cells, hang)),
	];
}

/** `text` after `prefix`, wrapped, with a hanging indent of `hang` cells. */
function hanging(prefix: Line, text: string, tone: Span["tone"], cells: number, hang: number): Line[] {
	const taken = lineWidth(prefix);
	const [first = "", ...others] = wrap(text, Math.max(1, cells - hang), Math.max(1, cells - taken));
	return [[...prefix, span(first, tone)], ...others.map((line): Line => [span(" ".repeat(hang)), span(line, tone)])];
}

function hangOf(cells: number): number {
	return cells >= 40 ? 6 : 2;
}

function eventWords(entry: Entry, who: string): string {
	const { body } = entry;
	switch (body.case) {
		case "created": {
			const { kind, name, members } = body.value;
			if (kind === Room_Kind.DIRECT) {
				return `here begins the conversation of ${members.map((user) => safeText(user.name)).join(" and ")}`;
			}
			return `${who} made ${kind === Room_Kind.PRIVATE ? "the private room" : "the room"} #${safeText(name)}`;
		}
		case "joined":
			return `${who} joined`;
		case "left":
			return body.value.reason === "" ? `${who} left` : `${who} left (${safeText(body.value.reason)})`;
		case "renamed":
			return `${who} renamed the room to #${safeText(body.value.name)}`;
		case "invited":
			return `${who} invited ${body.value.user ? safeText(body.value.user.name) : "somebody"}`;
		default:
			return `${who} did something that this version cannot show`;
	}
}

function olderWords({ loading, skipped }: Extract<TimelineItem, { kind: "older" }>): string {
	if (loading) return "loading what came before";
	if (!skipped) return "PageUp: what came before";
	const count = skipped.to - skipped.from + 1;
	const range = count === 1 ? `entry ${skipped.from} was` : `entries ${skipped.from} to ${skipped.to} were`;
	const why = skipped.reason === "epoch" ? "the room was restored from an older state" : "too many at once";
	return `${range} not sent (${why}); PageUp loads them`;
}

/** A horizontal rule with `words` in the middle; only the words, cut, if they do not fit. */
function rule(words: string, cells: number, tone: Span["tone"]): Line {
	const left = Math.max(0, Math.floor((cells - width(words) - 2) / 2));
	const right = Math.max(0, cells - left - width(words) - 2);
	if (left < 2) return [span(wrap(words, Math.max(1, cells))[0] ?? "", tone)];
	return [span(`${"─".repeat(left)} ${words} ${"─".repeat(right)}`, tone)];
}

function dayName(atMs: number): string {
	return DAY.format(new Date(atMs)).replace(",", "");
}

/** A send that is refused for less is told by its sign alone. */
const REASON_AFTER_MS = 3_000;

const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
