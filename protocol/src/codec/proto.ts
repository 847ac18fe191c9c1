// Protobuf over the schema's shapes.
import { LIMITS, roomsInHelloMax } from "../limits.ts";
import { type Down, DownSchema, type Up, UpSchema } from "../wire.ts";
import { type Codec, DecodeError } from "./codec.ts";
import { readProto, type UnknownNumber } from "./proto-read.ts";
import { writeProto } from "./proto-write.ts";
import { type Loose, shapeOf } from "./shape.ts";

const UP = shapeOf(UpSchema);
const DOWN = shapeOf(DownSchema);
/** A list that is a little too long is for `checkUp` to refuse, with the command's id and in the words of the limit. */
const LIST_SLACK = 16;
/** In `Up` all fields from here on are commands. */
const COMMAND_NUMBER_MIN = 10;

/** Binary frames. */
export const protoCodec: Codec = {
	name: "proto",
	encodeUp: (up) => writeProto(UP, up as unknown as Loose),
	decodeUp(body, listMax = roomsInHelloMax(LIMITS)) {
		const up = UP.blank();
		try {
			readProto(UP, bytesOf(body), up, refuse, listMax + LIST_SLACK);
		} catch (cause) {
			throw cause instanceof DecodeError
				? new DecodeError(cause.code, cause.message, { id: up.id as number, trace: up.trace as string, cause })
				: cause;
		}
		return up as unknown as Up;
	},
	encodeDown: (down) => writeProto(DOWN, down as unknown as Loose),
	decodeDown(body) {
		const down = DOWN.blank();
		readProto(DOWN, bytesOf(body), down, leaveOut, Number.POSITIVE_INFINITY);
		return down as unknown as Down;
	},
};

const refuse: UnknownNumber = (shape, number, isBlock) => {
	if (shape === UP && number >= COMMAND_NUMBER_MIN && isBlock) {
		throw new DecodeError("unknown_command", `there is no command with the number ${number}`);
	}
	throw new DecodeError("malformed", `${shape.typeName} has no field with the number ${number}`);
};

const leaveOut: UnknownNumber = () => {};

function bytesOf(body: Uint8Array | string): Uint8Array {
	if (typeof body === "string") throw new DecodeError("malformed", "this connection speaks Protobuf: binary frames, not text");
	return body;
}
