// With what to say hello. The candidates stand in a row: the access token, the refresh token, what the caller gave; each
// attempt begins at the first that can work and moves on when one is refused. Only when the last is refused, nobody is left to be.
//
// Several programs or tabs may share the store. One whose tokens are of no use any more looks there, under the store's lock, before it
// makes an identity or gives up: another may have made one of the same name, and then it is that one too.
import type { Tokens, User } from "@verbatim/protocol";
import type { Credential } from "../api.ts";
import type { Clock } from "../clock.ts";
import type { RefusedError } from "../errors.ts";
import type { StoredIdentity, TokenStore } from "../tokens/store.ts";
import { Attempt } from "./attempt.ts";
import { folded, type HelloCredential, nameOf, offerOf, refreshOffer, tokenOffer } from "./credential.ts";

/** registered: log in as what was perhaps registered a moment ago. */
type Source = "access" | "refresh" | "given" | "givenRefresh" | "registered";
const SOURCES: readonly Source[] = ["access", "refresh", "given", "givenRefresh", "registered"];

/** A token about to run out is not worth a round trip. */
const EXPIRY_SLACK_MS = 5_000;

export class Identity {
	private readonly store: TokenStore;
	private readonly clock: Pick<Clock, "now">;
	private given: Credential | (() => Promise<Credential>) | undefined;
	/** What a credential function last gave; asked again once it is refused. */
	private asked: Credential | undefined;
	private kept: StoredIdentity | undefined;
	/** Whose refresh token was refused; it may still be in the store. */
	private refusedTokens: StoredIdentity | undefined;
	/** Why the last candidate of this attempt was refused. */
	refusal: RefusedError | undefined;
	/** A registration is on the wire; and one was, and its answer got lost. */
	private registering = false;
	private perhapsRegistered = false;
	private loaded = false;
	private saving: Promise<void> = Promise.resolve();
	private attempt: Attempt;
	/** The server's clock minus ours, in ms, as the last welcome showed it. */
	private offsetMs = 0;

	constructor(given: Credential | (() => Promise<Credential>) | undefined, store: TokenStore, clock: Pick<Clock, "now">) {
		this.given = given;
		this.store = store;
		this.clock = clock;
		this.attempt = new Attempt(store);
	}

	/** Is there anything to say hello with? Reads the token store the first time; rejects if that fails. */
	async known(): Promise<boolean> {
		if (!this.loaded) {
			let kept: StoredIdentity | undefined;
			// `replace` and `welcomed` may come first: what they keep is newer.
			let newer = false;
			try {
				kept = await this.store.load();
			} finally {
				newer = this.loaded;
				this.loaded = true;
			}
			if (!newer && kept !== undefined && folded(this.name ?? kept.user.name) === folded(kept.user.name)) this.kept = kept;
		}
		return this.kept !== undefined || this.given !== undefined;
	}

	/** A connection is open: from the first candidate again. */
	begin(): void {
		this.end();
		this.attempt = new Attempt(this.store);
		this.refusal = undefined;
		if (this.registering) this.perhapsRegistered = true;
	}

	/**
	 * The candidate whose turn it is, or undefined when none is left, or the attempt is over. Rejects with what a credential function
	 * rejects with.
	 */
	async offer(): Promise<HelloCredential | undefined> {
		const { attempt } = this;
		if (!attempt.looked) await this.look();
		attempt.looked = true;
		while (attempt.at < SOURCES.length) {
			const source = SOURCES[attempt.at] as Source;
			if (source === "given" && (this.kept ?? this.refusedTokens) !== undefined) {
				if (await this.madeByAnother(attempt)) continue;
				// A function may ask a person, which takes longer than others can wait.
				if (typeof this.given === "function") this.unlock();
			}
			const offer = await this.candidate(source);
			const makes = offer?.case === "guest" || offer?.case === "register";
			if (makes && (await this.madeByAnother(attempt))) continue;
			if (attempt.over) return undefined;
			this.registering = offer?.case === "register";
			if (offer !== undefined) return offer;
			attempt.at++;
		}
		// The lock does not hold where it was waited for too long, nor where a browser has none.
		return this.refusal?.code === "name_taken" && (await this.madeByAnother(attempt)) ? this.offer() : undefined;
	}

	/** The candidate was refused for good: on to the next. */
	refused(error: RefusedError): void {
		const { attempt } = this;
		const source = SOURCES[attempt.at];
		this.registering = false;
		// Whose password was wrong is nobody's business who wanted to register: the name is taken.
		if (source !== "registered") this.refusal = error;
		if (source === "refresh") {
			this.refusedTokens = this.kept;
			this.kept = undefined;
		}
		if (source === "given" && typeof this.given === "function") {
			this.asked = undefined;
			// What was good once may be renewed by asking again.
			if (!attempt.asked) return;
		}
		attempt.at++;
	}

	welcomed(user: User, tokens: Tokens | undefined, serverNowMs: number): void {
		if (serverNowMs > 0) this.offsetMs = serverNowMs - this.clock.now();
		this.registering = false;
		this.perhapsRegistered = false;
		this.refusedTokens = undefined;
		// A name is registered once; the second time it would be taken, by oneself.
		if (typeof this.given === "object" && "register" in this.given) this.given = { login: this.given.register };
		if (tokens !== undefined) this.keep({ user: { id: user.id, name: user.name }, tokens });
		else if (SOURCES[this.attempt.at] !== "access") this.keep(undefined);
		this.end();
	}

	/** Fresh tokens for the identity of this moment. */
	renewed(tokens: Tokens): void {
		if (this.kept !== undefined) this.keep({ user: this.kept.user, tokens });
	}

	/** Another identity, from the caller. What was kept is used no more, and forgotten once this one is welcomed. */
	replace(credential: Credential): void {
		this.given = credential;
		this.asked = undefined;
		this.kept = undefined;
		this.refusedTokens = undefined;
		this.loaded = true;
		this.registering = false;
		this.perhapsRegistered = false;
	}

	/** Nobody, here and in the store. */
	async forget(): Promise<void> {
		this.given = undefined;
		this.asked = undefined;
		this.kept = undefined;
		this.refusedTokens = undefined;
		this.loaded = true;
		await this.store.save(undefined);
	}

	/** The attempt is over: other programs that share the store may make an identity. */
	end(): void {
		this.saving = this.attempt.end(this.saving);
	}

	/** Resolves when what is to be kept has been given to the store. */
	async settled(): Promise<void> {
		this.end();
		await this.saving;
	}

	/**
	 * Takes over newer tokens of the same user from the store: another tab or process has renewed them, and a refresh token that is
	 * used twice ends all of them.
	 */
	async look(): Promise<void> {
		await this.saving;
		const { kept } = this;
		if (kept === undefined) return;
		// What cannot be read leaves what is here.
		const stored = await this.store.load().catch(() => undefined);
		if (stored === undefined || this.kept !== kept || stored.user.id !== kept.user.id) return;
		if (stored.tokens.refreshExpiresMs >= kept.tokens.refreshExpiresMs) this.kept = stored;
	}

	/** The refresh token of this moment and for how long the access token is still good, in ms; undefined without one. */
	renewal(): { readonly refresh: string; readonly leftMs: number } | undefined {
		const tokens = this.kept?.tokens;
		if (tokens === undefined || tokens.refresh === "") return undefined;
		return { refresh: tokens.refresh, leftMs: tokens.accessExpiresMs - this.serverNow() };
	}

	private unlock(): void {
		this.saving = this.attempt.unlock(this.saving);
	}

	/**
	 * Looks into the store, under its lock, for an identity that another program has made, and takes it over: the attempt goes on from the
	 * first candidate. Removes from the store what was refused, if it still is what is there. Without either the lock is held on.
	 */
	private async madeByAnother(attempt: Attempt): Promise<boolean> {
		await attempt.lock();
		await this.saving;
		const stored = attempt.over ? undefined : await this.store.load().catch(() => undefined);
		if (stored === undefined || attempt.over) return false;
		const { name, kept, refusedTokens } = this;
		if (isSame(stored, refusedTokens)) this.keep(undefined);
		if (isSame(stored, refusedTokens) || isSame(stored, kept)) return false;
		if (name === undefined || folded(name) !== folded(stored.user.name)) return false;
		this.kept = stored;
		this.unlock();
		attempt.at = 0;
		return true;
	}

	private async candidate(source: Source): Promise<HelloCredential | undefined> {
		const tokens = this.kept?.tokens;
		const now = this.serverNow();
		switch (source) {
			case "access":
				return tokens !== undefined && tokens.accessExpiresMs > now + EXPIRY_SLACK_MS ? tokenOffer(tokens.access) : undefined;
			case "refresh":
				return tokens !== undefined && tokens.refresh !== "" && tokens.refreshExpiresMs > now
					? refreshOffer(tokens.refresh)
					: undefined;
			case "given":
				return offerOf(await this.ask());
			case "registered": {
				const credential = await this.ask();
				const mine = this.perhapsRegistered && this.refusal?.code === "name_taken";
				return mine && credential !== undefined && "register" in credential
					? { case: "login", value: credential.register }
					: undefined;
			}
			case "givenRefresh": {
				const credential = await this.ask();
				return credential !== undefined && "token" in credential && credential.refresh
					? refreshOffer(credential.refresh)
					: undefined;
			}
		}
	}

	private async ask(): Promise<Credential | undefined> {
		if (typeof this.given !== "function") return this.given;
		if (this.asked === undefined) {
			const { attempt } = this;
			this.asked = await this.given();
			attempt.asked = true;
		}
		return this.asked;
	}

	private serverNow(): number {
		return this.clock.now() + this.offsetMs;
	}

	private keep(identity: StoredIdentity | undefined): void {
		this.kept = identity;
		this.loaded = true;
		// The store's failure must not cost the connection: the identity holds as long as this page or process.
		this.saving = this.store.save(identity).catch(() => undefined);
	}

	/** The name that the caller gives is meant, else that of what was kept: another's tokens are not used for it. */
	private get name(): string | undefined {
		const given = typeof this.given === "function" ? this.asked : this.given;
		return nameOf(given) ?? (this.kept ?? this.refusedTokens)?.user.name;
	}
}

function isSame(one: StoredIdentity, other: StoredIdentity | undefined): boolean {
	return one.tokens.access === other?.tokens.access && one.tokens.refresh === other.tokens.refresh;
}
