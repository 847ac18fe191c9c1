// The limit check of decoded messages, and what entries change of who is in a room.
import { checkUp, type Entry, EntrySchema, effectsOf, isErrorCode, LIMITS, type Limits, type Up } from "@verbatim/protocol";
import { Choices } from "../choices.ts";
import { generateMessage, generateUp } from "../generate-message.ts";
import { must, mustEqual, type Target } from "../target.ts";

/** Small, so that inputs of a few hundred bytes reach them. */
const SMALL: Limits = {
	...LIMITS,
	textBytesMax: 12,
	cidCharsMax: 6,
	traceCharsMax: 6,
	nameCharsMax: 2,
	passwordCharsMax: 5,
	tokenBytesMax: 9,
	roomsPerUserMax: 1,
	invitationsPerUserMax: 1,
};

export const limits: Target = {
	name: "limits",
	feeds: "checkUp with any decoded message, and effectsOf with any entries",
	holds: [
		"what is refused is refused with a code of the table, and a message that repeats little of what was sent",
		"what passes fits every limit, measured here in another way: bytes of UTF-8, printable ASCII, no halves of characters",
		"the effects of any entry are found without a throw, are the same for the same, and take out whoever has left",
	],
	bytesMax: 1_024,
	words: ["protocol/src/check.ts"],
	open: () => ({
		feed(input) {
			const choices = new Choices(input);
			return choices.byte() % 4 === 3 ? `fold ${folded(choices)}` : `check ${checked(choices)}`;
		},
	}),
};

function checked(choices: Choices): string {
	const up = generateUp(choices);
	if (choices.byte() % 2 === 0) mend(up);
	const name = up.command.case ?? "nothing";
	for (const limit of [SMALL, LIMITS]) {
		const problem = checkUp(up, limit);
		if (problem === undefined) {
			fits(up, limit);
			continue;
		}
		must(isErrorCode(problem.code), () => `${problem.code} is no code of the table`);
		must(problem.message.length < 200, "a refusal repeats too much of what was sent");
		if (limit === LIMITS) return `${name} ${problem.code}`;
	}
	return `${name} fits`;
}

/** Repairs fields that would be refused first, so that later checks are reached. */
function mend(up: Up): void {
	const value = up.command.value as Record<string, unknown> | undefined;
	up.id = 1;
	up.trace = "";
	for (const [field, good] of Object.entries({ room: "#r", cid: "c", behind: "", client: "" }))
		if (value !== undefined && typeof value[field] === "string") value[field] = good;
}

/** An independent implementation of the limits. */
function fits(up: Up, limit: Limits): void {
	const { command } = up;
	must(command.case !== undefined, "a message without a command passed");
	const unanswered = command.case === "ping" || command.case === "pong" || command.case === "typing";
	must(up.id > 0 || unanswered, "a command without an id passed");
	printable("trace", up.trace, 0, limit.traceCharsMax);
	const value = command.value as unknown as Readonly<Record<string, unknown>>;
	for (const [field, given] of Object.entries(value)) {
		if (typeof given !== "string") continue;
		wellFormed(field, given);
		if (field === "text") {
			must(given !== "" && Buffer.byteLength(given) <= limit.textBytesMax, "a text beyond its limit passed");
			must(!given.includes("\0"), "a text with U+0000 passed");
		} else if (field === "room" && /^[#@]/.test(given)) name(field, given.slice(1), limit);
		else if (field === "room") printable(field, given, 1, 64);
		else if (field === "name" || field === "user") name(field, given, limit);
		else if (field === "cid") printable(field, given, 1, limit.cidCharsMax);
		else if (field === "behind") printable(field, given, 0, limit.cidCharsMax);
		else if (field === "refreshToken") printable(field, given, 1, limit.tokenBytesMax);
		else if (field === "client") printable(field, given, 0, limit.traceCharsMax);
	}
	if (command.case === "send") must(command.value.behind !== command.value.cid, "a send behind itself passed");
	if (command.case === "create") must([0, 1, 2].includes(command.value.kind), "a room of another kind passed");
	if (command.case !== "hello") return;
	const { credential, cursors } = command.value;
	must(cursors.length <= limit.roomsPerUserMax + limit.invitationsPerUserMax, "too many cursors passed");
	must(new Set(cursors.map(({ room }) => room)).size === cursors.length, "two cursors of one room passed");
	for (const { room } of cursors) printable("cursors.room", room, 1, 64);
	must(credential.case !== undefined, "a hello of nobody passed");
	if (typeof credential.value === "string") printable("token", credential.value, 1, limit.tokenBytesMax);
	else {
		name("name", credential.value.name, limit);
		if ("key" in credential.value) {
			const { key } = credential.value;
			must(key === "" || (key.length >= 22 && key.length <= 64), "a guest's key beyond its limits passed");
			must(encodeURIComponent(key) === key, "a guest's key that is no base64url passed");
		}
		if (!("password" in credential.value)) return;
		wellFormed("password", credential.value.password);
		must([...credential.value.password].length <= limit.passwordCharsMax, "a password beyond its limit passed");
	}
}

function printable(field: string, value: string, min: number, max: number): void {
	const bytes = Buffer.from(value);
	must(bytes.length >= min && bytes.length <= max, () => `${field} of ${bytes.length} bytes passed`);
	must(
		bytes.every((byte) => byte >= 0x20 && byte <= 0x7e),
		() => `${field} that is no printable ASCII passed`,
	);
}

function name(field: string, value: string, limit: Limits): void {
	wellFormed(field, value);
	must(value !== "" && value.length <= limit.nameCharsMax * 8, () => `${field} of ${value.length} units passed`);
}

function wellFormed(field: string, value: string): void {
	must(Buffer.from(value).toString() === value, () => `${field} with half a character passed`);
}

// ------------------------------------------------------------ the fold

function folded(choices: Choices): string {
	const members = new Map<string, string>();
	let seq = 0;
	while (!choices.over && seq < 24) {
		const entry: Entry = { ...generateMessage(EntrySchema, choices), seq: ++seq };
		const before = structuredClone(entry);
		const effects = effectsOf(entry);
		mustEqual(effectsOf(entry), effects, "the same entry has other effects");
		mustEqual(entry, before, "the fold has changed its entry");
		must(entry.body.case !== "message" || effects.length === 0, "a message changes who is in the room");
		for (const { kind, user } of effects) {
			if (kind === "member") members.set(user.id, kind);
			else members.delete(user.id);
		}
		if (entry.body.case === "left" && entry.sender) must(!members.has(entry.sender.id), "who has left is a member still");
	}
	return `${Math.min(4, members.size)} members`;
}
