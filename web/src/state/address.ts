// The page's address bar, as the smallest interface that navigation needs.

export interface Address {
	/** The fragment with its `#`, or empty. */
	hash(): string;
	/** A new place: the browser's back button returns from it. */
	push(hash: string): void;
	/** The same place under another name. */
	replace(hash: string): void;
	/** Calls back when the reader went back or forward, or changed the address. */
	onChange(listener: () => void): () => void;
}

export function browserAddress(window: Window): Address {
	return {
		hash: () => window.location.hash,
		push: (hash) => window.history.pushState(null, "", hash),
		replace: (hash) => window.history.replaceState(null, "", hash),
		onChange(listener) {
			window.addEventListener("popstate", listener);
			return () => window.removeEventListener("popstate", listener);
		},
	};
}
