// JSON along the schema: the proto3 JSON mapping as an encoder writes it (lowerCamelCase keys, zero values left out,
// enums by name). A decoder takes exactly that, and beside it null for what is absent and numbers for enums.
import { LIMITS, roomsInHelloMax } from "../limits.ts";
import type { Loose } from "../schema.ts";
import { DownSchema, UpSchema } from "../wire.ts";
import { type Codec, DecodeError } from "./codec.ts";
import { checkJsonBounds, membersOf } from "./json-bounds.ts";
import { messageText, sendOf } from "./json-messages.ts";
import { readJson, type UnknownName } from "./json-read.ts";
import { writeJson } from "./json-write.ts";
import { decodeUtf8 } from "./utf8.ts";

/** An element of the longest list, a cursor, is an object with three members, and what stands outside of lists is not much. */
const VALUES_PER_ELEMENT = 4;
const OTHER_VALUES_MAX = 64;

/** Text frames. */
export const jsonCodec: Codec = {
	name: "json",
	encodeUp: (up) => writeJson(UpSchema, up as unknown as Loose),
	decodeUp(body, listMax = roomsInHelloMax(LIMITS)) {
		const text = textOf(body);
		const members = checkJsonBounds(text, OTHER_VALUES_MAX + listMax * VALUES_PER_ELEMENT);
		const json = parse(text);
		const send = sendOf(json, members);
		if (send !== undefined) return send;
		const up = UpSchema.blank();
		try {
			readJson(UpSchema, json, up as unknown as Loose, refuse);
			// JSON.parse keeps only the last of duplicate keys.
			if (membersOf(json) !== members) throw new DecodeError("malformed", "a key comes twice");
		} catch (cause) {
			throw cause instanceof DecodeError
				? new DecodeError(cause.code, cause.message, { id: idOf(json), trace: traceOf(json), cause })
				: cause;
		}
		return up;
	},
	encodeDown: (down) => messageText(down) ?? writeJson(DownSchema, down as unknown as Loose),
	decodeDown(body) {
		const down = DownSchema.blank();
		readJson(DownSchema, parse(textOf(body)), down as unknown as Loose, ignoreUnknown);
		return down;
	},
};

const refuse: UnknownName = (schema, name, value) => {
	if (schema === UpSchema && isObject(value)) throw new DecodeError("unknown_command", `there is no command ${short(name)}`);
	throw new DecodeError("malformed", `${schema.typeName} does not know ${short(name)}`);
};

const ignoreUnknown: UnknownName = () => {};

function textOf(body: Uint8Array | string): string {
	return typeof body === "string" ? body : decoded(body);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw new DecodeError("malformed", "this is not JSON", { cause });
	}
}

function decoded(body: Uint8Array): string {
	try {
		return decodeUtf8(body);
	} catch (cause) {
		throw new DecodeError("bad_utf8", "this is not UTF-8", { cause });
	}
}

/** A command is an object. */
function isObject(value: unknown): boolean {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The id, at any position in the object. */
function idOf(json: unknown): number {
	const id = typeof json === "object" && json !== null && Object.hasOwn(json, "id") ? (json as Loose).id : 0;
	return typeof id === "number" && id >>> 0 === id ? id : 0;
}

function traceOf(json: unknown): string {
	const trace = typeof json === "object" && json !== null && Object.hasOwn(json, "trace") ? (json as Loose).trace : "";
	return typeof trace === "string" ? trace : "";
}

/** A name from the peer, shortened for an error message. */
function short(name: string): string {
	return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}
