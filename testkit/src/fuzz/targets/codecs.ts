// Both codecs, both directions, with the Protobuf library as the oracle. The first byte decides what the rest is: an encoded body, or the
// choices of a generated message.
import {
	type Codec,
	create,
	DecodeError,
	type Down,
	EncodeError,
	type Init,
	isErrorCode,
	jsonCodec,
	protoCodec,
	type Up,
	UpSchema,
} from "@verbatim/protocol";
import { DownSchema as DownDesc, fromBinary, fromJson, type JsonValue, UpSchema as UpDesc } from "../../schema/library.ts";
import { Choices } from "../choices.ts";
import { generateDown, generateUp, jsonNames } from "../generate-message.ts";
import { must, mustEqual, PropertyViolation, type Target } from "../target.ts";

type Message = Up | Down;

interface Direction {
	readonly name: "up" | "down";
	readonly schema: typeof UpDesc | typeof DownDesc;
	generate(choices: Choices): Message;
	encode(codec: Codec, message: Message): Uint8Array | string;
	decode(codec: Codec, body: Uint8Array | string): Message;
}

const UP: Direction = {
	name: "up",
	schema: UpDesc,
	generate: generateUp,
	encode: (codec, message) => codec.encodeUp(message as Up),
	decode: (codec, body) => codec.decodeUp(body),
};
const DOWN: Direction = {
	name: "down",
	schema: DownDesc,
	generate: generateDown,
	encode: (codec, message) => codec.encodeDown(message as Down),
	decode: (codec, body) => codec.decodeDown(body),
};

const FEEDS: readonly [Feed, ...Feed[]] = [
	["proto up", (rest) => protoBody(UP, rest)],
	["proto down", (rest) => protoBody(DOWN, rest)],
	["json up", (rest) => jsonBody(UP, rest)],
	["json down", (rest) => jsonBody(DOWN, rest)],
	["message up", (rest) => anyMessage(UP, rest)],
	["message down", (rest) => anyMessage(DOWN, rest)],
	["more up", (rest) => jsonBody(UP, withMore(UP, rest))],
	["more down", (rest) => jsonBody(DOWN, withMore(DOWN, rest))],
];

type Feed = readonly [name: string, feed: (rest: Uint8Array) => string];

export const codecs: Target = {
	name: "codecs",
	feeds: "the Protobuf and the JSON codec, up and down",
	holds: [
		"a body is a message or a DecodeError with a code of the table and an id; never anything else",
		"what is read, the library reads too, and the same; what only the library reads is refused for a reason on the list",
		"what is read can be written in both codecs, and read again as it was",
		"any message is written as the library reads it, or refused as EncodeError: an unpaired surrogate in it, and nothing else",
		"no key reaches a prototype",
	],
	bytesMax: 4_096,
	words: ["protocol/src/codec/"],
	pieces: [
		...jsonNames(),
		"{",
		"}",
		"[",
		"]",
		":",
		",",
		"null",
		"true",
		"1e1",
		"-0",
		"1e400",
		'"\\ud800"',
		'"__proto__":{},',
		"[".repeat(300),
	],
	seeds: () => [
		...SAMPLES_UP.flatMap((up) => [
			prefixed(0, protoCodec.encodeUp(create(UpSchema, up))),
			prefixed(2, jsonCodec.encodeUp(create(UpSchema, up))),
		]),
		...["0a00", "0b0c", "f2010a0a00", "080712ff"].map((hex) => prefixed(1, Uint8Array.from(Buffer.from(hex, "hex")))),
		prefixed(3, '{"id":1,"page":{"room":"r","to":1,"entries":[{"seq":1,"atMs":1.5,"message":{"text":"t"}}]}}'),
	],
	open: () => ({
		feed(input) {
			const [name, feed] = FEEDS[(input[0] ?? 0) % FEEDS.length] ?? FEEDS[0];
			const outcome = feed(input.slice(1));
			must(Object.keys(Object.prototype).length === 0 && !("polluted" in {}), "a prototype was reached");
			return `${name} ${outcome}`;
		},
	}),
};

const SAMPLES_UP: readonly Init<Up>[] = [
	{
		id: 1,
		command: {
			case: "hello",
			value: { credential: { case: "guest", value: { name: "ann" } }, client: "c", cursors: [{ room: "r", epoch: 1, seq: 2 }] },
		},
	},
	{ id: 2, trace: "t", command: { case: "send", value: { room: "#tea", cid: "c", text: "é", behind: "b" } } },
	{ id: 3, command: { case: "create", value: { name: "tea", kind: 2, history: 5 } } },
	{ id: 4, command: { case: "history", value: { room: "#tea", before: 1, after: 2, limit: 3, first: true } } },
];

function prefixed(first: number, body: Uint8Array | string): Uint8Array {
	const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
	return Uint8Array.from([first, ...bytes]);
}

// ------------------------------------------------------------ bodies

function protoBody(way: Direction, body: Uint8Array): string {
	const read = decoded(() => way.decode(protoCodec, body));
	const judged = attempt(() => fromBinary(way.schema, body) as Message);
	if (read instanceof DecodeError) {
		if (judged !== undefined && !STRICTER_PROTO.test(read.message))
			throw new PropertyViolation(`only the library reads this: ${read.message}`);
		return read.code;
	}
	must(judged !== undefined, "the library refuses what was read");
	mustEqual(mapped(read, unmarked), mapped(known(judged), unmarked), "the library has read something else");
	again(way, read);
	return kindOf(read);
}

/** Reasons for which Protobuf is refused here though the library accepts it: it is ambiguous, or exceeds its parent's length. */
const STRICTER_PROTO =
	/has both|comes twice|has wire type|has no field|there is no command|more than (32|64) bits|is not UTF-8|wire type \d is not used|reaches beyond its message|ends within a number/;

function jsonBody(way: Direction, body: Uint8Array): string {
	const read = decoded(() => way.decode(jsonCodec, body));
	if (read instanceof DecodeError) return read.code;
	const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
	const json: JsonValue = JSON.parse(text);
	const judged = attempt(() => fromJson(way.schema, json, { ignoreUnknownFields: way.name === "down" }) as Message);
	must(judged !== undefined, "the library refuses the JSON that was read");
	mustEqual(mapped(read, plain), mapped(judged, plain), "the library has read other JSON");
	mustEqual(way.decode(jsonCodec, text), read, "text and its bytes are read differently");
	again(way, read);
	return kindOf(read);
}

/** A message as JSON, with a member more in some of its objects. */
function withMore(way: Direction, bytes: Uint8Array): Uint8Array {
	const choices = new Choices(bytes);
	const more = Array.from({ length: 1 + choices.below(2) }, () => [choices.byte(), choices.pick(MEMBERS)] as const);
	let json = "{}";
	try {
		json = String(way.encode(jsonCodec, way.generate(choices)));
	} catch (error) {
		if (!(error instanceof EncodeError)) throw error;
	}
	for (const [where, member] of more) {
		const objects = [...json.matchAll(/\{/g)].map(({ index }) => index + 1);
		const at = objects[where % objects.length] ?? 1;
		json = `${json.slice(0, at)}${member}${json[at] === "}" ? "" : ","}${json.slice(at)}`;
	}
	return new TextEncoder().encode(json);
}

const MEMBERS = [
	'"__proto__":{"polluted":1}',
	'"__proto__":null',
	'"constructor":{"prototype":{"polluted":1}}',
	'"later":[1,{"a":"b"}]',
	'"id":7',
	'"text":"twice"',
	'"kind":"MOON"',
	'"room":null',
	'"toString":"x"',
	'"":0',
] as const;

/** What was read is written in both codecs and read again. */
function again(way: Direction, message: Message): void {
	mustEqual(way.decode(protoCodec, way.encode(protoCodec, message)), message, "Protobuf does not give back what was read");
	mustEqual(
		way.decode(jsonCodec, way.encode(jsonCodec, message)),
		mapped(message, plain),
		"JSON does not give back what was read",
	);
}

// ------------------------------------------------------------ messages

function anyMessage(way: Direction, bytes: Uint8Array): string {
	const message = way.generate(new Choices(bytes));
	const sound = everyText(message, (text) => !/\p{Surrogate}/u.test(text));
	for (const codec of [protoCodec, jsonCodec]) {
		let body: Uint8Array | string;
		try {
			body = way.encode(codec, message);
		} catch (error) {
			if (!(error instanceof EncodeError)) throw error;
			must(!sound && error.code === "bad_utf8", () => `${codec.name} refuses to write a good message: ${error.message}`);
			continue;
		}
		must(sound, () => `${codec.name} has written an unpaired surrogate`);
		if (codec === jsonCodec) {
			const judged = fromJson(way.schema, JSON.parse(String(body))) as Message;
			mustEqual(mapped(judged, plain), mapped(message, plain), "the library reads other JSON than was written");
			mustEqual(way.decode(codec, body), mapped(message, plain), "JSON does not give back what was written");
		} else {
			const judged = fromBinary(way.schema, body as Uint8Array) as Message;
			mustEqual(mapped(judged, unmarked), mapped(message, unmarked), "the library reads other Protobuf than was written");
			mustEqual(way.decode(codec, body), message, "Protobuf does not give back what was written");
		}
	}
	return `${kindOf(message)} ${sound ? "" : "unsound"}`;
}

// ------------------------------------------------------------ helpers

function decoded(decode: () => Message): Message | DecodeError {
	try {
		return decode();
	} catch (error) {
		if (!(error instanceof DecodeError)) throw error;
		must(isErrorCode(error.code), () => `${error.code} is no code of the table`);
		must(error.id >>> 0 === error.id, () => `${error.id} is no id`);
		must(error.message.length < 300, "an error repeats too much of what was sent");
		return error;
	}
}

function attempt<T>(act: () => T): T | undefined {
	try {
		return act();
	} catch {
		return undefined;
	}
}

function kindOf(message: Message): string {
	return ("command" in message ? message.command.case : message.body.case) ?? "nothing";
}

/** Without what the library keeps of fields that it does not know. */
function known<T>(value: T): T {
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return value.map(known) as T;
	const entries = Object.entries(value).filter(([key]) => key !== "$unknown");
	return Object.fromEntries(entries.map(([key, inner]) => [key, known(inner)])) as T;
}

/** The library drops a byte order mark at the start of a text. */
function unmarked(leaf: unknown): unknown {
	return typeof leaf === "string" ? leaf.replace(/^\ufeff/, "") : leaf;
}

/** JSON has a minus zero and JavaScript does not write it. */
function plain(leaf: unknown): unknown {
	return leaf === 0 ? 0 : leaf;
}

function mapped<T>(value: T, change: (leaf: unknown) => unknown): T {
	if (typeof value !== "object" || value === null) return change(value) as T;
	if (Array.isArray(value)) return value.map((item) => mapped(item, change)) as T;
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapped(inner, change)])) as T;
}

function everyText(value: unknown, holds: (text: string) => boolean): boolean {
	if (typeof value === "string") return holds(value);
	if (typeof value !== "object" || value === null) return true;
	return Object.values(value).every((inner) => everyText(inner, holds));
}
