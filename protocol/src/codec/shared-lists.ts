// Caches the encoding of immutable lists that are in many messages, such as a page of a room's members, for the lifetime of the list: the
// next message copies bytes instead of encoding the list.
interface Encodings {
	proto?: Uint8Array;
	json?: string;
}

const shared = new WeakMap<readonly unknown[], Encodings>();
/** Shorter lists are not cached: encoding them is as fast as the lookup. */
const LENGTH_MIN = 16;

/** Enables the cache for `list`, and returns it. From now on the list and its elements must not change, and it must be used for one field only. */
export function shareList<T>(list: T[]): T[] {
	if (list.length >= LENGTH_MIN) shared.set(list, {});
	return list;
}

/** The cached encodings of a shared list; undefined for other lists. */
export function encodingsOf(list: readonly unknown[]): Encodings | undefined {
	return list.length < LENGTH_MIN ? undefined : shared.get(list);
}
