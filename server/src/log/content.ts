// What an entry says, as a hash: a repeat is known by it, whatever kind of entry it is.
import { createHash } from "node:crypto";
import type { Entry } from "@verbatim/protocol";
import { encodeBody } from "./bodies.ts";

/** SHA-256 of the body's bytes as stores keep them (bodies.ts), in hexadecimal. */
export function contentHash(body: Entry["body"]): string {
	return hashOfBytes(encodeBody({ body }).bytes);
}

/** The same of a stored body. */
export function hashOfBytes(bytes: Uint8Array): string {
	return createHash("sha256").update(bytes).digest("hex");
}
