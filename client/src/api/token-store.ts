// Contract of the token store, which keeps an identity across reloads and restarts. Implementations are in this folder and `../node`.
import type { Tokens, User } from "@verbatim/protocol";

/** A user with their tokens. */
export interface StoredIdentity {
	readonly user: Pick<User, "id" | "name">;
	readonly tokens: Pick<Tokens, "access" | "accessExpiresMs" | "refresh" | "refreshExpiresMs">;
	/**
	 * A guest's secret, to log in again if its tokens were lost. Also stored before the first welcome, with an empty user id and empty
	 * tokens. A store may omit it.
	 */
	readonly guestKey?: string;
}

export interface TokenStore {
	/** The stored identity, or undefined. */
	load(): Promise<StoredIdentity | undefined>;
	/** Replaces the stored identity; undefined removes it. */
	save(identity: StoredIdentity | undefined): Promise<void>;
	/**
	 * For a store that several programs share: acquires the exclusive right to log in, and resolves with the function that releases it.
	 * The client calls `load` again after it. After `signal` has aborted it may reject; a lock that it still grants is released at once.
	 */
	lock?(signal?: AbortSignal): Promise<() => Promise<void>>;
}
