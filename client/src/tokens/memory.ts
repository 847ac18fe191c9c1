// An identity that lives as long as this page or process.
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
