// Bounds the input of JSON.parse, which takes milliseconds for a frame of a few thousand brackets or keys. One pass over the text; strings
// are skipped by `indexOf`, so that long texts are cheap.
import { DecodeError } from "./codec.ts";

/** Deepest nesting of objects and arrays that is parsed. No command of the schema needs more than 4. */
export const JSON_DEPTH_MAX = 8;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;

/**
 * Throws `DecodeError` `malformed` for nesting deeper than `JSON_DEPTH_MAX`, and `too_large` for more than `valuesMax` values (members and
 * elements; an empty list counts as one). Other syntax errors pass. Returns the number of members, duplicate keys included.
 */
export function checkJsonBounds(text: string, valuesMax: number): number {
	let depth = 0;
	let values = 0;
	let members = 0;
	for (let at = 0; at < text.length; at++) {
		switch (text.charCodeAt(at)) {
			case QUOTE: {
				const end = stringEnd(text, at);
				if (end < 0) return members;
				at = end;
				break;
			}
			case BRACE:
			case BRACKET:
				if (++depth > JSON_DEPTH_MAX) throw new DecodeError("malformed", `this JSON is nested deeper than ${JSON_DEPTH_MAX}`);
				values++;
				break;
			case COMMA:
				values++;
				break;
			case COLON:
				members++;
				break;
			case BRACE_END:
			case BRACKET_END:
				depth--;
		}
		if (values > valuesMax) throw new DecodeError("too_large", `this JSON has more than ${valuesMax} values`);
	}
	return members;
}

/** The number of members of all objects of a parsed text. Fewer than `checkJsonBounds` returns: the text has a duplicate key. */
export function membersOf(json: unknown): number {
	if (typeof json !== "object" || json === null) return 0;
	let count = 0;
	for (const value of Object.values(json)) count += membersOf(value) + 1;
	return Array.isArray(json) ? count - json.length : count;
}

/** Index of the closing quote of the string that begins at `start`; negative if there is none. */
function stringEnd(text: string, start: number): number {
	for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
		let before = end - 1;
		while (text.charCodeAt(before) === BACKSLASH) before--;
		// An even number of backslashes escape each other.
		if ((end - before) % 2 === 1) return end;
	}
	return -1;
}
