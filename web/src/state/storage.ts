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

/** The page's own keys, beside those of the SDK (`verbatim.identity`, `verbatim.seen.*`). */
export const KEYS = {
	/** How the one identity of this browser came in: `guest` or `account`. */
	cameAs: "verbatim.cameAs",
	/** The room in which the user was last. */
	place: (user: string): string => `verbatim.place.${user}`,
	draft: (user: string, room: string): string => `verbatim.draft.${user}.${room}`,
} as const;
