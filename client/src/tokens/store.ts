// The contract of the place where an identity outlives the page or process. Implementations lie beside it.
import type { Tokens, User } from "@verbatim/protocol";

/** Who one was, and what proves it. */
export interface StoredIdentity {
	readonly user: Pick<User, "id" | "name">;
	readonly tokens: Pick<Tokens, "access" | "accessExpiresMs" | "refresh" | "refreshExpiresMs">;
	/**
	 * Of a guest: the secret that it comes back with where its tokens are lost. Kept before its first welcome too, under no user's id and
	 * with empty tokens; a store that leaves it out does no harm.
	 */
	readonly guestKey?: string;
}

export interface TokenStore {
	/** The identity kept, or undefined. */
	load(): Promise<StoredIdentity | undefined>;
	/** Keeps `identity` in place of the one before; undefined forgets it. */
	save(identity: StoredIdentity | undefined): Promise<void>;
	/**
	 * Where other programs share this store: resolves when no other one is making an identity, with what gives the lock back. `load` is
	 * asked again then. Once `signal` is aborted nobody waits for it any more: it may reject, and what it gives later is given back at once.
	 */
	lock?(signal?: AbortSignal): Promise<() => Promise<void>>;
}
