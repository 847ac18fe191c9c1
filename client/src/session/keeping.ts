// Gives the token store what is to be kept. A store that fails (a full disk, storage that is switched off) costs no connection: it is told as
// a problem and tried again, since what is still there is used up, and whoever comes back with it loses the log-in.
import type { Cancel, Clock } from "../clock.ts";
import type { StoredIdentity, TokenStore } from "../tokens/store.ts";

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;

export class Keeping {
	private readonly store: Pick<TokenStore, "load" | "save">;
	private readonly clock: Pick<Clock, "after">;
	private readonly problem: (what: string, cause: unknown) => void;
	/** What the store has not taken yet. */
	private unsaved: { readonly identity: StoredIdentity | undefined } | undefined;
	/** Refresh tokens that were replaced or refused since the store last took something: they may be what is there. */
	private readonly usedUp = new Set<string>();
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

	/** Resolves when the store has taken what it was given, or has failed at it. Never rejects. */
	get done(): Promise<void> {
		return this.saving;
	}

	/** `task` comes after what is being saved, and before what is looked at next. */
	after(task: (before: Promise<void>) => Promise<void>): void {
		this.saving = task(this.saving);
	}

	/** What this client has used up is not taken from the store any more. */
	replaced({ tokens }: StoredIdentity): void {
		this.usedUp.add(tokens.refresh || tokens.access);
	}

	isUsedUp({ tokens }: StoredIdentity): boolean {
		return this.usedUp.has(tokens.refresh || tokens.access);
	}

	save(identity: StoredIdentity | undefined): void {
		this.cancelRetry();
		const unsaved = { identity };
		this.unsaved = unsaved;
		this.saving = this.store.save(identity).then(
			() => {
				if (this.unsaved !== unsaved) return;
				this.unsaved = undefined;
				this.usedUp.clear();
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

	/** Tries again at once what the store has not taken. */
	retry(): void {
		if (this.unsaved === undefined) return;
		this.cancelRetry();
		this.saving = this.saving.then(() => this.tryAgain());
	}

	/** Forgets in the store too. Rejects as it does. */
	async forget(): Promise<void> {
		this.dropUnsaved();
		await this.store.save(undefined);
	}

	/** The last try; nothing is done later by itself. */
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
		// Another program has kept newer tokens of this user meanwhile, and they are seen with the next look.
		const isTheirs = stored !== undefined && !this.isUsedUp(stored);
		if (isTheirs && (unsaved.identity === undefined || unsaved.identity.user.id === stored.user.id)) {
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
