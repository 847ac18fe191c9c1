// The corpus of a target: `testkit/fuzz-corpus/TARGET/*.txt`, one input a line, printable ASCII as it is and every other byte as
// `\xNN`, so that diffs are readable. Lines that begin with # are comments on the next input.
//
//     kept.txt    found by fuzzing: the smallest inputs that together cover all that was covered
//     found.txt   each input that ever violated a property, minimized; the comment names the property
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "../../fuzz-corpus");

/** All kept inputs of a target. */
export function readCorpus(target: string): Uint8Array[] {
	const folder = join(FOLDER, target);
	let files: string[];
	try {
		files = readdirSync(folder).filter((file) => file.endsWith(".txt"));
	} catch {
		return [];
	}
	return files.sort().flatMap((file) => inputsOf(readFileSync(join(folder, file), "utf8")));
}

/** Adds an input that violated a property to found.txt, once. Returns the path of the file. */
export function keepFound(target: string, input: Uint8Array, words: string): string {
	const path = pathOf(target, "found.txt");
	const before = textOf(path);
	const line = escaped(input);
	if (!before.split("\n").includes(line)) {
		// In one line and escaped: words may quote the input.
		const said = escaped(new TextEncoder().encode(words.split("\n")[0]?.slice(0, 200) ?? ""));
		writeFileSync(path, `${before}# ${said}\n${line}\n`);
	}
	return path;
}

/** Replaces what was kept of a target, the smallest first. */
export function keepBest(target: string, inputs: readonly Uint8Array[]): void {
	const lines = inputs.toSorted((a, b) => a.length - b.length).map(escaped);
	writeFileSync(pathOf(target, "kept.txt"), lines.map((line) => `${line}\n`).join(""));
}

/** An empty input is a lone `\`, since an empty line is none. */
export function escaped(input: Uint8Array): string {
	if (input.length === 0) return "\\";
	let text = "";
	for (const [at, byte] of input.entries()) {
		const plain = byte > 0x20 && byte < 0x7f && byte !== 0x5c && !(byte === 0x23 && at === 0);
		// A blank at either end could be trimmed by an editor.
		const blank = byte === 0x20 && at > 0 && at < input.length - 1;
		text += plain || blank ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
	}
	return text;
}

/** Throws `SyntaxError` for what `escaped` does not write. */
export function unescaped(line: string): Uint8Array {
	if (line === "\\") return new Uint8Array(0);
	const bytes: number[] = [];
	for (let at = 0; at < line.length; at++) {
		const unit = line.charCodeAt(at);
		if (unit !== 0x5c) {
			if (unit < 0x20 || unit > 0x7e) throw new SyntaxError(`a line of a corpus is printable ASCII: ${line.slice(0, 80)}`);
			bytes.push(unit);
			continue;
		}
		const hex = /^\\x([0-9a-f]{2})/.exec(line.slice(at, at + 4))?.[1];
		if (hex === undefined) throw new SyntaxError(`behind a \\ stands xNN: ${line.slice(at, at + 20)}`);
		bytes.push(Number.parseInt(hex, 16));
		at += 3;
	}
	return Uint8Array.from(bytes);
}

function inputsOf(text: string): Uint8Array[] {
	return text
		.split("\n")
		.filter((line) => line !== "" && !line.startsWith("#"))
		.map(unescaped);
}

function pathOf(target: string, file: string): string {
	mkdirSync(join(FOLDER, target), { recursive: true });
	return join(FOLDER, target, file);
}

function textOf(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}
