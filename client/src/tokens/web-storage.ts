// An identity that survives reloads, in `localStorage` (all tabs are the same user) or `sessionStorage` (each tab its own).
// What is there was written by this class or by somebody who may run scripts in the page anyway; it is still checked, since an
// older or newer version may have written it.
import type { StoredIdentity, TokenStore } from "./store.ts";
import { webLock } from "./web-lock.ts";

/**
 * Keeps the identity in `storage` under `key`. Whoever runs scripts in the page can read it.
 *
 * @example
 * ```ts
 * // Comes back as the same user after a reload; without anybody kept it stays idle until `logIn`.
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

/** The identity in `text`, or undefined if it is none. */
export function parseIdentity(text: string): StoredIdentity | undefined {
	try {
		const { user, tokens, guestKey } = JSON.parse(text) as StoredIdentity;
		const strings = [user.id, user.name, tokens.access, tokens.refresh];
		const numbers = [tokens.accessExpiresMs, tokens.refreshExpiresMs];
		if (strings.every((value) => typeof value === "string") && numbers.every((value) => typeof value === "number")) {
			return { user, tokens, ...(typeof guestKey === "string" ? { guestKey } : {}) };
		}
	} catch {
		// Not ours, or torn: as if nothing were kept.
	}
	return undefined;
}
