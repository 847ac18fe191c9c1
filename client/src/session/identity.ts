// With what to say hello. The candidates stand in a row: the access token, the refresh token, what the caller gave; each
// attempt begins at the first that can work and moves on when one is refused. Only when the last is refused, nobody is left to be.
//
// Several programs or tabs may share the store. One whose tokens are of no use any more looks there, under the store's lock, before it
// makes an identity or gives up: another may have made one of the same name, and then it is that one too.
import type { Tokens, User } from "@verbatim/protocol";
import type { Credential } from "../api.ts";
import type { Clock, Random } from "../clock.ts";
import type { RefusedError } from "../errors.ts";
import type { StoredIdentity, TokenStore } from "../tokens/store.ts";
import { Attempt } from "./attempt.ts";
import { folded, type HelloCredential, nameOf, offerOf, refreshOffer, tokenOffer } from "./credential.ts";
import { GuestKey, isKeyOnly, keyOnly } from "./guest-key.ts";
import { Keeping } from "./keeping.ts";

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
	private readonly keeping: Keeping;
	private readonly guestKey: GuestKey;
	private attempt: Attempt;
	/** The server's clock minus ours, in ms, as the last welcome showed it. */
	private offsetMs = 0;

	/** `problem`: what was to be kept could not be. */
	constructor(
		given: Credential | (() => Promise<Credential>) | undefined,
		store: TokenStore,
		{ clock, random }: { readonly clock: Pick<Clock, "now" | "after">; readonly random: Pick<Random, "bytes"> },
		problem: (what: string, cause: unknown) => void,
	) {
		this.given = given;
		this.store = store;
		this.clock = clock;
		this.attempt = new Attempt(store);
		this.keeping = new Keeping(store, clock, problem);
		this.guestKey = new GuestKey(random);
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
			if (!newer && kept !== undefined && folded(this.name ?? kept.user.name) === folded(kept.user.name)) {
				this.guestKey.learn(kept);
				if (!isKeyOnly(kept)) this.kept = kept;
			}
		}
		return this.kept !== undefined || this.given !== undefined;
	}

	/** A connection is open: from the first candidate again. */
	begin(): void {
		this.end();
		this.attempt = new Attempt(this.store);
		this.refusal = undefined;
		this.keeping.retry();
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
			if (offer?.case === "guest") await this.keepKey(offer.value.name ?? "");
			if (attempt.over) return undefined;
			this.registering = offer?.case === "register";
			if (offer !== undefined) return offer;
			attempt.at++;
		}
		// The lock does not hold where it was waited for too long, nor where a browser has none.
		if (this.refusal?.code === "name_taken" && (await this.madeByAnother(attempt))) return this.offer();
		await this.dropKey(attempt);
		return undefined;
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
			if (this.kept !== undefined) this.keeping.replaced(this.kept);
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
		if (tokens !== undefined) this.keepTokens({ id: user.id, name: user.name }, tokens);
		else if (SOURCES[this.attempt.at] !== "access") this.keep(undefined);
		this.end();
	}

	/** Fresh tokens for the identity of this moment. */
	renewed(tokens: Tokens): void {
		if (this.kept !== undefined) this.keepTokens(this.kept.user, tokens);
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
		this.guestKey.forget();
		await this.keeping.forget();
	}

	/** The attempt is over: other programs that share the store may make an identity. */
	end(): void {
		this.keeping.after((before) => this.attempt.end(before));
	}

	/** Resolves when what is to be kept has been given to the store. */
	async settled(): Promise<void> {
		this.end();
		await this.keeping.settle();
	}

	/**
	 * Takes over the tokens of the same user that another tab or process has put into the store: it has renewed them, and a refresh token that
	 * is used twice ends all of them. By their times nothing is judged: clocks are put back.
	 */
	async look(): Promise<void> {
		await this.keeping.done;
		const { kept } = this;
		if (kept === undefined) return;
		// What cannot be read leaves what is here.
		const stored = await this.store.load().catch(() => undefined);
		if (stored === undefined || this.kept !== kept || stored.user.id !== kept.user.id) return;
		if (!this.keeping.isUsedUp(stored)) this.kept = stored;
	}

	/** The refresh token of this moment and for how long the access token is still good, in ms; undefined without one. */
	renewal(): { readonly refresh: string; readonly leftMs: number } | undefined {
		const tokens = this.kept?.tokens;
		if (tokens === undefined || tokens.refresh === "") return undefined;
		return { refresh: tokens.refresh, leftMs: tokens.accessExpiresMs - this.serverNow() };
	}

	private unlock(): void {
		this.keeping.after((before) => this.attempt.unlock(before));
	}

	/**
	 * Looks into the store, under its lock, for an identity that another program has made, and takes it over: the attempt goes on from the
	 * first candidate. Removes from the store what was refused, if it still is what is there. Without either the lock is held on.
	 */
	private async madeByAnother(attempt: Attempt): Promise<boolean> {
		await attempt.lock();
		await this.keeping.done;
		const stored = attempt.over ? undefined : await this.store.load().catch(() => undefined);
		if (stored === undefined || attempt.over) return false;
		const { name, kept, refusedTokens } = this;
		if (isSame(stored, refusedTokens)) this.keep(undefined);
		if (name === undefined || folded(name) !== folded(stored.user.name)) return false;
		// Under its own key a hello may have been carried out already.
		if (!isKeyOnly(stored) || this.guestKey.known(name) === undefined) this.guestKey.learn(stored);
		if (isSame(stored, refusedTokens) || isSame(stored, kept) || isKeyOnly(stored) || this.keeping.isUsedUp(stored)) return false;
		this.kept = stored;
		this.unlock();
		attempt.at = 0;
		return true;
	}

	/** Before the hello, or whoever is ended between it and the welcome has no way back. What is there of another name stays. */
	private async keepKey(name: string): Promise<void> {
		const guestKey = this.guestKey.of(name);
		const stored = await this.store.load().catch(() => undefined);
		if (stored?.guestKey === guestKey || (stored !== undefined && folded(stored.user.name) !== folded(name))) return;
		this.keeping.save(keyOnly(name, guestKey));
		await this.keeping.done;
	}

	/** Under a name that was refused nothing is kept. */
	private async dropKey(attempt: Attempt): Promise<void> {
		const { name } = this;
		if (name === undefined || attempt.over) return;
		const guestKey = this.guestKey.known(name);
		const stored = guestKey === undefined ? undefined : await this.store.load().catch(() => undefined);
		if (stored === undefined || !isKeyOnly(stored) || stored.guestKey !== guestKey || attempt.over) return;
		this.keeping.save(undefined);
	}

	private async candidate(source: Source): Promise<HelloCredential | undefined> {
		const tokens = this.kept?.tokens;
		const now = this.serverNow();
		switch (source) {
			case "access":
				if (tokens === undefined || tokens.access === "") return undefined;
				return tokens.refresh === "" || tokens.accessExpiresMs > now + EXPIRY_SLACK_MS ? tokenOffer(tokens.access) : undefined;
			case "refresh":
				// Whether it has run out is for the server to say: this clock may be wrong by any amount.
				return tokens !== undefined && tokens.refresh !== "" ? refreshOffer(tokens.refresh) : undefined;
			case "given":
				return offerOf(await this.ask(), (name) => this.guestKey.of(name));
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

	private keepTokens(user: StoredIdentity["user"], tokens: Tokens): void {
		const guestKey = this.guestKey.known(user.name);
		this.keep({ user, tokens, ...(guestKey === undefined ? {} : { guestKey }) });
	}

	private keep(identity: StoredIdentity | undefined): void {
		if (this.kept !== undefined && this.kept.tokens.refresh !== identity?.tokens.refresh) this.keeping.replaced(this.kept);
		this.kept = identity;
		this.loaded = true;
		this.keeping.save(identity);
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
