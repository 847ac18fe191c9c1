// State of one log-in attempt, from an open connection to its welcome or its end: the next candidate, and the token store's lock.

import type { TokenStore } from "../api/token-store.ts";
import { ENDED } from "../base/ended.ts";

export class Attempt {
	/** Index of the current candidate. */
	at = 0;
	/** The credential function was called in this attempt. */
	credentialCalled = false;
	/** The store was read in this attempt. */
	storeRead = false;
	private readonly store: Pick<TokenStore, "lock">;
	private readonly control = new AbortController();
	private release: (() => Promise<void>) | undefined;

	constructor(store: Pick<TokenStore, "lock">) {
		this.store = store;
	}

	get over(): boolean {
		return this.control.signal.aborted;
	}

	/** Resolves when this attempt holds the lock, or has ended: a lock that is granted after that is released at once. */
	async lock(): Promise<void> {
		if (this.store.lock === undefined || this.release !== undefined || this.over) return;
		let release: () => Promise<void>;
		try {
			release = await this.store.lock(this.control.signal);
		} catch (error) {
			if (this.over) return;
			throw error;
		}
		if (this.over) await release().catch(() => undefined);
		else this.release = release;
	}

	/** Releases the lock after `before`, which must not reject; resolves then. */
	unlock(before: Promise<void>): Promise<void> {
		const { release } = this;
		this.release = undefined;
		return release === undefined ? before : before.then(release).catch(() => undefined);
	}

	/** As `unlock`; also cancels a wait for the lock. */
	end(before: Promise<void>): Promise<void> {
		this.control.abort(ENDED);
		return this.unlock(before);
	}
}
