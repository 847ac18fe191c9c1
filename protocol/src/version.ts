// Pins the wire: its version, its history, and the hash of its schema. protocol/test/version.test.ts compares the hash, and says what to do
// after a change.
import type { CodecName } from "./codec/codec.ts";

/** Incremented only by a change that an older peer would misinterpret. */
export const PROTOCOL_VERSION = 1;

/** SHA-256 of wire.proto without comments and with every run of blanks as one space. */
export const SCHEMA_SHA256 = "df2afa289b94d793dfc24b9d0766c6fbb0244e1f5518a5ecc4f39493917d6b79";

export interface ProtocolChange {
	readonly version: number;
	/** Date of the change, YYYY-MM-DD. */
	readonly date: string;
	readonly what: string;
}

/** All changes of the schema, oldest first. Within a version, older peers can ignore each change. */
export const PROTOCOL_HISTORY: readonly ProtocolChange[] = [
	{
		version: 1,
		date: "2026-11-21",
		what: "The first: rooms as logs of messages, joins, leaves, renames and invitations; resume by cursor; idempotent sends, each behind another where asked.",
	},
	{
		version: 1,
		date: "2026-11-21",
		what: "Lists of rooms and members in pages; a version of the list of members; presence of a large room as a count and of the users asked after.",
	},
	{
		version: 1,
		date: "2026-11-21",
		what: "A server's ping tells how far it has sent rooms; history around an entry or a time; skipped names its epoch.",
	},
	{
		version: 1,
		date: "2026-11-21",
		what: "A guest's key, with which it comes back after a welcome that was lost.",
	},
];

/** The WebSocket subprotocols, by codec. */
export const SUBPROTOCOLS = {
	proto: "verbatim.v1.proto",
	json: "verbatim.v1.json",
} as const satisfies Record<CodecName, string>;

/** The codec of a WebSocket subprotocol; undefined for an unknown one. */
export function codecOfSubprotocol(name: string): CodecName | undefined {
	if (name === SUBPROTOCOLS.proto) return "proto";
	return name === SUBPROTOCOLS.json ? "json" : undefined;
}
