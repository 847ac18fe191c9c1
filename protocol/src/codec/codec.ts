// The contract of a codec. Two implementations lie beside it, both made from the one schema.
import type { Down, Up } from "../wire.ts";

export type CodecName = "proto" | "json";

/** A message that does not fit the schema. Its code is `malformed` or `bad_utf8`. */
export class DecodeError extends Error {
	readonly code: "malformed" | "bad_utf8" | "unknown_command";
	constructor(code: "malformed" | "bad_utf8" | "unknown_command", message: string, cause?: unknown) {
		super(message, { cause });
		this.name = "DecodeError";
		this.code = code;
	}
}

/**
 * Turns messages into frame bodies and back. `proto` bodies are bytes; `json` bodies are text, which WebSocket carries as
 * text frames and TCP as UTF-8. Decoders accept either and throw `DecodeError`, never anything else.
 */
export interface Codec {
	readonly name: CodecName;
	encodeUp(up: Up): Uint8Array | string;
	decodeUp(body: Uint8Array | string): Up;
	encodeDown(down: Down): Uint8Array | string;
	decodeDown(body: Uint8Array | string): Down;
}
