// Stop signals that arrive while the server is starting are deferred until it can drain: it may already have clients.

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Defers the first signal; a second one exits at once. Returns the function that passes it on to the listeners registered by then. */
export function deferSignals(process: NodeJS.Process): () => void {
	let kept: (typeof SIGNALS)[number] | undefined;
	const listeners = SIGNALS.map((signal) => {
		const listener = (): void => {
			if (kept !== undefined) process.exit(128 + (kept === "SIGINT" ? 2 : 15));
			kept = signal;
		};
		process.on(signal, listener);
		return { signal, listener };
	});
	return () => {
		for (const { signal, listener } of listeners) process.off(signal, listener);
		if (kept !== undefined) process.emit(kept);
	};
}
