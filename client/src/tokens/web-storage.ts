// An identity in `localStorage` (shared by all tabs) or `sessionStorage` (one per tab). Stored content is validated, since another
// version may have written it.
import type { StoredIdentity, TokenStore } from "../api/token-store.ts";
import { webLock } from "./web-lock.ts";

/**
 * Stores the identity in `storage` under `key`. Any script of the page can read it.
 *
 * @example
 * ```ts
 * // The same user after a reload; without a stored identity the client stays idle until `logIn`.
 * connect({ endpoints: "wss://chat.example.org/ws", tokens: webStorageTokens(localStorage) });
 * ```
 */
export function webStorageTokens(
	storage: Pick<Storage, "getItem" | "setItem" | "removeItem">,
	key = "verbatim.identity",
): TokenStore {
	return {
		lock: (signal) => webLock(`verbatim-tokens:${key}`, signal),
		load: async () => parseIdentity(storage.getItem(key) ?? ""),
		save: async (identity) => {
			if (identity === undefined) storage.removeItem(key);
			else storage.setItem(key, renderIdentity(identity));
		},
	};
}

export function renderIdentity({ user, tokens, guestKey }: StoredIdentity): string {
	const { access, accessExpiresMs, refresh, refreshExpiresMs } = tokens;
	return JSON.stringify({
		user: { id: user.id, name: user.name },
		tokens: { access, accessExpiresMs, refresh, refreshExpiresMs },
		guestKey,
	});
}

/** The identity in `text`; undefined if it cannot be parsed. */
export function parseIdentity(text: string): StoredIdentity | undefined {
	try {
		const { user, tokens, guestKey } = JSON.parse(text) as StoredIdentity;
		const strings = [user.id, user.name, tokens.access, tokens.refresh];
		const numbers = [tokens.accessExpiresMs, tokens.refreshExpiresMs];
		if (strings.every((value) => typeof value === "string") && numbers.every((value) => typeof value === "number")) {
			return { user, tokens, ...(typeof guestKey === "string" ? { guestKey } : {}) };
		}
	} catch {
		// Corrupt or foreign content counts as empty.
	}
	return undefined;
}
