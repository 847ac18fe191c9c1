import { expect, test } from "bun:test";
import { timesFor } from "../../src/text/times.ts";
import { NOON_MS } from "../support/entries.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

test("days are called today, yesterday, by their date, and by their year where it is another", () => {
	const times = timesFor("en-GB", "UTC");
	expect(times.day(NOON_MS, NOON_MS + 3_600_000)).toBe("Today");
	expect(times.day(NOON_MS - DAY_MS, NOON_MS)).toBe("Yesterday");
	expect(times.day(NOON_MS - 2 * DAY_MS, NOON_MS)).toContain("19 November");
	expect(times.day(Date.UTC(2024, 1, 29), NOON_MS)).toContain("29 February 2024");
});

test("the narrow time is hour and minute alone, in the user's locale", () => {
	const narrow = (locale: string): string => timesFor(locale, "UTC").narrow(NOON_MS + 90 * 60_000);
	expect(["en-GB", "en-US", "ko-KR", "bg-BG"].map(narrow)).toEqual(["13:30", "01:30", "01:30", "13:30"]);
});

test("a day is the user's local day, not the server's", () => {
	const late = Date.UTC(2025, 10, 21, 23, 30);
	expect(timesFor("en-GB", "UTC").dayKey(late)).toBe("2025-11-21");
	expect(timesFor("en-GB", "Asia/Tokyo").dayKey(late)).toBe("2025-11-22");
	// Half past and a quarter to: Nepal is 5:45 ahead.
	const nepal = timesFor("en-GB", "Asia/Kathmandu");
	expect([nepal.dayKey(Date.UTC(2025, 10, 21, 18, 14, 59)), nepal.dayKey(Date.UTC(2025, 10, 21, 18, 15))]).toEqual([
		"2025-11-21",
		"2025-11-22",
	]);
	expect(timesFor("en-GB", "Asia/Tokyo").short(late)).toBe("08:30");
	expect(timesFor("en-GB", "UTC").full(late)).toContain("23:30:00");
});
