// The rooms that a line-mode client knows: each one's label, and the cursor up to which its entries were shown. No entry is shown twice, and
// skipped ranges are announced.
import type { Cursor, Entry, Page, Room } from "@verbatim/protocol";
import { sameName } from "../../name/names.ts";
import { labelOf, renderEntry } from "./render.ts";

export interface KnownRoom {
	readonly id: string;
	label: string;
	epoch: number;
	/** The newest seq that was shown or need not be. */
	shown: number;
}

export class KnownRooms {
	private readonly rooms = new Map<string, KnownRoom>();
	/** Labels of the rooms of open invitations, by room id. */
	private readonly invitations = new Map<string, string>();

	/** Adds or updates a room. Without `shown`, a known room keeps its cursor, and a new one starts at the head. */
	learn(room: Room, shown?: number): KnownRoom {
		const known = this.rooms.get(room.id);
		const sameLog = known !== undefined && known.epoch === room.epoch;
		const next: KnownRoom = {
			id: room.id,
			label: labelOf(room),
			epoch: room.epoch,
			shown: shown ?? (sameLog ? known.shown : room.head),
		};
		this.rooms.set(room.id, next);
		this.invitations.delete(room.id);
		return next;
	}

	get(id: string): KnownRoom | undefined {
		return this.rooms.get(id);
	}

	/** The room of this id or label. */
	find(ref: string): KnownRoom | undefined {
		return this.rooms.get(ref) ?? this.all().find(({ label }) => sameName(label, ref));
	}

	invited(room: Room): void {
		this.invitations.set(room.id, labelOf(room));
	}

	/** The open invitation to the room of this id or label. */
	invitation(ref: string): { readonly id: string; readonly label: string } | undefined {
		for (const [id, label] of this.invitations) if (id === ref || sameName(label, ref)) return { id, label };
		return undefined;
	}

	forget(id: string): KnownRoom | undefined {
		const known = this.rooms.get(id);
		this.rooms.delete(id);
		this.invitations.delete(id);
		return known;
	}

	/** The label of a room; its id if it is unknown. */
	label(id: string): string {
		return this.rooms.get(id)?.label ?? id;
	}

	all(): KnownRoom[] {
		return [...this.rooms.values()];
	}

	/** The cursors, for a session that takes over. */
	cursors(): Array<Pick<Cursor, "room" | "epoch" | "seq">> {
		return this.all().map(({ id, epoch, shown }) => ({ room: id, epoch, seq: shown }));
	}

	/** Entries as lines, without those already shown. */
	show(id: string, entries: readonly Entry[]): string[] {
		const known = this.rooms.get(id);
		const lines: string[] = [];
		for (const entry of entries) {
			if (known !== undefined && entry.seq <= known.shown) continue;
			lines.push(this.line(id, entry));
			if (known !== undefined) known.shown = entry.seq;
		}
		return lines;
	}

	/** A requested page: all of its entries, shown before or not. If it continues at the cursor, it advances it. */
	showPage({ room, entries, from, to }: Page): string[] {
		const known = this.rooms.get(room);
		const lines = entries.map((entry) => this.line(room, entry));
		if (known !== undefined && from <= known.shown + 1) known.shown = Math.max(known.shown, to);
		return lines;
	}

	/** The page of a join, after which the stream continues: all of it, after a line on the range skipped since the cursor. */
	showJoined(room: Room, page: Page | undefined): string[] {
		const before = this.rooms.get(room.id);
		const { label } = this.learn(room, page?.to ?? room.head);
		if (page === undefined) return [];
		const missed = before?.epoch === room.epoch ? missedLines(label, before.shown, page.from) : [];
		return [...missed, ...this.showPage(page)];
	}

	/** A page after which the stream continues: its new entries, after a line on the range skipped since the cursor. */
	showNewest({ room, epoch, from, to, entries }: Page): string[] {
		const known = this.rooms.get(room);
		if (known === undefined) return [];
		if (known.epoch !== epoch) known.shown = 0;
		known.epoch = epoch;
		const missed = missedLines(known.label, known.shown, from);
		const lines = this.show(room, entries);
		known.shown = Math.max(known.shown, to);
		return [...missed, ...lines];
	}

	private line(id: string, entry: Entry): string {
		const line = renderEntry(entry, this.label(id));
		const known = this.rooms.get(id);
		if (known !== undefined && entry.body.case === "renamed" && entry.seq > known.shown)
			known.label = `#${entry.body.value.name}`;
		return line;
	}
}

function missedLines(label: string, shown: number, from: number): string[] {
	return from > shown + 1 ? [`- ${label}: ${shown + 1} to ${from - 1} are not shown here`] : [];
}
