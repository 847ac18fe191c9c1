// One attempt to say hello, from an open connection to its welcome or its end: which candidate's turn it is, and the token store's lock.
import type { TokenStore } from "../tokens/store.ts";

export class Attempt {
	/** Index of the candidate whose turn it is. */
	at = 0;
	/** The credential function was asked in this attempt. */
	asked = false;
	/** What the store holds was looked at in this attempt. */
	looked = false;
	private readonly store: Pick<TokenStore, "lock">;
	private readonly control = new AbortController();
	private release: (() => Promise<void>) | undefined;

	constructor(store: Pick<TokenStore, "lock">) {
		this.store = store;
	}

	get over(): boolean {
		return this.control.signal.aborted;
	}

	/** Resolves when this attempt holds the lock, or is over: what is granted then is given back at once. */
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

	/** Gives the lock back after `before`, which never rejects, and resolves then. */
	unlock(before: Promise<void>): Promise<void> {
		const { release } = this;
		this.release = undefined;
		return release === undefined ? before : before.then(release).catch(() => undefined);
	}

	/** As `unlock`; nothing is waited for any more. */
	end(before: Promise<void>): Promise<void> {
		this.control.abort();
		return this.unlock(before);
	}
}
