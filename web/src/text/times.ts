// Times in the user's time zone and locale. Made once per page: Intl formatters are costly to build.

/** Formatters. All take milliseconds since the Unix epoch. */
export interface Times {
	/** `14:32` */
	short(atMs: number): string;
	/** The same without am/pm, where the whole time is shown above. */
	narrow(atMs: number): string;
	/** `Friday, 21 November 2025, 14:32:07` */
	full(atMs: number): string;
	/** `Today`, `Yesterday`, or the date, relative to `nowMs`. */
	day(atMs: number, nowMs: number): string;
	/** Equal for two times of the same local day only. */
	dayKey(atMs: number): string;
}

/** `locale` and `timeZone`: undefined for the user's own. */
export function timesFor(locale?: string, timeZone?: string): Times {
	const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
		new Intl.DateTimeFormat(locale, timeZone === undefined ? options : { ...options, timeZone });
	const short = format({ hour: "2-digit", minute: "2-digit" });
	const full = format({ dateStyle: "full", timeStyle: "medium" });
	const date = format({ weekday: "long", day: "numeric", month: "long" });
	const dateAndYear = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
	const year = format({ year: "numeric" });
	// Swedish dates are in ISO 8601: a key that sorts.
	const key = new Intl.DateTimeFormat("sv", { dateStyle: "short", ...(timeZone === undefined ? {} : { timeZone }) });
	// A timeline needs the day of each of its entries: cached per quarter of an hour, since in all time zones days begin at one.
	const days = new Map<number, string>();
	const dayKey = (atMs: number): string => {
		const quarter = Math.floor(atMs / QUARTER_MS);
		let day = days.get(quarter);
		if (day === undefined) {
			day = key.format(atMs);
			days.set(quarter, day);
		}
		return day;
	};
	const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

	return {
		short: (atMs) => short.format(atMs),
		narrow: (atMs) => hourToMinute(short.formatToParts(atMs)),
		full: (atMs) => full.format(atMs),
		day(atMs, nowMs) {
			const day = dayKey(atMs);
			if (day === dayKey(nowMs)) return capital(relative.format(0, "day"));
			if (day === dayKey(nowMs - DAY_MS)) return capital(relative.format(-1, "day"));
			return year.format(atMs) === year.format(nowMs) ? date.format(atMs) : dateAndYear.format(atMs);
		},
		dayKey,
	};
}

function hourToMinute(parts: readonly Intl.DateTimeFormatPart[]): string {
	const isTime = ({ type }: Intl.DateTimeFormatPart): boolean => type === "hour" || type === "minute";
	const time = parts.slice(parts.findIndex(isTime), parts.findLastIndex(isTime) + 1);
	return time.map(({ value }) => value).join("");
}

const QUARTER_MS = 15 * 60 * 1_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

function capital(words: string): string {
	return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}
