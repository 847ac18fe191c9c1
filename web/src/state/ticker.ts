// The time as a signal, for texts like "in 5 s". It ticks only while it has subscribers.

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Cancel, Clock } from "@verbatim/client";

/** The wall clock in milliseconds, updated every `everyMs` while it has subscribers. */
export function createTicker(clock: Clock, everyMs: number): ReadonlySignal<number> {
	let cancel: Cancel | undefined;
	const tick = (): void => {
		now.value = clock.now();
		cancel = clock.after(everyMs, tick);
	};
	const now = signal(clock.now(), {
		watched: tick,
		unwatched: () => cancel?.(),
	});
	return now;
}
