// Read marks in `localStorage`.
import type { Mark, MarkStore } from "../api/mark-store.ts";

/**
 * Stores read marks in `storage`, under `key` and the user's id.
 *
 * @example
 * ```ts
 * connect({ endpoints: "wss://chat.example.org/ws", marks: webStorageMarks(localStorage), credential });
 * ```
 */
export function webStorageMarks(storage: Pick<Storage, "getItem" | "setItem">, key = "verbatim.seen"): MarkStore {
	return {
		load: async (user) => parseMarks(storage.getItem(`${key}.${user}`) ?? ""),
		save: async (user, marks) => storage.setItem(`${key}.${user}`, renderMarks(marks)),
	};
}

export function renderMarks(marks: ReadonlyMap<string, Mark>): string {
	return JSON.stringify(Array.from(marks, ([room, { epoch, seq }]) => [room, epoch, seq]));
}

/** The marks in `text`; none if it cannot be parsed. */
export function parseMarks(text: string): Map<string, Mark> {
	const marks = new Map<string, Mark>();
	try {
		for (const [room, epoch, seq] of JSON.parse(text) as unknown[][]) {
			if (typeof room === "string" && typeof epoch === "number" && typeof seq === "number") marks.set(room, { epoch, seq });
		}
	} catch {
		// Corrupt or foreign content counts as empty.
	}
	return marks;
}
