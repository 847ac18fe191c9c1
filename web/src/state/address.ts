// The page's address and the browser's way back, as the smallest interfaces that navigation needs.

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

export interface PageAddress extends Address {
	/**
	 * Something lies over the page until the returned function is called: the browser's back button calls `close` and leaves the page
	 * where it is. One at a time.
	 */
	cover(close: () => void): () => void;
}

/** What marks the entry of the history that stands for what lies over the page. */
const COVER = { cover: true };

interface Leaving {
	/** Where the reader is, whatever the entry that is gone back to says. */
	href: string;
	/** What is to be done once the way back is gone. */
	readonly steps: (() => void)[];
}

export function browserAddress(window: Pick<Window, "location" | "history" | "addEventListener">): PageAddress {
	const { history, location } = window;
	const listeners = new Set<() => void>();
	let close: (() => void) | undefined;
	/** The browser is on its way back from a cover's entry, which it goes in its own time. */
	let leaving: Leaving | undefined;
	const isCover = (): boolean => (history.state as { readonly cover?: unknown } | null)?.cover === true;

	/** Now, or once the way back is gone. */
	const change = (hash: string, act: () => void): void => {
		if (leaving === undefined) return act();
		leaving.href = new URL(hash, location.href).href;
		leaving.steps.push(act);
	};

	window.addEventListener("popstate", () => {
		if (leaving !== undefined) {
			const { href, steps } = leaving;
			leaving = undefined;
			if (steps.length === 0 && location.href !== href) history.replaceState(null, "", href);
			for (const step of steps) step();
			if (close !== undefined) history.pushState(COVER, "", location.href);
			return;
		}
		const closing = close;
		close = undefined;
		closing?.();
		for (const listener of listeners) listener();
	});

	return {
		hash: () => (leaving === undefined ? location.hash : new URL(leaving.href).hash),
		push(hash) {
			close = undefined;
			change(hash, () => {
				// Otherwise the way back would lead through an entry of the same place.
				if (isCover()) history.replaceState(null, "", hash);
				else history.pushState(null, "", hash);
			});
		},
		replace: (hash) => change(hash, () => history.replaceState(history.state, "", hash)),
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		cover(onBack) {
			// After a reload in the midst of it the entry is there.
			if (leaving === undefined && !isCover()) history.pushState(COVER, "", location.href);
			close = onBack;
			return () => {
				if (close !== onBack) return;
				close = undefined;
				if (leaving !== undefined || !isCover()) return;
				leaving = { href: location.href, steps: [] };
				history.back();
			};
		},
	};
}
