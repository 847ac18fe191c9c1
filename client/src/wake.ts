// Hints of the platform that now is a good moment to connect: the network is back, or somebody looks at the page again.
import type { Off } from "./api.ts";

/** Calls `task` on each hint; where the platform gives none, never. */
export function onWake(task: () => void): Off {
	const scope = globalThis as Partial<Pick<Window & typeof globalThis, "addEventListener" | "removeEventListener" | "document">>;
	const onVisible = (): void => {
		if (scope.document?.visibilityState === "visible") task();
	};
	// Back from the back/forward cache: the connection was cut without a word.
	const windowEvents = ["online", "pageshow"] as const;
	for (const event of windowEvents) scope.addEventListener?.(event, task);
	scope.document?.addEventListener("visibilitychange", onVisible);
	return () => {
		for (const event of windowEvents) scope.removeEventListener?.(event, task);
		scope.document?.removeEventListener("visibilitychange", onVisible);
	};
}
