// The bodies of entries as they stand in the database: the protobuf of an `Entry` that has nothing but its body. Bytes are kept as they
// were written, with fields and kinds of later versions; what this version reads of them it knows. Messages are written by hand (texts.ts).
import { create, decodeMessage, type Entry, EntrySchema, encodeMessage } from "@verbatim/protocol";
import { encodeText } from "./texts.ts";

/** The body's field number in the schema, and its bytes. */
export interface StoredBody {
	readonly kind: number;
	readonly bytes: Uint8Array;
}

export function encodeBody({ body }: Pick<Entry, "body">): StoredBody {
	if (body.case === "message") return { kind: 10, bytes: encodeText(body.value.text) };
	const bytes = encodeMessage(EntrySchema, create(EntrySchema, { body }));
	return { kind: body.case === undefined ? 0 : (EntrySchema.byName.get(body.case)?.number ?? 0), bytes };
}

export function decodeBody(bytes: Uint8Array): Entry["body"] {
	return decodeMessage(EntrySchema, bytes).body;
}
