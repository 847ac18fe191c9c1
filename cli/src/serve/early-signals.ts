// A signal to stop that comes while the server is starting: kept until it can be obeyed, since the server may be answering already.

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Keeps the first signal from now on; a second one ends the process at once. Returns what hands it to the listeners of now. */
export function keepSignals(process: NodeJS.Process): () => void {
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
