// The time as a signal, for words like "in 5 s". It ticks only while somebody looks.

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Cancel, Clock } from "@verbatim/client";

/** The wall clock in milliseconds, renewed every `everyMs` while it has subscribers. */
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
