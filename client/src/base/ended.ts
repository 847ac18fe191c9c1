import { AbortedError } from "./errors.ts";

/** Abort reason of the SDK's own signals, which callers do not see. One object: an abort without a reason creates an exception each time. */
export const ENDED: AbortedError = new AbortedError("the call", "it is over");
