// Platform hints that a reconnect may succeed now: the network is back, or the page is visible again.
import type { Off } from "../base/events.ts";

/** Calls `task` on each hint; never on platforms that give none. */
export function onWake(task: () => void): Off {
	const scope = globalThis as Partial<Pick<Window & typeof globalThis, "addEventListener" | "removeEventListener" | "document">>;
	const onVisible = (): void => {
		if (scope.document?.visibilityState === "visible") task();
	};
	// `pageshow`: restored from the back/forward cache, where the connection was closed silently.
	const windowEvents = ["online", "pageshow"] as const;
	for (const event of windowEvents) scope.addEventListener?.(event, task);
	scope.document?.addEventListener("visibilitychange", onVisible);
	return () => {
		for (const event of windowEvents) scope.removeEventListener?.(event, task);
		scope.document?.removeEventListener("visibilitychange", onVisible);
	};
}
