// A guest's key: the client's own secret, by which a guest whose welcome was lost is known again. Only its SHA-256 is kept.
import { createHash } from "node:crypto";

/** In place of an issuer: no identity provider may have this name. */
export const GUEST_KEYS = "guest";

/** What a guest of this name and key is found by; undefined without a key. */
export function guestExternal(skeleton: string, key: string): string | undefined {
	if (key === "") return undefined;
	return `${GUEST_KEYS}|${createHash("sha256").update(`${skeleton}\n${key}`).digest("base64url")}`;
}
