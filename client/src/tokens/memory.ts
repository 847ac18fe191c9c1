// A non-durable token store.
import type { StoredIdentity, TokenStore } from "./store.ts";

export function memoryTokens(): TokenStore {
	let kept: StoredIdentity | undefined;
	return {
		load: async () => kept,
		save: async (identity) => {
			kept = identity;
		},
	};
}
