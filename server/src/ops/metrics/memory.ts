// The memory of this process, and what it may have: of the machine, or of the container it runs in.
import { totalmem } from "node:os";
import type { Memory } from "../../overload/watch.ts";

/** `bytesMax` 0: all that the system allows. */
export function createMemory(bytesMax: number): Memory {
	return {
		residentBytes: () => process.memoryUsage.rss(),
		bytesMax: bytesMax > 0 ? bytesMax : systemBytes(),
		// Not at once: a full collection of a large heap would stop everybody.
		collect: () => Bun.gc(false),
	};
}

/** What control groups allow, where they do; never more than there is. */
function systemBytes(): number {
	const constrained = process.constrainedMemory();
	return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
