// Checks the messages of one connection against docs/protocol.md. The SDK repairs many faults of a server (it drops duplicates and fetches
// gaps), so a history of what applications saw would not show them.
import { type Cursor, type Down, type Entry, type Page, Room_Standing, Skipped_Reason, type Up } from "@verbatim/protocol";

export interface WireJudgePort {
	/** A promise was broken. */
	broken(words: string): void;
	/**
	 * The seq of the leave of a user who is no member of the room any more; undefined of one who never was a member, 0 of one who is.
	 * Absent: S9 is not judged here.
	 */
	leftAt?(room: string, user: string): number | undefined;
}

/** Cursor of a room's stream; stale until the `skipped` that must come first. */
interface Place {
	epoch: number;
	at: number;
	stale: boolean;
}

/** What one connection was sent. */
export class WireJudge {
	private readonly name: string;
	private readonly port: WireJudgePort;
	private readonly places = new Map<string, Place>();
	private cursors: readonly Cursor[] = [];
	private user = "";

	constructor(name: string, port: WireJudgePort) {
		this.name = name;
		this.port = port;
	}

	received({ command }: Up): void {
		if (command.case === "hello") this.cursors = command.value.cursors;
	}

	sent(down: Down | undefined): void {
		if (down === undefined) return;
		const { body } = down;
		switch (body.case) {
			case "welcome":
				this.user = body.value.user?.id ?? "";
				for (const { id, epoch, head, standing } of body.value.rooms) {
					if (standing !== Room_Standing.MEMBER && standing !== Room_Standing.OWNER) continue;
					const cursor = this.cursors.find(({ room }) => room === id);
					const stale = cursor !== undefined && (cursor.epoch !== epoch || cursor.seq > head);
					this.places.set(id, { epoch, at: cursor?.seq ?? head, stale });
				}
				return;
			case "entries":
				this.entries(body.value.room, body.value.epoch, body.value.entries);
				return;
			case "skipped":
				this.skipped(body.value.room, body.value.from, body.value.to, body.value.reason, body.value.page);
				return;
			case "joined":
				if (body.value.page !== undefined) this.goOnAfter(body.value.page);
				return;
			case "roomAdded": {
				const { room } = body.value;
				if (room === undefined) return;
				if (this.places.has(room.id)) this.broken(`that ${room.id} was added, a room that it is in`);
				this.mayRead(room.id, []);
				this.places.set(room.id, { epoch: room.epoch, at: room.head, stale: false });
				return;
			}
			case "roomRemoved":
				this.places.delete(body.value.room);
				return;
			default:
		}
	}

	private entries(room: string, epoch: number, entries: readonly Entry[]): void {
		const place = this.places.get(room);
		const [first] = entries;
		if (first === undefined) this.broken(`an empty push of ${room}`);
		else if (place === undefined) this.broken(`${room} ${first.seq} of a room that it is not in`);
		else if (place.stale) this.broken(`${room} ${first.seq} instead of word that its cursor is stale`);
		else if (epoch !== place.epoch) this.broken(`${room} ${first.seq} of epoch ${epoch} in a stream of epoch ${place.epoch}`);
		else if (first.seq !== place.at + 1) this.broken(`${room} ${first.seq} after ${place.at}`);
		this.dense(room, entries);
		this.mayRead(room, entries);
		if (place !== undefined) place.at = entries.at(-1)?.seq ?? place.at;
	}

	private skipped(room: string, from: number, to: number, reason: Skipped_Reason, page: Page | undefined): void {
		const place = this.places.get(room);
		if (page === undefined || page.from !== to + 1) this.broken(`a skip of ${room} up to ${to} without the page after it`);
		if (place === undefined) this.broken(`a skip of ${room}, a room that it is not in`);
		else if (reason === Skipped_Reason.FAR && (place.stale || from !== place.at + 1)) {
			this.broken(`that ${room} ${from} to ${to} are left out, after ${place.at}`);
		}
		if (page !== undefined) this.goOnAfter(page);
	}

	private goOnAfter({ room, epoch, to, entries }: Page): void {
		this.dense(room, entries);
		this.places.set(room, { epoch, at: to, stale: false });
	}

	private dense(room: string, entries: readonly Entry[]): void {
		for (let i = 1; i < entries.length; i++) {
			const [before, entry] = [entries[i - 1]?.seq ?? 0, entries[i]?.seq ?? 0];
			if (entry !== before + 1) this.broken(`${room} ${entry} right after ${before}`);
		}
	}

	/** A former member gets nothing after its leave; a user who never was a member gets nothing. */
	private mayRead(id: string, entries: readonly Entry[]): void {
		if (this.port.leftAt === undefined) return;
		const left = this.port.leftAt(id, this.user);
		if (left === undefined) {
			this.broken(`something of ${id}, though ${this.user} never was a member`);
			return;
		}
		const last = entries.at(-1)?.seq ?? 0;
		if (left > 0 && last > left) this.broken(`${id} ${last} to ${this.user}, who left at ${left}`);
	}

	private broken(what: string): void {
		this.port.broken(`${this.name} was sent ${what}`);
	}
}
