// Checks the limits of every field of a decoded command: sizes and alphabets, in one place. Semantic checks (names, rooms, passwords) are
// the server's.
import { isWellFormed, utf8Bytes } from "./codec/utf8.ts";
import type { ErrorCode } from "./errors.ts";
import { type Limits, roomsInHelloMax } from "./limits.ts";
import { unreachable } from "./unreachable.ts";
import { type Hello, type History, Room_Kind, type Send, type Up, type Who } from "./wire.ts";

/** Why a command is refused before it is executed. */
export interface Problem {
	readonly code: ErrorCode;
	readonly message: string;
}

/** The first problem of a decoded message, or undefined. Linear in the size of the message; no allocation for a valid one. */
export function checkUp(up: Up, limits: Limits): Problem | undefined {
	const { command } = up;
	if (command.case === undefined) return { code: "malformed", message: "this message holds no command" };
	if (up.id === 0 && needsId(command.case)) return invalid(`${command.case} needs an id above 0, to be answered under`);
	return ascii("trace", up.trace, 0, limits.traceCharsMax) ?? checkCommand(command, limits);
}

/** Whether a trace may be echoed and logged. */
export function isTrace(trace: string, limits: Pick<Limits, "traceCharsMax">): boolean {
	return ascii("trace", trace, 0, limits.traceCharsMax) === undefined;
}

/** Ping, pong and typing are not answered by `id`. */
function needsId(name: NonNullable<Up["command"]["case"]>): boolean {
	return name !== "ping" && name !== "pong" && name !== "typing";
}

function checkCommand(command: Exclude<Up["command"], { case: undefined }>, limits: Limits): Problem | undefined {
	switch (command.case) {
		case "hello":
			return checkHello(command.value, limits);
		case "refresh":
			return token("refreshToken", command.value.refreshToken, limits);
		case "send":
			return checkSend(command.value, limits);
		case "join":
			// Any `limit` is valid: a page may be shorter than requested.
			return room(command.value.room, limits);
		case "create":
			return (
				name("name", command.value.name, limits) ??
				(command.value.kind > Room_Kind.PRIVATE || command.value.kind < 0
					? invalid("kind is PUBLIC or PRIVATE; a direct conversation is made by joining @name")
					: undefined)
			);
		case "rename":
			return room(command.value.room, limits) ?? name("name", command.value.name, limits);
		case "invite":
			return room(command.value.room, limits) ?? name("user", command.value.user, limits);
		case "history":
			return room(command.value.room, limits) ?? checkBounds(command.value);
		case "who":
			return checkWho(command.value, limits);
		case "rooms":
			return command.value.after === "" ? undefined : name("after", command.value.after, limits);
		case "leave":
		case "typing":
			return room(command.value.room, limits);
		case "ping":
			return command.value.heads.length > 0 ? invalid("heads are told by the server") : undefined;
		case "pong":
			return undefined;
		default:
			return unreachable(command);
	}
}

function checkHello(hello: Hello, limits: Limits): Problem | undefined {
	return (
		checkCredential(hello.credential, limits) ??
		ascii("client", hello.client, 0, limits.traceCharsMax) ??
		checkCursors(hello.cursors, limits)
	);
}

function checkCredential(credential: Hello["credential"], limits: Limits): Problem | undefined {
	switch (credential.case) {
		case undefined:
			return { code: "unauthenticated", message: "say who you are: token, guest, login or register" };
		case "token":
			return token("token", credential.value, limits);
		case "refresh":
			return token("refresh", credential.value, limits);
		case "guest":
			return name("name", credential.value.name, limits) ?? guestKey(credential.value.key);
		case "login":
		case "register":
			return (
				name("name", credential.value.name, limits) ??
				password(credential.value.password, credential.case === "register" ? "password_weak" : "credentials_wrong", limits)
			);
		default:
			return unreachable(credential);
	}
}

function checkCursors(cursors: Hello["cursors"], limits: Limits): Problem | undefined {
	const max = roomsInHelloMax(limits);
	if (cursors.length > max) {
		return { code: "too_large", message: `there are ${cursors.length} cursors; at most ${max} are taken` };
	}
	const seen = new Set<string>();
	for (const cursor of cursors) {
		const problem = ascii("cursors.room", cursor.room, 1, ID_CHARS_MAX);
		if (problem !== undefined) return problem;
		if (/^[#@]/.test(cursor.room)) return invalid("a cursor names its room by id");
		if (seen.has(cursor.room)) return invalid(`there are two cursors for room ${cursor.room}`);
		seen.add(cursor.room);
	}
	return undefined;
}

function checkWho(who: Who, limits: Limits): Problem | undefined {
	if (who.users.length > limits.presenceUsersMax) {
		return { code: "too_large", message: `there are ${who.users.length} users; at most ${limits.presenceUsersMax} are taken` };
	}
	for (const user of who.users) {
		const problem = ascii("users.id", user.id, 1, ID_CHARS_MAX);
		if (problem !== undefined) return problem;
	}
	return room(who.room, limits) ?? ascii("after", who.after, 0, ID_CHARS_MAX);
}

function checkSend(send: Send, limits: Limits): Problem | undefined {
	return (
		room(send.room, limits) ??
		ascii("cid", send.cid, 1, limits.cidCharsMax) ??
		ascii("behind", send.behind, 0, limits.cidCharsMax) ??
		(send.behind === send.cid ? invalid("a send cannot stand behind itself") : text(send.text, limits))
	);
}

function checkBounds({ before, after, first, around, atMs }: History): Problem | undefined {
	if (!(atMs >= 0 && atMs <= MS_MAX)) return invalid("atMs is in milliseconds since 1970");
	const bounds = Number(before > 0) + Number(after > 0) + Number(first) + Number(around > 0) + Number(atMs > 0);
	return bounds > 1 ? invalid("give one of before, after, first, around and atMs") : undefined;
}

/** Texts are not trimmed or corrected: taken verbatim, or refused. */
function text(value: string, limits: Limits): Problem | undefined {
	if (value === "") return invalid("text is empty");
	if (longer(value, limits.textBytesMax)) {
		return { code: "too_large", message: `text is longer than ${limits.textBytesMax} bytes of UTF-8` };
	}
	if (!isWellFormed(value)) return badUtf8("text");
	// NUL: PostgreSQL's text type cannot hold it. Refused for all stores, so that rooms can move between them.
	return value.includes("\0") ? invalid("text must not contain U+0000") : undefined;
}

/** Beyond every date. */
const MS_MAX = 8.64e15;
/** Longest id of a room or a user: 27 characters now, more for rooms of other servers. */
const ID_CHARS_MAX = 64;
/** UTF-16 units that one character of a name may take before it is composed: a letter and its marks. */
const UNITS_PER_CHAR_MAX = 8;

/** 128 random bits in base64url, to twice as many in hex. */
const GUEST_KEY = /^[A-Za-z0-9_-]{22,64}$/;

function guestKey(value: string): Problem | undefined {
	return value === "" || GUEST_KEY.test(value) ? undefined : invalid("key is 22 to 64 characters of base64url, by chance");
}

/** A room by id, `#name` or `@name`. */
function room(value: string, limits: Limits): Problem | undefined {
	if (value.startsWith("#") || value.startsWith("@")) return name("room", value.slice(1), limits);
	return ascii("room", value, 1, ID_CHARS_MAX);
}

/** Checks a generous size only: PRECIS checks the characters, and the length after composition. */
function name(field: string, value: string, limits: Limits): Problem | undefined {
	if (value === "") return { code: "name_invalid", message: `${field} is empty` };
	if (value.length > limits.nameCharsMax * UNITS_PER_CHAR_MAX) {
		return { code: "name_invalid", message: `${field} is longer than ${limits.nameCharsMax} characters` };
	}
	return isWellFormed(value) ? undefined : badUtf8(field);
}

function password(value: string, code: ErrorCode, limits: Limits): Problem | undefined {
	// Characters, not UTF-16 units; a string that is short in units is short in characters too.
	if (value.length > limits.passwordCharsMax && characters(value) > limits.passwordCharsMax) {
		return { code, message: `a password has at most ${limits.passwordCharsMax} characters` };
	}
	return isWellFormed(value) ? undefined : badUtf8("password");
}

function token(field: string, value: string, limits: Limits): Problem | undefined {
	if (value.length > limits.tokenBytesMax)
		return { code: "too_large", message: `${field} is longer than ${limits.tokenBytesMax} bytes` };
	return ascii(field, value, 1, limits.tokenBytesMax);
}

/** Printable ASCII, from `!` to `~` and the blank. */
function ascii(field: string, value: string, charsMin: number, charsMax: number): Problem | undefined {
	if (value.length < charsMin) return invalid(`${field} is empty`);
	if (value.length > charsMax) return invalid(`${field} has ${value.length} characters; at most ${charsMax} are allowed`);
	return PRINTABLE_ASCII.test(value) ? undefined : invalid(`${field} must be printable ASCII`);
}

const PRINTABLE_ASCII = /^[ -~]*$/;

function longer(value: string, bytesMax: number): boolean {
	// No UTF-16 unit needs more than three bytes, and none less than one.
	if (value.length * 3 <= bytesMax) return false;
	return value.length > bytesMax || utf8Bytes(value) > bytesMax;
}

function characters(value: string): number {
	let count = 0;
	for (const _ of value) count++;
	return count;
}

function invalid(message: string): Problem {
	return { code: "invalid", message };
}

function badUtf8(field: string): Problem {
	return { code: "bad_utf8", message: `${field} holds an unpaired surrogate` };
}
