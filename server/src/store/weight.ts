/**
 * What an entry counts for where a page is cut, in bytes: its text and an allowance for sender, cid and time. Texts are
 * measured as UTF-8.
 */
export function weightOf(textBytes: number): number {
	return textBytes + 128;
}
