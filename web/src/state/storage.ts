// The page's small texts in browser storage, beside the outbox. Where storage is disabled or full they are lost on reload, and the page
// works all the same.

/** The part of `Storage` that the page uses. */
export type TextStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** A storage that never throws. `storage` is called for each access, since the property itself throws where storage is disabled. */
export function safeStorage(storage: () => TextStorage): TextStorage {
	/** Values that could not be stored, in memory; null: removed. */
	const here = new Map<string, string | null>();
	return {
		getItem(key) {
			const own = here.get(key);
			if (own !== undefined) return own;
			try {
				return storage().getItem(key);
			} catch {
				return null;
			}
		},
		setItem(key, text) {
			try {
				storage().setItem(key, text);
				here.delete(key);
			} catch {
				here.set(key, text);
			}
		},
		removeItem(key) {
			try {
				storage().removeItem(key);
				here.delete(key);
			} catch {
				here.set(key, null);
			}
		},
	};
}

/**
 * Reads this tab's value (`tab`: its session storage), else the last one written by any tab (`shared`). Two tabs do not overwrite each
 * other's drafts.
 */
export function tabStorage(tab: TextStorage, shared: TextStorage): TextStorage {
	return {
		getItem: (key) => tab.getItem(key) ?? shared.getItem(key),
		setItem(key, text) {
			tab.setItem(key, text);
			shared.setItem(key, text);
		},
		removeItem(key) {
			tab.removeItem(key);
			shared.removeItem(key);
		},
	};
}

/** Removes the drafts of all users from `storage`. */
export function forgetAllDrafts(storage: () => Storage): void {
	try {
		const kept = storage();
		for (const key of Object.keys(kept)) if (key.startsWith(DRAFT)) kept.removeItem(key);
	} catch {
		// Storage is disabled: there are no drafts.
	}
}

const DRAFT = "verbatim.draft.";

/** The page's own keys, beside those of the SDK (`verbatim.identity`, `verbatim.seen.*`). */
export const KEYS = {
	/** Kind of this browser's identity: `guest` or `account`. */
	cameAs: "verbatim.cameAs",
	/** The user's last open room. */
	place: (user: string): string => `verbatim.place.${user}`,
	draft: (user: string, room: string): string => `${DRAFT}${user}.${room}`,
} as const;
