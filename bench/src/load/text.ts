// The text that is said: its number and the moment it was sent stand in it, so that any peer's receivers can be held to the order and
// timed, whatever the peer itself adds. Fixed width, printable, and filled up to its length with what is known: a text that did not
// arrive as it was sent does not count as one.

/** Bytes of a text, as in the design's measurements. */
export const TEXT_BYTES = 100;

const HEAD_BYTES = "n=000000000 t=000000000.000 ".length;
const PATTERN = new RegExp(`n=(\\d{9}) t=(\\d{9}\\.\\d{3}) x{${TEXT_BYTES - HEAD_BYTES}}`, "g");

/** The text of message `n` (1 and up) that is sent now. */
export function textOf(n: number, nowMs: number): string {
	return `n=${String(n).padStart(9, "0")} t=${nowMs.toFixed(3).padStart(13, "0")} `.padEnd(TEXT_BYTES, "x");
}

/** The numbers and moments of all whole texts in a payload, in its order. */
export function textsIn(payload: string): { readonly numbers: readonly number[]; readonly sentMs: readonly number[] } {
	const numbers: number[] = [];
	const sentMs: number[] = [];
	for (const [, n, t] of payload.matchAll(PATTERN)) {
		numbers.push(Number(n));
		sentMs.push(Number(t));
	}
	return { numbers, sentMs };
}
