// The schema's types and descriptors under the names the rest of the project uses.

export { create } from "@bufbuild/protobuf";
export * from "./gen/verbatim/v1/wire_pb.js";

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DownSchema, UpSchema } from "./gen/verbatim/v1/wire_pb.js";

/** A command as a literal: `{ case: "send", value: { room, cid, text } }`. */
export type Command = NonNullable<MessageInitShape<typeof UpSchema>["command"]>;
/** The body of a down message as a literal. */
export type DownBody = NonNullable<MessageInitShape<typeof DownSchema>["body"]>;
