// The rows of a memory disk in a form that other stores' rows are compared with.
import type { MemoryDisk } from "../../src/store/memory/disk.ts";

/** As it comes from another thread: without what is undefined. */
export function plain(value: unknown): unknown {
	return JSON.parse(JSON.stringify(value));
}

export const LINES = "\n";

export function rowsIn(disk: MemoryDisk): unknown {
	const rooms = [...disk.rooms.values()].map(({ row, key, memberVersion }) => ({ ...row, key, memberVersion }));
	const members = [...disk.rooms].flatMap(([room, { members: all }]) =>
		[...all.values()].map(({ user, standing, broughtBy }) => ({ room, ...user, standing, broughtBy: broughtBy ?? null })),
	);
	const entries = [...disk.rooms].flatMap(([room, { log }]) =>
		log.map(({ seq, atMs, sender, cid }) => [room, seq, atMs, sender?.id, sender?.name, cid].join(LINES)),
	);
	return {
		rooms: sorted(rooms),
		members: sorted(members),
		entries: entries.sort(),
		users: sorted([...disk.users.values()]),
		families: sorted([...disk.tokenFamilies.values()]),
		refused: [...disk.refused.values()],
	};
}

export function sorted(rows: readonly object[]): readonly object[] {
	const keyOf = (row: object): string => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
	return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
