// The result of a check.

export interface Finding {
	readonly about: string;
	/** note: information. warn: may become a problem. bad: a problem now. */
	readonly grade: "ok" | "note" | "warn" | "bad";
	readonly words: string;
	readonly remedy?: string;
}

export const ok = (about: string, words: string): Finding => ({ about, grade: "ok", words });
export const note = (about: string, words: string): Finding => ({ about, grade: "note", words });
export const warn = (about: string, words: string, remedy: string): Finding => ({ about, grade: "warn", words, remedy });
export const bad = (about: string, words: string, remedy: string): Finding => ({ about, grade: "bad", words, remedy });

export function wordsOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

export function bytesWords(bytes: number): string {
	const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
	const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
	const value = bytes / 1024 ** power;
	return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? ""}`;
}
