// What a person in line mode is told of each room: its name, and how far its entries were shown. Nothing is shown twice, and
// what is not shown is named.
import type { Cursor, Entry, Page, Room } from "@verbatim/protocol";
import { sameName } from "../../name/names.ts";
import { labelOf, renderEntry } from "./render.ts";

export interface KnownRoom {
	readonly id: string;
	label: string;
	epoch: number;
	/** The newest seq shown, or that need not be shown. */
	shown: number;
}

export class KnownRooms {
	private readonly rooms = new Map<string, KnownRoom>();
	/** Labels of rooms by id, of open invitations. */
	private readonly invitations = new Map<string, string>();

	/** Everything from `shown` on is to be shown. Keeps what is known of a room already known, unless `shown` is given. */
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

	/** The room of this id or label, to which there is an open invitation. */
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

	/** The name of a room as people say it; its id if it was never named. */
	label(id: string): string {
		return this.rooms.get(id)?.label ?? id;
	}

	all(): KnownRoom[] {
		return [...this.rooms.values()];
	}

	/** Where the reader stands, for a session that takes over. */
	cursors(): Array<Pick<Cursor, "room" | "epoch" | "seq">> {
		return this.all().map(({ id, epoch, shown }) => ({ room: id, epoch, seq: shown }));
	}

	/** New entries of a room, as lines; those already shown are left out. */
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

	/** A page that was asked for: all of it, whether shown before or not. The stream does not repeat what it has in common. */
	showPage({ room, entries, from, to }: Page): string[] {
		const known = this.rooms.get(room);
		const lines = entries.map((entry) => this.line(room, entry));
		if (known !== undefined && from <= known.shown + 1) known.shown = Math.max(known.shown, to);
		return lines;
	}

	/** The page of a join, from which the stream goes on: all of it, behind a word on what lies between it and what was shown before. */
	showJoined(room: Room, page: Page | undefined): string[] {
		const before = this.rooms.get(room.id);
		const { label } = this.learn(room, page?.to ?? room.head);
		if (page === undefined) return [];
		const missed = before?.epoch === room.epoch ? missedLines(label, before.shown, page.from) : [];
		return [...missed, ...this.showPage(page)];
	}

	/** A page that the stream goes on from: what is new of it, behind a word on what lies between. */
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
