// Protobuf along the schema.
import { LIMITS, roomsInHelloMax } from "../limits.ts";
import type { Loose, Message, Schema } from "../schema.ts";
import { DownSchema, UpSchema } from "../wire.ts";
import { type Codec, DecodeError } from "./codec.ts";
import { readProto, type UnknownNumber } from "./proto-read.ts";
import { writeProto } from "./proto-write.ts";

/** Elements beyond the limit that are still decoded, so that `checkUp` refuses the list, with the command's id and the limit. */
const LIST_SLACK = 16;
/** Fields of `Up` from this number on are commands. */
const COMMAND_NUMBER_MIN = 10;

/** Binary frames. */
export const protoCodec: Codec = {
	name: "proto",
	encodeUp: (up) => encodeMessage(UpSchema, up),
	decodeUp(body, listMax = roomsInHelloMax(LIMITS)) {
		const up = UpSchema.blank();
		try {
			readProto(UpSchema, bytesOf(body), up as unknown as Loose, refuse, listMax + LIST_SLACK);
		} catch (cause) {
			throw cause instanceof DecodeError
				? new DecodeError(cause.code, cause.message, { id: up.id, trace: up.trace, cause })
				: cause;
		}
		return up;
	},
	encodeDown: (down) => encodeMessage(DownSchema, down),
	decodeDown: (body) => decodeMessage(DownSchema, bytesOf(body)),
};

/** Any message as Protobuf, for example for a store. Throws `EncodeError`. */
export function encodeMessage<M extends Message>(schema: Schema<M>, message: M): Uint8Array {
	return writeProto(schema, message as unknown as Loose);
}

/** Decodes a message, and ignores unknown fields. Throws `DecodeError`. */
export function decodeMessage<M extends Message>(schema: Schema<M>, bytes: Uint8Array): M {
	const message = schema.blank();
	readProto(schema, bytes, message as unknown as Loose, ignoreUnknown, Number.POSITIVE_INFINITY);
	return message;
}

const refuse: UnknownNumber = (schema, number, isBlock) => {
	if (schema === UpSchema && number >= COMMAND_NUMBER_MIN && isBlock) {
		throw new DecodeError("unknown_command", `there is no command with the number ${number}`);
	}
	throw new DecodeError("malformed", `${schema.typeName} has no field with the number ${number}`);
};

const ignoreUnknown: UnknownNumber = () => {};

function bytesOf(body: Uint8Array | string): Uint8Array {
	if (typeof body === "string") throw new DecodeError("malformed", "this connection speaks Protobuf: binary frames, not text");
	return body;
}
