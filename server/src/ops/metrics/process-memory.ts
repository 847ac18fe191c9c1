// The memory of this process and its limit: of the machine, or of its container.
import { totalmem } from "node:os";
import type { Memory } from "../../overload/watch.ts";

/** `bytesMax` 0: what the system allows. */
export function createMemory(bytesMax: number): Memory {
	return {
		residentBytes: () => process.memoryUsage.rss(),
		bytesMax: bytesMax > 0 ? bytesMax : systemBytes(),
		// Asynchronously: a full collection of a large heap would block the event loop.
		collect: () => Bun.gc(false),
	};
}

/** The limit of the control group, if there is one; at most the machine's memory. */
function systemBytes(): number {
	const constrained = process.constrainedMemory();
	return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
