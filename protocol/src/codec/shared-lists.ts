// Lists that stand in many messages and never change, such as a page of a room's members: the encoding of each is kept beside it
// for as long as the list lives, so that the next message costs a copy of bytes and not a walk along the list.
interface Encodings {
	proto?: Uint8Array;
	json?: string;
}

const shared = new WeakMap<readonly unknown[], Encodings>();
/** Shorter lists are written as fast as they are looked up. */
const LENGTH_MIN = 16;

/** From now on `list`, and all that it holds, must not change, and it stands in one kind of field only. Gives the list. */
export function shareList<T>(list: T[]): T[] {
	if (list.length >= LENGTH_MIN) shared.set(list, {});
	return list;
}

/** Where the encodings of a shared list are kept; undefined for all others. */
export function encodingsOf(list: readonly unknown[]): Encodings | undefined {
	return list.length < LENGTH_MIN ? undefined : shared.get(list);
}
