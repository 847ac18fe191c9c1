// The types and tables of the schema, re-exported for the other packages.
export { create, type Init } from "./create.ts";
export * from "./gen/verbatim/v1/wire.ts";
export type { Message, Schema } from "./schema.ts";

import type { Init } from "./create.ts";
import type { Down, Up } from "./gen/verbatim/v1/wire.ts";

/** A command as a literal: `{ case: "send", value: { room, cid, text } }`. */
export type Command = NonNullable<Init<Up>["command"]>;
/** The body of a down message as a literal. */
export type DownBody = NonNullable<Init<Down>["body"]>;
