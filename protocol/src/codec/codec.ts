// The contract of a codec, and its errors. Implementations: proto.ts, json.ts; both use the tables of the schema.
import type { Down, Up } from "../wire.ts";

export type CodecName = "proto" | "json";

export type DecodeErrorCode = "malformed" | "bad_utf8" | "unknown_command" | "too_large";

/** A body that is not a message of the schema. Its code is one of the errors table. */
export class DecodeError extends Error {
	readonly code: DecodeErrorCode;
	/** The command's id, for the answer; 0 if it could not be read. */
	readonly id: number;
	/** The command's trace, unchecked; empty if it could not be read. */
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

/** A message that must not be sent: an unpaired surrogate in a text, or a number out of range. A bug of the sender. */
export class EncodeError extends Error {
	readonly code: "malformed" | "bad_utf8";

	constructor(code: "malformed" | "bad_utf8", message: string) {
		super(message);
		this.name = "EncodeError";
		this.code = code;
	}
}

/**
 * Encodes messages as frame bodies and back. `proto` bodies are bytes; `json` bodies are text, which WebSocket carries as text frames
 * and TCP as UTF-8. Encoders throw only `EncodeError`, decoders only `DecodeError`.
 *
 * Up is decoded strictly: an unknown field is an error, because ignoring it would change what the client asked for. Down ignores unknown
 * fields: servers may be newer than clients.
 */
export interface Codec {
	readonly name: CodecName;
	encodeUp(up: Up): Uint8Array | string;
	/**
	 * A text codec also takes text; bytes that are not UTF-8 give `bad_utf8`. A list slightly longer than `listMax` is decoded, for
	 * `checkUp` to refuse; a much longer one is `too_large` before its elements are allocated.
	 */
	decodeUp(body: Uint8Array | string, listMax?: number): Up;
	encodeDown(down: Down): Uint8Array | string;
	decodeDown(body: Uint8Array | string): Down;
}
