// What a check says.

export interface Finding {
	readonly about: string;
	/** ok: fine. note: to be known. warn: will be trouble one day. bad: is trouble now. */
	readonly grade: "ok" | "note" | "warn" | "bad";
	readonly words: string;
	/** What to do about it. */
	readonly remedy?: string;
}

export type Check = () => Promise<readonly Finding[]> | readonly Finding[];

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
