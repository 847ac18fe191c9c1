// Rulings on their way back from the writer, as small as can be: nearly all are "this room, this seq".
import type { Ruling } from "../../log/decide.ts";
import type { RoomRecord } from "../store.ts";

/** What a batch has written to a room's log: its id, the first and the last seq. */
export type Range = readonly [room: string, from: number, to: number];

export interface PackedRulings {
	/** Rooms as they were, but for their heads; a room stands here again each time that something else of it has changed. */
	readonly rooms: readonly RoomRecord[];
	/** Index of a room and the seq written, which is its head; or a ruling that says more. */
	readonly rulings: readonly (readonly [room: number, seq: number] | Ruling)[];
}

export function pack(rulings: readonly Ruling[]): PackedRulings {
	const rooms: RoomRecord[] = [];
	const newest = new Map<string, number>();
	const packed = rulings.map((ruling): PackedRulings["rulings"][number] => {
		if (!ruling.ok || ruling.eviction || ruling.first || !ruling.room || ruling.seq !== ruling.room.head) return ruling;
		const { room } = ruling;
		let index = newest.get(room.id);
		const known = index === undefined ? undefined : rooms[index];
		if (index === undefined || !known || !isSame(known, room)) {
			index = rooms.push(room) - 1;
			newest.set(room.id, index);
		}
		return [index, room.head];
	});
	return { rooms, rulings: packed };
}

export function unpack({ rooms, rulings }: PackedRulings): Ruling[] {
	return rulings.map((ruling): Ruling => {
		if (!isPair(ruling)) return ruling;
		const [index, seq] = ruling;
		const room = rooms[index];
		return room ? { ok: true, room: { ...room, head: seq }, seq } : { ok: false, code: "internal" };
	});
}

/** What the batch has written, by room. */
export function rangesOf(rulings: readonly Ruling[]): Range[] {
	const ranges = new Map<string, [string, number, number]>();
	const add = (room: string, seq: number): void => {
		const range = ranges.get(room);
		if (range) range[2] = seq;
		else ranges.set(room, [room, seq, seq]);
	};
	for (const ruling of rulings) {
		if (!ruling.ok) continue;
		for (const { room, seq } of ruling.eviction?.rooms ?? []) add(room, seq);
		if (ruling.room && ruling.seq !== undefined) add(ruling.room.id, ruling.seq);
	}
	return [...ranges.values()];
}

function isPair(ruling: PackedRulings["rulings"][number]): ruling is readonly [number, number] {
	return Array.isArray(ruling);
}

function isSame(a: RoomRecord, b: RoomRecord): boolean {
	return a.name === b.name && a.members === b.members && a.epoch === b.epoch;
}
