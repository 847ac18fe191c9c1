// What the page keeps in the browser beside the outbox: small texts. A browser that keeps nothing (storage switched off or
// full) costs memory over reloads, never the page.

/** What the page asks of `localStorage`. */
export type Keeper = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** A keeper that never throws. `storage`: asked for each time, since merely touching it throws where it is switched off. */
export function safeKeeper(storage: () => Keeper): Keeper {
	/** What could not be kept lives here as long as the page; null: removed. */
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
 * What is written in this tab is this tab's, as long as it is there (`tab`: its session storage); elsewhere, what was written last in any
 * of them (`shared`). So two tabs do not take each other's drafts away.
 */
export function tabKeeper(tab: Keeper, shared: Keeper): Keeper {
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

/** Removes the drafts of everybody from `storage`. */
export function forgetAllDrafts(storage: () => Storage): void {
	try {
		const kept = storage();
		for (const key of Object.keys(kept)) if (key.startsWith(DRAFT)) kept.removeItem(key);
	} catch {
		// Where nothing is kept, nothing is to be forgotten.
	}
}

const DRAFT = "verbatim.draft.";

/** The page's own keys, beside those of the SDK (`verbatim.identity`, `verbatim.seen.*`). */
export const KEYS = {
	/** How the one identity of this browser came in: `guest` or `account`. */
	cameAs: "verbatim.cameAs",
	/** The room in which the user was last. */
	place: (user: string): string => `verbatim.place.${user}`,
	draft: (user: string, room: string): string => `${DRAFT}${user}.${room}`,
} as const;
