// A non-durable token store.
import type { StoredIdentity, TokenStore } from "../api/token-store.ts";

export function memoryTokens(): TokenStore {
	let kept: StoredIdentity | undefined;
	return {
		load: async () => kept,
		save: async (identity) => {
			kept = identity;
		},
	};
}
