// The contract of a codec. Two implementations lie beside it, both made from the one schema.
import type { Down, Up } from "../wire.ts";

export type CodecName = "proto" | "json";

export type DecodeErrorCode = "malformed" | "bad_utf8" | "unknown_command" | "too_large";

/** A body that is no message of the schema. Its code is one of the errors table. */
export class DecodeError extends Error {
	readonly code: DecodeErrorCode;
	/** The id of the command that could not be understood, where that much could be read; otherwise 0. Answer under it. */
	readonly id: number;
	/** Its trace, unchecked, where that could be read; otherwise empty. */
	readonly trace: string;

	constructor(
		code: DecodeErrorCode,
		message: string,
		options: { readonly id?: number; readonly trace?: string; readonly cause?: unknown } = {},
	) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.name = "DecodeError";
		this.code = code;
		this.id = options.id ?? 0;
		this.trace = options.trace ?? "";
	}
}

/** A message that its own side must not send: an unpaired surrogate in a text, a number out of range. Our bug, or our user's. */
export class EncodeError extends Error {
	readonly code: "malformed" | "bad_utf8";

	constructor(code: "malformed" | "bad_utf8", message: string) {
		super(message);
		this.name = "EncodeError";
		this.code = code;
	}
}

/**
 * Turns messages into frame bodies and back. `proto` bodies are bytes; `json` bodies are text, which WebSocket carries as
 * text frames and TCP as UTF-8. Encoders throw `EncodeError`, decoders `DecodeError`, never anything else.
 *
 * What comes up is taken exactly: a server that left out what it does not know would do something else than it was asked.
 * What comes down may hold more than this version knows, and that is left out: servers are newer than clients.
 */
export interface Codec {
	readonly name: CodecName;
	encodeUp(up: Up): Uint8Array | string;
	/**
	 * Takes text too where the codec is text; bytes that are no UTF-8 give `bad_utf8`. A list may be a little longer than `listMax` (the
	 * limit is for `checkUp` to judge); one that is much longer is refused as `too_large` before anything is made of it.
	 */
	decodeUp(body: Uint8Array | string, listMax?: number): Up;
	encodeDown(down: Down): Uint8Array | string;
	decodeDown(body: Uint8Array | string): Down;
}
