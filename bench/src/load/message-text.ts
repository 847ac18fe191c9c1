// The text of a message: it holds its number and send time, so that order and latency can be checked at the receivers of any peer. Fixed
// width, printable, padded with a known pattern: a text that arrives changed is not counted.

export const MESSAGE_TEXT_BYTES = 100;

const HEAD_BYTES = "n=000000000 t=000000000.000 ".length;
const PATTERN = new RegExp(`n=(\\d{9}) t=(\\d{9}\\.\\d{3}) x{${MESSAGE_TEXT_BYTES - HEAD_BYTES}}`, "g");

/** The text of message `n` (from 1), sent at `nowMs`. */
export function messageText(n: number, nowMs: number): string {
	return `n=${String(n).padStart(9, "0")} t=${nowMs.toFixed(3).padStart(13, "0")} `.padEnd(MESSAGE_TEXT_BYTES, "x");
}

/** Numbers and send times of all intact texts in a payload, in order. */
export function parseMessageTexts(payload: string): { readonly numbers: readonly number[]; readonly sentMs: readonly number[] } {
	const numbers: number[] = [];
	const sentMs: number[] = [];
	for (const [, n, t] of payload.matchAll(PATTERN)) {
		numbers.push(Number(n));
		sentMs.push(Number(t));
	}
	return { numbers, sentMs };
}
