// Writes the identity to the token store, with retries. A failing store (a full disk, disabled storage) does not affect the connection: it
// is reported as a problem. The write is retried because the tokens in the store are superseded: a restart with them would lose the log-in.

import type { StoredIdentity, TokenStore } from "../api/token-store.ts";
import type { Cancel, Clock } from "../base/clock.ts";

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;

export class TokenWriter {
	private readonly store: Pick<TokenStore, "load" | "save">;
	private readonly clock: Pick<Clock, "after">;
	private readonly problem: (what: string, cause: unknown) => void;
	/** The identity that is not written yet. */
	private unsaved: { readonly identity: StoredIdentity | undefined } | undefined;
	/** Refresh tokens that were replaced or refused since the last successful write: the store may still have them. */
	private readonly superseded = new Set<string>();
	private waitMs = 0;
	private cancelRetry: Cancel = () => {};
	private saving: Promise<void> = Promise.resolve();

	constructor(
		store: Pick<TokenStore, "load" | "save">,
		clock: Pick<Clock, "after">,
		problem: (what: string, cause: unknown) => void,
	) {
		this.store = store;
		this.clock = clock;
		this.problem = problem;
	}

	/** Resolves when the last write has completed or failed. Never rejects. */
	get done(): Promise<void> {
		return this.saving;
	}

	/** Runs `task` after the current write and before the next read. */
	after(task: (before: Promise<void>) => Promise<void>): void {
		this.saving = task(this.saving);
	}

	/** Marks tokens as superseded: they are not adopted from the store again. */
	supersede({ tokens }: StoredIdentity): void {
		this.superseded.add(tokens.refresh || tokens.access);
	}

	isSuperseded({ tokens }: StoredIdentity): boolean {
		return this.superseded.has(tokens.refresh || tokens.access);
	}

	save(identity: StoredIdentity | undefined): void {
		this.cancelRetry();
		const unsaved = { identity };
		this.unsaved = unsaved;
		this.saving = this.store.save(identity).then(
			() => {
				if (this.unsaved !== unsaved) return;
				this.unsaved = undefined;
				this.superseded.clear();
				this.waitMs = 0;
			},
			(cause: unknown) => {
				if (this.unsaved !== unsaved) return;
				if (this.waitMs === 0) this.problem("the identity could not be kept; it is tried again", cause);
				this.waitMs = Math.min(RETRY_MAX_MS, Math.max(RETRY_MIN_MS, this.waitMs * 2));
				this.cancelRetry = this.clock.after(this.waitMs, () => this.retry());
			},
		);
	}

	/** Retries a failed write at once. */
	retry(): void {
		if (this.unsaved === undefined) return;
		this.cancelRetry();
		this.saving = this.saving.then(() => this.tryAgain());
	}

	/** Removes the identity from the store. Rejects as the store does. */
	async forget(): Promise<void> {
		this.dropUnsaved();
		await this.store.save(undefined);
	}

	/** A last retry; cancels further ones. */
	async settle(): Promise<void> {
		this.retry();
		await this.saving;
		this.cancelRetry();
	}

	private async tryAgain(): Promise<void> {
		const { unsaved } = this;
		if (unsaved === undefined) return;
		this.cancelRetry();
		const stored = await this.store.load().catch(() => undefined);
		if (this.unsaved !== unsaved) return;
		// Another program has stored newer tokens of this user, which the next read adopts.
		const isOfAnother = stored !== undefined && !this.isSuperseded(stored);
		if (isOfAnother && (unsaved.identity === undefined || unsaved.identity.user.id === stored.user.id)) {
			this.dropUnsaved();
			return;
		}
		this.save(unsaved.identity);
		await this.saving;
	}

	private dropUnsaved(): void {
		this.unsaved = undefined;
		this.waitMs = 0;
		this.cancelRetry();
	}
}
