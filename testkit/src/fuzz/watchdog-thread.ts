// The watchdog's thread: checks once a second whether the current input is still the same.
import { writeSync } from "node:fs";
import { escaped, keepFound } from "./corpus.ts";
import { SHARED, STUCK_MS } from "./watchdog.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<{ readonly shared: SharedArrayBuffer; readonly targets: readonly string[] }>) => {
	const words = new Int32Array(data.shared, 0, SHARED.headBytes / 4);
	const at = (word: number): number => Atomics.load(words, word);
	let count = at(SHARED.count);
	let sinceMs = performance.now();
	setInterval(() => {
		const now = at(SHARED.count);
		// Even: no input is being processed.
		if (now !== count || now % 2 === 0) {
			count = now;
			sinceMs = performance.now();
			return;
		}
		if (performance.now() - sinceMs < STUCK_MS) return;
		const input = new Uint8Array(data.shared, SHARED.headBytes, at(SHARED.length)).slice();
		const target = data.targets[at(SHARED.target)] ?? "";
		const path = keepFound(target, input, "this input never comes to an end");
		// Written synchronously: the process's streams need the main thread.
		writeSync(2, `\n${target} is stuck, by ${input.length} bytes, kept in ${path}\n`);
		writeSync(2, `again: npm run fuzz -- --only ${target} --input '${escaped(input).replaceAll("'", "'\\''")}'\n`);
		process.kill(process.pid, "SIGKILL");
	}, 1_000);
};
