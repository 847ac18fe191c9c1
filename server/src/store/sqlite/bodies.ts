// The bodies of entries as they stand in the database: the protobuf of an `Entry` that has nothing but its body, so that fields
// and kinds of later versions are kept. Messages are written by hand (texts.ts).
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Entry, EntrySchema } from "@verbatim/protocol";
import { encodeText } from "./texts.ts";

/** The body's field number in the schema, and its bytes. */
export interface StoredBody {
	readonly kind: number;
	readonly bytes: Uint8Array;
}

export function encodeBody(entry: Entry): StoredBody {
	const { body } = entry;
	if (body.case === "message" && body.value.$unknown === undefined) return { kind: 10, bytes: encodeText(body.value.text) };
	const bytes = toBinary(EntrySchema, { $typeName: entry.$typeName, seq: 0, atMs: 0, cid: "", body });
	return { kind: EntrySchema.fields.find(({ localName }) => localName === body.case)?.number ?? 0, bytes };
}

export function decodeBody(bytes: Uint8Array): Entry["body"] {
	return fromBinary(EntrySchema, bytes).body;
}
