// The page's address and the browser's history, as the smallest interfaces that navigation needs.

export interface Address {
	/** The fragment with its `#`, or empty. */
	hash(): string;
	/** A new entry of the history: the back button returns from it. */
	push(hash: string): void;
	/** Replaces the address of the current entry. */
	replace(hash: string): void;
	/** Calls back when the user went back or forward, or changed the address. */
	onChange(listener: () => void): () => void;
}

export interface PageAddress extends Address {
	/**
	 * A cover (dialog, drawer) is over the page until the returned function is called: the back button calls `close` and leaves
	 * the page at its address. One at a time.
	 */
	cover(close: () => void): () => void;
}

/** Marks the history entry of the cover. */
const COVER = { cover: true };

interface Leaving {
	/** The current address, whatever the popped entry says. */
	href: string;
	/** Run once the cover's entry is popped. */
	readonly steps: (() => void)[];
}

export function browserAddress(window: Pick<Window, "location" | "history" | "addEventListener">): PageAddress {
	const { history, location } = window;
	const listeners = new Set<() => void>();
	let close: (() => void) | undefined;
	/** The browser is popping a cover's entry, asynchronously. */
	let leaving: Leaving | undefined;
	const isCover = (): boolean => (history.state as { readonly cover?: unknown } | null)?.cover === true;

	/** Runs now, or once the cover's entry is popped. */
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
				// Otherwise going back would pass an entry of the same address.
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
			// After a reload with a cover open its entry is still there.
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
