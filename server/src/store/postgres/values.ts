// Values on their way to PostgreSQL and back.
//
// PostgreSQL's text holds every character but U+0000, while the other stores hold that too. So U+0000 and U+0001 are written as two
// characters each, an escape that keeps the order of strings: nothing is refused here that another store takes.

const ESCAPE = "\u0001";

export function text(value: string): string {
	return value.includes("\0") || value.includes(ESCAPE)
		? value.replaceAll(ESCAPE, `${ESCAPE}\u0002`).replaceAll("\0", `${ESCAPE}${ESCAPE}`)
		: value;
}

/** `text` undone. */
export function plain(stored: string): string {
	if (!stored.includes(ESCAPE)) return stored;
	let value = "";
	for (let at = 0; at < stored.length; at++) {
		if (stored[at] !== ESCAPE) value += stored[at];
		else value += stored[++at] === ESCAPE ? "\0" : ESCAPE;
	}
	return value;
}

/** An array of texts, as PostgreSQL reads it. */
export function texts(values: readonly (string | null | undefined)[]): string {
	let list = "";
	for (const value of values) {
		if (list !== "") list += ",";
		if (value === null || value === undefined) list += "NULL";
		else list += `"${quoted(text(value))}"`;
	}
	return `{${list}}`;
}

/** An array of numbers or truth values. */
export function numbers(values: readonly (number | boolean | null | undefined)[]): string {
	return `{${values.map((value) => value ?? "NULL").join(",")}}`;
}

function quoted(value: string): string {
	return value.includes('"') || value.includes("\\") ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"') : value;
}
