// Parses a line into a command (docs/protocol.md). Pure.
import type { ErrorCode } from "@verbatim/protocol";

export type LineCommand =
	| { readonly kind: "nothing" }
	/** Sends `text` to the current room. */
	| { readonly kind: "say"; readonly text: string }
	| { readonly kind: "nick"; readonly name: string }
	| { readonly kind: "login" | "register"; readonly name: string; readonly password: string }
	/** Rooms as on the wire: `#tea`, `@ann`; undefined: the current one. */
	| { readonly kind: "join"; readonly room: string }
	| { readonly kind: "leave" | "who"; readonly room: string | undefined }
	| { readonly kind: "msg"; readonly name: string; readonly text: string }
	| { readonly kind: "history"; readonly count: number }
	| { readonly kind: "rooms" | "more" | "help" | "quit" }
	| { readonly kind: "wrong"; readonly code: ErrorCode; readonly message: string };

/** Entries shown on joining, and by `/history` alone. */
export const LINE_HISTORY = 20;

/** Members and rooms shown at once. */
export const LINE_LIST = 100;

/** `line` without its end. `historyMax`: most entries that may be asked for at once. */
export function parseLine(line: string, historyMax: number): LineCommand {
	if (line === "") return { kind: "nothing" };
	if (!line.startsWith("/")) return { kind: "say", text: line };
	if (line.startsWith("//")) return { kind: "say", text: line.slice(1) };
	const [word, rest] = split(line.slice(1));
	const argument = rest.trim();
	switch (word.toLowerCase()) {
		case "nick":
			return argument === "" ? usage("/nick NAME") : { kind: "nick", name: argument };
		case "register":
			return credential("register", rest);
		case "login":
			return credential("login", rest);
		case "join":
			return argument === "" ? usage("/join ROOM") : { kind: "join", room: roomRef(argument) };
		case "leave":
			return { kind: "leave", room: argument === "" ? undefined : roomRef(argument) };
		case "who":
			return { kind: "who", room: argument === "" ? undefined : roomRef(argument) };
		case "msg": {
			const [to, text] = split(rest.trimStart());
			const name = to.replace(/^@/, "");
			return name === "" || text === "" ? usage("/msg NAME TEXT") : { kind: "msg", name, text };
		}
		case "history":
			return historyOf(argument, historyMax);
		case "rooms":
		case "more":
		case "help":
		case "quit":
			return { kind: word.toLowerCase() as "rooms" | "more" | "help" | "quit" };
		default:
			return {
				kind: "wrong",
				code: "unknown_command",
				message: `there is no /${word}; /help lists all, and a line that begins with // is said with one /`,
			};
	}
}

/** The password is the rest of the line unchanged: it may contain spaces. */
function credential(kind: "login" | "register", rest: string): LineCommand {
	const [name, password] = split(rest.trimStart());
	return name === "" || password === "" ? usage(`/${kind} NAME PASSWORD`) : { kind, name, password };
}

function historyOf(argument: string, historyMax: number): LineCommand {
	if (argument === "") return { kind: "history", count: Math.min(LINE_HISTORY, historyMax) };
	const count = /^\d{1,9}$/.test(argument) ? Number(argument) : 0;
	if (count >= 1 && count <= historyMax) return { kind: "history", count };
	return { kind: "wrong", code: "invalid", message: `/history takes a number from 1 to ${historyMax}` };
}

function roomRef(room: string): string {
	return room.startsWith("#") || room.startsWith("@") ? room : `#${room}`;
}

function usage(how: string): LineCommand {
	return { kind: "wrong", code: "invalid", message: `write ${how}` };
}

/** The first word, and what follows the blank after it. */
function split(text: string): [string, string] {
	const blank = text.indexOf(" ");
	return blank < 0 ? [text, ""] : [text.slice(0, blank), text.slice(blank + 1)];
}
