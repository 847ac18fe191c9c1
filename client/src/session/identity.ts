// The credential of a hello. Candidates in order: the access token, the refresh token, the caller's credential. Each attempt starts at
// the first usable one, and moves on when the server refuses it. When the last is refused, log-in has failed.
//
// Programs or tabs may share the token store. One whose tokens were refused reads the store, under its lock, before it registers or
// gives up: another may have stored fresh tokens of the same name, which it then uses.
import type { Tokens, User } from "@verbatim/protocol";
import type { Credential } from "../api/api.ts";
import type { StoredIdentity, TokenStore } from "../api/token-store.ts";
import type { Clock, Random } from "../base/clock.ts";
import type { RefusedError } from "../base/errors.ts";
import { Attempt } from "./attempt.ts";
import { folded, type HelloCredential, nameOf, offerOf, refreshOffer, tokenOffer } from "./credential.ts";
import { GuestKey, isKeyOnly, keyOnly } from "./guest-key.ts";
import { TokenWriter } from "./token-writer.ts";

/** registered: log in after a registration whose answer was lost. */
type Source = "access" | "refresh" | "given" | "givenRefresh" | "registered";
const SOURCES: readonly Source[] = ["access", "refresh", "given", "givenRefresh", "registered"];

/** An access token that expires within this time is not offered. */
const EXPIRY_SLACK_MS = 5_000;

export class Identity {
	private readonly store: TokenStore;
	private readonly clock: Pick<Clock, "now">;
	private given: Credential | (() => Promise<Credential>) | undefined;
	/** Last result of a credential function, which is called again once this is refused. */
	private asked: Credential | undefined;
	private kept: StoredIdentity | undefined;
	/** The identity whose refresh token was refused; it may still be in the store. */
	private refusedTokens: StoredIdentity | undefined;
	/** Refusal of the last candidate of this attempt. */
	refusal: RefusedError | undefined;
	/** A registration is in flight; and: one was, and its answer was lost. */
	private registering = false;
	private perhapsRegistered = false;
	private loaded = false;
	private readonly tokenWriter: TokenWriter;
	private readonly guestKey: GuestKey;
	private attempt: Attempt;
	/** The server's clock minus ours, in ms, as the last welcome showed it. */
	private offsetMs = 0;

	/** `problem` reports failures of the store. */
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
		this.tokenWriter = new TokenWriter(store, clock, problem);
		this.guestKey = new GuestKey(random);
	}

	/** Whether there is a credential or a stored identity. Reads the token store the first time; rejects if that fails. */
	async known(): Promise<boolean> {
		if (!this.loaded) {
			let kept: StoredIdentity | undefined;
			// `replace` or `welcomed` may be called during the read: their identity is newer.
			let newer = false;
			try {
				kept = await this.store.load();
			} finally {
				newer = this.loaded;
				this.loaded = true;
			}
			if (!newer && kept !== undefined && folded(this.name ?? kept.user.name) === folded(kept.user.name)) {
				this.guestKey.restore(kept);
				if (!isKeyOnly(kept)) this.kept = kept;
			}
		}
		return this.kept !== undefined || this.given !== undefined;
	}

	/** A connection is open: starts at the first candidate. */
	begin(): void {
		this.end();
		this.attempt = new Attempt(this.store);
		this.refusal = undefined;
		this.tokenWriter.retry();
		if (this.registering) this.perhapsRegistered = true;
	}

	/**
	 * The current candidate; undefined when none is left, or the attempt has ended. Rejects as the credential function does.
	 */
	async offer(): Promise<HelloCredential | undefined> {
		const { attempt } = this;
		if (!attempt.storeRead) await this.reload();
		attempt.storeRead = true;
		while (attempt.at < SOURCES.length) {
			const source = SOURCES[attempt.at] as Source;
			if (source === "given" && (this.kept ?? this.refusedTokens) !== undefined) {
				if (await this.adoptStored(attempt)) continue;
				// A function may prompt the user, which takes too long to hold the lock.
				if (typeof this.given === "function") this.unlock();
			}
			const offer = await this.candidate(source);
			const creates = offer?.case === "guest" || offer?.case === "register";
			if (creates && (await this.adoptStored(attempt))) continue;
			if (offer?.case === "guest") await this.keepKey(offer.value.name ?? "");
			if (attempt.over) return undefined;
			this.registering = offer?.case === "register";
			if (offer !== undefined) return offer;
			attempt.at++;
		}
		// Another program may have registered the name without the lock: after its time-out, or in a browser without locks.
		if (this.refusal?.code === "name_taken" && (await this.adoptStored(attempt))) return this.offer();
		await this.dropKey(attempt);
		return undefined;
	}

	/** The current candidate was refused for good: moves to the next. */
	refused(error: RefusedError): void {
		const { attempt } = this;
		const source = SOURCES[attempt.at];
		this.registering = false;
		// After a registration the refusal of its log-in is not reported: the error stays `name_taken`.
		if (source !== "registered") this.refusal = error;
		if (source === "refresh") {
			this.refusedTokens = this.kept;
			if (this.kept !== undefined) this.tokenWriter.supersede(this.kept);
			this.kept = undefined;
		}
		if (source === "given" && typeof this.given === "function") {
			this.asked = undefined;
			// The refused credential was of an earlier attempt: calls the function once more.
			if (!attempt.credentialCalled) return;
		}
		attempt.at++;
	}

	welcomed(user: User, tokens: Tokens | undefined, serverNowMs: number): void {
		if (serverNowMs > 0) this.offsetMs = serverNowMs - this.clock.now();
		this.registering = false;
		this.perhapsRegistered = false;
		this.refusedTokens = undefined;
		// A registered name would be refused as taken the next time: logs in instead.
		if (typeof this.given === "object" && "register" in this.given) this.given = { login: this.given.register };
		if (tokens !== undefined) this.keepTokens({ id: user.id, name: user.name }, tokens);
		else if (SOURCES[this.attempt.at] !== "access") this.keep(undefined);
		this.end();
	}

	/** Fresh tokens of the current identity. */
	renewed(tokens: Tokens): void {
		if (this.kept !== undefined) this.keepTokens(this.kept.user, tokens);
	}

	/** Switches to another credential. The stored identity is not used any more, and is replaced at the next welcome. */
	replace(credential: Credential): void {
		this.given = credential;
		this.asked = undefined;
		this.kept = undefined;
		this.refusedTokens = undefined;
		this.loaded = true;
		this.registering = false;
		this.perhapsRegistered = false;
	}

	/** Removes the identity, here and in the store. */
	async forget(): Promise<void> {
		this.given = undefined;
		this.asked = undefined;
		this.kept = undefined;
		this.refusedTokens = undefined;
		this.loaded = true;
		this.guestKey.forget();
		await this.tokenWriter.forget();
	}

	/** Ends the attempt and releases the store's lock. */
	end(): void {
		this.tokenWriter.after((before) => this.attempt.end(before));
	}

	/** Resolves when the last write to the store has completed or failed. */
	async settled(): Promise<void> {
		this.end();
		await this.tokenWriter.settle();
	}

	/**
	 * Takes over tokens of the same user that another tab or process has stored: it has renewed them, and using a refresh token twice
	 * revokes all of them. Does not compare expiry times: clocks may go back.
	 */
	async reload(): Promise<void> {
		await this.tokenWriter.done;
		const { kept } = this;
		if (kept === undefined) return;
		// If the store cannot be read, keeps the current tokens.
		const stored = await this.store.load().catch(() => undefined);
		if (stored === undefined || this.kept !== kept || stored.user.id !== kept.user.id) return;
		if (!this.tokenWriter.isSuperseded(stored)) this.kept = stored;
	}

	/** The refresh token, and the remaining lifetime of the access token in ms; undefined without a refresh token. */
	renewal(): { readonly refresh: string; readonly leftMs: number } | undefined {
		const tokens = this.kept?.tokens;
		if (tokens === undefined || tokens.refresh === "") return undefined;
		return { refresh: tokens.refresh, leftMs: tokens.accessExpiresMs - this.serverNow() };
	}

	private unlock(): void {
		this.tokenWriter.after((before) => this.attempt.unlock(before));
	}

	/**
	 * Reads the store, under its lock, for an identity of the same name that another program has stored. If there is one, takes it over,
	 * releases the lock and restarts at the first candidate. Else removes a refused identity from the store, and keeps the lock.
	 */
	private async adoptStored(attempt: Attempt): Promise<boolean> {
		await attempt.lock();
		await this.tokenWriter.done;
		const stored = attempt.over ? undefined : await this.store.load().catch(() => undefined);
		if (stored === undefined || attempt.over) return false;
		const { name, kept, refusedTokens } = this;
		if (isSame(stored, refusedTokens)) this.keep(undefined);
		if (name === undefined || folded(name) !== folded(stored.user.name)) return false;
		// Keeps a key that this client already has: a hello with it may have been executed.
		if (!isKeyOnly(stored) || this.guestKey.known(name) === undefined) this.guestKey.restore(stored);
		if (isSame(stored, refusedTokens) || isSame(stored, kept) || isKeyOnly(stored) || this.tokenWriter.isSuperseded(stored))
			return false;
		this.kept = stored;
		this.unlock();
		attempt.at = 0;
		return true;
	}

	/** Stores the guest key before the hello: a client that is killed before the welcome needs it. Does not replace a record of another name. */
	private async keepKey(name: string): Promise<void> {
		const guestKey = this.guestKey.of(name);
		const stored = await this.store.load().catch(() => undefined);
		if (stored?.guestKey === guestKey || (stored !== undefined && folded(stored.user.name) !== folded(name))) return;
		this.tokenWriter.save(keyOnly(name, guestKey));
		await this.tokenWriter.done;
	}

	/** The name was refused: removes its key from the store. */
	private async dropKey(attempt: Attempt): Promise<void> {
		const { name } = this;
		if (name === undefined || attempt.over) return;
		const guestKey = this.guestKey.known(name);
		const stored = guestKey === undefined ? undefined : await this.store.load().catch(() => undefined);
		if (stored === undefined || !isKeyOnly(stored) || stored.guestKey !== guestKey || attempt.over) return;
		this.tokenWriter.save(undefined);
	}

	private async candidate(source: Source): Promise<HelloCredential | undefined> {
		const tokens = this.kept?.tokens;
		const now = this.serverNow();
		switch (source) {
			case "access":
				if (tokens === undefined || tokens.access === "") return undefined;
				return tokens.refresh === "" || tokens.accessExpiresMs > now + EXPIRY_SLACK_MS ? tokenOffer(tokens.access) : undefined;
			case "refresh":
				// Does not check its expiry: the local clock may be wrong, and the server checks it.
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
			attempt.credentialCalled = true;
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
		if (this.kept !== undefined && this.kept.tokens.refresh !== identity?.tokens.refresh) this.tokenWriter.supersede(this.kept);
		this.kept = identity;
		this.loaded = true;
		this.tokenWriter.save(identity);
	}

	/** The name to log in with: the caller's, else the stored one. Stored tokens of another name are not used. */
	private get name(): string | undefined {
		const given = typeof this.given === "function" ? this.asked : this.given;
		return nameOf(given) ?? (this.kept ?? this.refusedTokens)?.user.name;
	}
}

function isSame(one: StoredIdentity, other: StoredIdentity | undefined): boolean {
	return one.tokens.access === other?.tokens.access && one.tokens.refresh === other.tokens.refresh;
}
