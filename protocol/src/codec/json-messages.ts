// The three JSON messages that a chat message is made of, read and written without walking the schema: a send, its answer, and the push of
// entries that are all messages. Whatever else a message holds, or holds wrongly, is left to the walk (json-read.ts, json-write.ts), which
// gives the same wherever both can; so nothing is refused here. They are worth it because a message that comes alone is handled by code that
// no cache holds: there, walking the schema costs several times as much as it does under load.
import type { Loose } from "../schema.ts";
import type { Down, Entries, Entry, Sent, Up } from "../wire.ts";
import { encodingsOf } from "./shared-lists.ts";
import { isWellFormed } from "./utf8.ts";

/** Members of a send without `trace` and `behind`: id, send, room, cid, text. */
const SEND_MEMBERS = 5;

/**
 * The send that `json` is; undefined: left to the walk. `members`: how many members the text has, repeated names included. As many as are
 * known here are all there are.
 */
export function sendOf(json: unknown, members: number): Up | undefined {
	if (typeof json !== "object" || json === null) return undefined;
	const { id, send, trace = "" } = json as Loose;
	if (typeof id !== "number" || id >>> 0 !== id || typeof send !== "object" || send === null) return undefined;
	const { room, cid, text, behind = "" } = send as Loose;
	if (typeof room !== "string" || typeof cid !== "string" || typeof text !== "string") return undefined;
	if (typeof behind !== "string" || typeof trace !== "string") return undefined;
	const more = Number((json as Loose).trace !== undefined) + Number((send as Loose).behind !== undefined);
	if (members !== SEND_MEMBERS + more) return undefined;
	if (!isWellFormed(text) || !isWellFormed(room) || !isWellFormed(cid) || !isWellFormed(behind) || !isWellFormed(trace))
		return undefined;
	return {
		$typeName: "verbatim.v1.Up",
		// As the walk does it: JSON has a minus zero.
		id: id >>> 0,
		trace,
		command: { case: "send", value: { $typeName: "verbatim.v1.Send", room, cid, text, behind } },
	};
}

/** The text of an answer to a send, or of a push of messages; undefined: left to the walk. */
export function messageText({ id, body }: Down): string | undefined {
	// A minus zero is not left out by the walk.
	if (id >>> 0 !== id || Object.is(id, -0)) return undefined;
	const inner = body.case === "sent" ? sentText(body.value) : body.case === "entries" ? entriesText(body.value) : undefined;
	if (inner === undefined) return undefined;
	return id === 0 ? `{"${body.case}":${inner}}` : `{"id":${id},"${body.case}":${inner}}`;
}

function sentText({ room, epoch, seq, atMs, repeated }: Sent): string | undefined {
	if (!isPlain(room) || !isCount(epoch) || !isCount(seq) || !isTime(atMs) || repeated !== false) return undefined;
	return `{"room":"${room}","epoch":${epoch},"seq":${seq},"atMs":${atMs}}`;
}

function entriesText({ room, epoch, entries }: Entries): string | undefined {
	if (!isPlain(room) || !isCount(epoch) || entries.length === 0 || encodingsOf(entries) !== undefined) return undefined;
	let text = "";
	for (const entry of entries) {
		const next = entryText(entry);
		if (next === undefined) return undefined;
		text += text === "" ? next : `,${next}`;
	}
	return `{"room":"${room}","epoch":${epoch},"entries":[${text}]}`;
}

function entryText({ seq, atMs, sender, cid, body }: Entry): string | undefined {
	if (body.case !== "message" || sender === undefined || !isCount(seq) || !isTime(atMs)) return undefined;
	const { id, name } = sender;
	if (!isPlain(id) || !isPlain(name) || !isPlain(cid)) return undefined;
	const said = saidText(body.value.text);
	if (said === undefined) return undefined;
	return `{"seq":${seq},"atMs":${atMs},"sender":{"id":"${id}","name":"${name}"},"cid":"${cid}","message":{"text":${said}}}`;
}

function saidText(text: unknown): string | undefined {
	if (isPlain(text)) return `"${text}"`;
	return typeof text === "string" && text !== "" && isWellFormed(text) ? JSON.stringify(text) : undefined;
}

/** Characters that JSON escapes, and surrogates, which may be unpaired. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what JSON must escape.
export const SPECIAL = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** A text that stands in JSON as it is. The empty one is left out there. */
function isPlain(text: unknown): text is string {
	return typeof text === "string" && text !== "" && !SPECIAL.test(text);
}

/** A `uint32` that is not left out. */
function isCount(value: unknown): value is number {
	return typeof value === "number" && value >>> 0 === value && value !== 0;
}

/** A `double` that is not left out and is written as a number. */
function isTime(value: unknown): value is number {
	return typeof value === "number" && Number.isFinite(value) && value !== 0;
}
