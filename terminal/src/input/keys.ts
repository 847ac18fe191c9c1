// Decodes a terminal's input to keys. Text, control characters and escape sequences come in one stream, split anywhere; the decoder
// buffers incomplete sequences. A lone ESC is ambiguous, the Escape key or the start of a sequence: the caller waits a moment and
// calls `flush`.
//
// Pasted text comes between `ESC [ 200 ~` and `ESC [ 201 ~` (bracketed paste, xterm's ctlseqs) and becomes one `paste`, so that its
// line ends are not decoded as the Enter key.

export type Key =
	| { readonly kind: "text"; readonly text: string }
	| { readonly kind: "paste"; readonly text: string }
	| {
			readonly kind: "key";
			/** A name such as `enter` or `up`, or the character pressed with Ctrl or Alt, in lower case. */
			readonly name: string;
			readonly ctrl: boolean;
			readonly alt: boolean;
			readonly shift: boolean;
	  };

export interface KeyDecoder {
	/** The keys that are complete with `chunk`, in order. Unknown sequences are dropped. */
	push(chunk: string): Key[];
	/** An incomplete sequence is buffered: call `flush` if nothing follows. */
	readonly waiting: boolean;
	/** Decodes a buffered ESC as the Escape key. */
	flush(): Key[];
}

/** Longest paste, in characters: far above the longest message, so that a longer one is refused instead of silently cut. */
export const PASTE_CHARS_MAX = 64 * 1024;

export function createKeyDecoder(): KeyDecoder {
	let held = "";
	let paste: string | undefined;

	/** Decodes the next key of `held`; false: more input is needed. */
	const next = (keys: Key[]): boolean => {
		if (paste !== undefined) {
			const end = held.indexOf(PASTE_END);
			// The end marker may be split: keeps as many characters as may be its start.
			const take = end < 0 ? Math.max(0, held.length - PASTE_END.length + 1) : end;
			paste = (paste + held.slice(0, take)).slice(0, PASTE_CHARS_MAX);
			held = held.slice(end < 0 ? take : end + PASTE_END.length);
			if (end < 0) return false;
			keys.push({ kind: "paste", text: paste });
			paste = undefined;
			return true;
		}
		if (held === "") return false;
		const text = TEXT.exec(held)?.[0];
		if (text !== undefined) {
			held = held.slice(text.length);
			keys.push({ kind: "text", text });
			return true;
		}
		if (!held.startsWith(ESC)) {
			const key = controlKey(held.charCodeAt(0));
			held = held.slice(1);
			if (key) keys.push(key);
			return true;
		}
		const alt = held.startsWith(ESC + ESC);
		const sequence = SEQUENCE.exec(alt ? held.slice(1) : held);
		if (sequence) {
			held = held.slice(sequence[0].length + (alt ? 1 : 0));
			if (sequence[0] === PASTE_BEGIN) {
				paste = "";
				return true;
			}
			const key = sequenceKey(sequence[0]);
			if (key) keys.push(alt ? { ...key, alt: true } : key);
			return true;
		}
		if (held === ESC || UNFINISHED.test(alt ? held.slice(1) : held)) return false;
		if (alt) {
			// Escape twice, or Escape before an invalid sequence.
			held = held.slice(1);
			keys.push(named("escape"));
			return true;
		}
		const character = String.fromCodePoint(held.codePointAt(1) ?? 0);
		held = held.slice(1 + character.length);
		keys.push(...altKey(character));
		return true;
	};

	const drain = (): Key[] => {
		const keys: Key[] = [];
		while (next(keys));
		return keys;
	};

	return {
		push(chunk) {
			held += chunk;
			return drain();
		},
		get waiting() {
			return paste === undefined && held !== "";
		},
		flush() {
			if (paste !== undefined || held === "") return [];
			held = held.slice(1);
			return [named("escape"), ...drain()];
		},
	};
}

/** A paste as text of a message: line ends become `\n`; a final one, and control characters except the tab, are dropped. */
export function pastedText(raw: string): string {
	return raw
		.replace(/\r\n?/g, "\n")
		.replace(/\n$/, "")
		.replace(/[^\P{Cc}\n\t]/gu, "")
		.replace(/\p{Cs}/gu, "\ufffd");
}

const ESC = "\x1b";
const PASTE_BEGIN = `${ESC}[200~`;
const PASTE_END = `${ESC}[201~`;
const TEXT = /^\P{Cc}+/u;
// Control sequences (CSI), those of the Linux console's function keys (CSI [), and single shifts (SS3): ECMA-48, xterm's ctlseqs.
const INTRODUCER = `^${ESC}`;
const SEQUENCE = new RegExp(`${INTRODUCER}(?:\\[\\[[A-E]|\\[[0-?]*[ -/]*[@-Z\\\\-~]|O[ -~])`);
const UNFINISHED = new RegExp(`${INTRODUCER}(?:\\[\\[?[0-?]*[ -/]*|O)?$`);

const BY_FINAL: Readonly<Record<string, string>> = {
	A: "up",
	B: "down",
	C: "right",
	D: "left",
	F: "end",
	H: "home",
	M: "enter",
};

const BY_NUMBER: Readonly<Record<number, string>> = {
	1: "home",
	2: "insert",
	3: "delete",
	4: "end",
	5: "pageup",
	6: "pagedown",
	7: "home",
	8: "end",
};

const BY_CODE: Readonly<Record<number, string>> = { 8: "backspace", 9: "tab", 13: "enter", 27: "escape", 127: "backspace" };

function named(name: string, held: Partial<Record<"ctrl" | "alt" | "shift", boolean>> = {}): Key & { kind: "key" } {
	return { kind: "key", name, ctrl: false, alt: false, shift: false, ...held };
}

function controlKey(code: number): Key | undefined {
	if (code === 0x0d) return named("enter");
	// Ctrl+J: some terminals send it for Enter with Ctrl or Alt. Inserts a line break.
	if (code === 0x0a) return named("enter", { alt: true });
	const name = BY_CODE[code];
	if (name) return named(name);
	return code >= 1 && code <= 26 ? named(String.fromCharCode(code + 0x60), { ctrl: true }) : undefined;
}

function altKey(character: string): Key[] {
	const code = character.codePointAt(0) ?? 0;
	if (code < 0x20 || code === 0x7f) {
		const key = controlKey(code);
		return key?.kind === "key" ? [{ ...key, alt: true }] : [];
	}
	const name = character.toLowerCase();
	return [named(name, { alt: true, shift: name !== character })];
}

function sequenceKey(sequence: string): (Key & { kind: "key" }) | undefined {
	const final = sequence.slice(-1);
	const numbers = sequence.slice(2, -1).split(";").map(Number);
	const [first = 0, second = 1, third = 0] = numbers;
	if (final === "Z") return named("tab", { shift: true });
	// Keys by character code: modifyOtherKeys (CSI 27 ; modifier ; code ~) and CSI code ; modifier u.
	if (final === "~" && first === 27 && numbers.length === 3) return characterKey(third, second);
	if (final === "u") return characterKey(first, second);
	if (final === "~") {
		const name = BY_NUMBER[first];
		return name ? named(name, modifiers(second)) : undefined;
	}
	const name = BY_FINAL[final];
	return name ? named(name, modifiers(second)) : undefined;
}

function characterKey(code: number, modifier: number): (Key & { kind: "key" }) | undefined {
	const held = modifiers(modifier);
	const name = BY_CODE[code];
	// With any modifier, Enter inserts a line break.
	if (name === "enter") return named(name, held.ctrl || held.shift ? { alt: true } : held);
	if (name) return named(name, held);
	if (code < 0x20 || code > 0x10ffff || !(held.ctrl || held.alt)) return undefined;
	return named(String.fromCodePoint(code).toLowerCase(), held);
}

function modifiers(code: number): { shift: boolean; alt: boolean; ctrl: boolean } {
	const bits = Math.max(0, (Number.isFinite(code) ? code : 1) - 1);
	return { shift: (bits & 1) !== 0, alt: (bits & 2) !== 0, ctrl: (bits & 4) !== 0 };
}
