// The kinds of values a setting can have: how each is read from text (flags, environment) and from TOML, what it allows, and
// how it is written in TOML. A kind throws `Unfit` for what it does not allow; the words name nothing, the loader does that.

import { escapeControls } from "../../base/escape-controls.ts";

export class Unfit extends Error {}

export interface Kind<T> {
	/** For people: what may be written. */
	readonly allowed: string;
	/** `raw` is a string from flags and environment, a TOML value from the file. Throws `Unfit`. */
	read(raw: unknown): T;
	/** The value as TOML. */
	toml(value: T): string;
	/** For the help of a command line: `HOST:PORT`. Absent: a switch. */
	readonly takes?: string;
}

interface Range {
	readonly min: number;
	readonly max: number;
}

export function integer({ min, max }: Range): Kind<number> {
	return amount("a whole number", { "": 1 }, { min, max });
}

/** Milliseconds; `10s`, `5m`, `2h` are understood too. */
export function duration({ min, max }: Range): Kind<number> {
	return amount("milliseconds, or a number with ms, s, m, h", { "": 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }, { min, max });
}

/** Bytes; `64KiB`, `8MiB`, `1GiB` are understood too. */
export function bytes({ min, max }: Range): Kind<number> {
	const units = { "": 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
	return amount("bytes, or a number with KiB, MiB, GiB", units, { min, max });
}

/** A number above 0 that need not be whole. */
export function rate({ max }: { readonly max: number }): Kind<number> {
	const allowed = `a number above 0, up to ${max}`;
	return {
		allowed,
		takes: "N",
		read(raw) {
			const value = typeof raw === "string" && raw.trim() !== "" ? Number(raw) : raw;
			if (typeof value !== "number" || !(value > 0 && value <= max)) throw new Unfit(allowed);
			return value;
		},
		toml: String,
	};
}

/** A whole number, or `auto`. */
export function integerOrAuto(range: Range): Kind<number | "auto"> {
	const kind = integer(range);
	const allowed = `auto, or ${kind.allowed}`;
	return {
		allowed,
		takes: "N|auto",
		read(raw) {
			if (raw === "auto") return raw;
			try {
				return kind.read(raw);
			} catch {
				throw new Unfit(allowed);
			}
		},
		toml: (value) => (value === "auto" ? quoted(value) : kind.toml(value)),
	};
}

export const truth: Kind<boolean> = {
	allowed: "true or false",
	read(raw) {
		if (typeof raw === "boolean") return raw;
		if (raw === "true" || raw === "yes" || raw === "on" || raw === "1") return true;
		if (raw === "false" || raw === "no" || raw === "off" || raw === "0") return false;
		throw new Unfit("true or false");
	},
	toml: String,
};

export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
	const allowed = values.join(" | ");
	return {
		allowed,
		takes: values.join("|"),
		read(raw) {
			const found = values.find((value) => value === raw);
			if (found === undefined) throw new Unfit(allowed);
			return found;
		},
		toml: quoted,
	};
}

/** Text that satisfies `fits`; empty means none. */
export function text(takes: string, allowed: string, fits: (value: string) => boolean = () => true): Kind<string> {
	return {
		allowed,
		takes,
		read(raw) {
			if (typeof raw !== "string" || !fits(raw)) throw new Unfit(allowed);
			return raw;
		},
		toml: quoted,
	};
}

/** Several texts: a TOML array, or with commas between on a command line. */
export function list(takes: string, allowed: string, fits: (value: string) => boolean): Kind<readonly string[]> {
	return {
		takes,
		allowed: `${allowed}; several with commas between`,
		read(raw) {
			const values: unknown = typeof raw === "string" ? raw.split(",").flatMap((part) => part.trim() || []) : raw;
			if (!Array.isArray(values) || !values.every((value) => typeof value === "string" && fits(value))) {
				throw new Unfit(allowed);
			}
			return values;
		},
		toml: (values) => `[${values.map(quoted).join(", ")}]`,
	};
}

function amount(what: string, units: Readonly<Record<string, number>>, { min, max }: Range): Kind<number> {
	const allowed = `${what}, ${min} to ${max}`;
	return {
		allowed,
		takes: "N",
		read(raw) {
			const [, digits, unit = ""] = /^\s*(\d+)\s*([A-Za-z]*)\s*$/.exec(String(raw)) ?? [];
			const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
			const value = Number(digits) * (factor ?? Number.NaN);
			if ((typeof raw !== "string" && typeof raw !== "number") || !(value >= min && value <= max)) throw new Unfit(allowed);
			return value;
		},
		toml: String,
	};
}

/** A TOML basic string; JSON's escapes are a subset of TOML's. What TOML does not take as it is, or acts on a terminal, is escaped too. */
export function quoted(value: string): string {
	return escapeControls(JSON.stringify(value));
}
