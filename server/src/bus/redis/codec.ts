// The format of messages on Redis: a kind byte, the publishing node, the message. Commits are Protobuf, as for clients; the rest is JSON.
// Unknown kinds (of a later version) and damaged messages are ignored: the store has them.
import { create, DownSchema, type Entry, protoCodec } from "@verbatim/protocol";
import type { BusMessage, CommitMessage } from "../bus.ts";

const COMMIT = 1;
const JSON_LIST = 2;
const BEAT = 3;

export interface Received {
	/** The node that has published it. */
	readonly node: string;
	readonly messages: readonly BusMessage[];
	/** The number of a beat; 0: the node is leaving. */
	readonly beat?: number;
}

/** `node`: at most 255 characters of ASCII. */
export function encodeCommit(node: string, { committed }: CommitMessage): Uint8Array {
	const { room, epoch, entries } = committed;
	const down = create(DownSchema, { body: { case: "entries", value: { room, epoch, entries: entries as Entry[] } } });
	return framed(COMMIT, node, protoCodec.encodeDown(down) as Uint8Array);
}

export function encodeOthers(node: string, messages: readonly Exclude<BusMessage, CommitMessage>[]): Uint8Array {
	return framed(JSON_LIST, node, new TextEncoder().encode(JSON.stringify(messages)));
}

export function encodeBeat(node: string, number: number): Uint8Array {
	return framed(BEAT, node, new TextEncoder().encode(String(number)));
}

/** Undefined: nothing that this version can read. Never throws. */
export function decode(bytes: Uint8Array): Received | undefined {
	const nodeLength = bytes[1] ?? 0;
	if (bytes.length < 2 + nodeLength) return undefined;
	const node = String.fromCharCode(...bytes.subarray(2, 2 + nodeLength));
	const body = bytes.subarray(2 + nodeLength);
	try {
		if (bytes[0] === COMMIT) return { node, messages: [commitOf(body)].filter((each) => each !== undefined) };
		if (bytes[0] === BEAT) return { node, messages: [], beat: Number(new TextDecoder().decode(body)) };
		if (bytes[0] === JSON_LIST) return { node, messages: listOf(JSON.parse(new TextDecoder().decode(body))) };
	} catch {
		// Not of this program, or damaged.
	}
	return undefined;
}

function framed(kind: number, node: string, body: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(2 + node.length + body.length);
	bytes[0] = kind;
	bytes[1] = node.length;
	new TextEncoder().encodeInto(node, bytes.subarray(2));
	bytes.set(body, 2 + node.length);
	return bytes;
}

function commitOf(body: Uint8Array): CommitMessage | undefined {
	const { body: down } = protoCodec.decodeDown(body);
	if (down.case !== "entries" || down.value.entries.length === 0) return undefined;
	const { room, epoch, entries } = down.value;
	return { kind: "commit", committed: { room, epoch, entries } };
}

/** By kind, the fields that must be there, with their types. */
const FIELDS: Readonly<
	Record<Exclude<BusMessage["kind"], "commit">, Readonly<Record<string, "string" | "number" | "boolean" | "object">>>
> = {
	joined: { user: "string", room: "string", epoch: "number", seq: "number" },
	left: { user: "string", room: "string", epoch: "number", seq: "number" },
	invited: { user: "string", room: "string", epoch: "number", seq: "number", by: "object" },
	declined: { user: "string", room: "string" },
	revoked: { user: "string", generation: "number", why: "string" },
	opened: { user: "string", node: "string", session: "number" },
	ended: { user: "string", node: "string", session: "number" },
	typing: { user: "object", room: "string" },
	presence: { user: "object", online: "boolean", rooms: "object", node: "string", number: "number" },
};

function listOf(value: unknown): BusMessage[] {
	return Array.isArray(value) ? value.filter(isMessage) : [];
}

function isMessage(value: unknown): value is BusMessage {
	if (typeof value !== "object" || value === null || !("kind" in value) || typeof value.kind !== "string") return false;
	if (!Object.hasOwn(FIELDS, value.kind)) return false;
	const fields = FIELDS[value.kind as keyof typeof FIELDS];
	return Object.entries(fields).every(([name, type]) => {
		const field = (value as Record<string, unknown>)[name];
		return typeof field === type && field !== null;
	});
}
