// One clock for all processes of this machine: the kernel's CLOCK_MONOTONIC, which cannot be set. It orders the histories of several
// processes even while their wall clocks are moved. `performance.now` has the same rate but starts with the process, so the offset is
// measured once.
import { dlopen, FFIType, ptr } from "bun:ffi";

const CLOCK_MONOTONIC = process.platform === "darwin" ? 6 : 1;
/** Upper bound on the offset's error, ms: the kernel's clock is read between two reads of `performance.now` this close together. */
const EXACT_MS = 0.05;

let offsetMs: number | undefined;

/** Milliseconds since the machine was started, the same in every process to a twentieth of a millisecond. */
export function monotonicMs(): number {
	offsetMs ??= measure();
	return performance.now() + offsetMs;
}

function measure(): number {
	const { symbols, close } = dlopen(process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6", {
		clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
	});
	const time = new BigInt64Array(2);
	const at = ptr(time);
	try {
		for (;;) {
			const before = performance.now();
			if (symbols.clock_gettime(CLOCK_MONOTONIC, at) !== 0) throw new Error("the kernel has no monotonic clock");
			const after = performance.now();
			if (after - before <= EXACT_MS) return Number(time[0]) * 1_000 + Number(time[1]) / 1e6 - (before + after) / 2;
		}
	} finally {
		close();
	}
}
