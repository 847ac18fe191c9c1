import { fromJson, toJson } from "@bufbuild/protobuf";
import { DownSchema, UpSchema } from "../wire.ts";
import { type Codec, DecodeError } from "./codec.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Text frames: the proto3 JSON mapping of the schema. */
export const jsonCodec: Codec = {
	name: "json",
	encodeUp: (up) => JSON.stringify(toJson(UpSchema, up)),
	decodeUp: (body) => decode(() => fromJson(UpSchema, JSON.parse(text(body)))),
	encodeDown: (down) => JSON.stringify(toJson(DownSchema, down)),
	decodeDown: (body) => decode(() => fromJson(DownSchema, JSON.parse(text(body)), { ignoreUnknownFields: true })),
};

function text(body: Uint8Array | string): string {
	return typeof body === "string" ? body : decodeUtf8(body);
}

function decode<T>(read: () => T): T {
	try {
		return read();
	} catch (cause) {
		throw new DecodeError("malformed", String(cause), { cause });
	}
}
