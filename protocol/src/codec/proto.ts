import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { DownSchema, UpSchema } from "../wire.ts";
import { type Codec, DecodeError } from "./codec.ts";

/** Binary frames: Protobuf. */
export const protoCodec: Codec = {
	name: "proto",
	encodeUp: (up) => toBinary(UpSchema, up),
	decodeUp: (body) => decode(() => fromBinary(UpSchema, bytes(body))),
	encodeDown: (down) => toBinary(DownSchema, down),
	decodeDown: (body) => decode(() => fromBinary(DownSchema, bytes(body))),
};

function bytes(body: Uint8Array | string): Uint8Array {
	if (typeof body === "string") throw new DecodeError("malformed", "protobuf is bytes, not text");
	return body;
}

function decode<T>(read: () => T): T {
	try {
		return read();
	} catch (cause) {
		throw cause instanceof DecodeError ? cause : new DecodeError("malformed", String(cause), { cause });
	}
}
