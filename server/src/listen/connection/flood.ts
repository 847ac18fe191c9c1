// How those are closed who are closed for what they send: they are told why, are not read any more, and are cut soon after.
import type { CloseName } from "@verbatim/protocol";

export const FLOOD_CLOSES: ReadonlySet<CloseName> = new Set(["busy", "protocol", "too_large", "unauthorized"]);

/** They have this long to read why, ms. */
export const FLOOD_LINGER_MS = 500;
