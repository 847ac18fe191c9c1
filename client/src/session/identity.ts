// With what to say hello. The candidates stand in a row: the access token, the refresh token, what the caller gave; each
// attempt begins at the first that can work and moves on when one is refused. Only when the last is refused, nobody is left to be.
import type { Command, Tokens, User } from "@verbatim/protocol";
import type { Credential } from "../api.ts";
import type { Clock } from "../clock.ts";
import type { RefusedError } from "../errors.ts";
import type { StoredIdentity, TokenStore } from "../tokens/store.ts";

type HelloInit = Extract<Command, { case: "hello" }>["value"];
/** A credential as the wire has it. */
export type HelloCredential = NonNullable<HelloInit["credential"]>;

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
	/** It was asked in this attempt. */
	private askedNow = false;
	private kept: StoredIdentity | undefined;
	/** Why the last candidate of this attempt was refused. */
	refusal: RefusedError | undefined;
	/** A registration is on the wire; and one was, and its answer got lost. */
	private registering = false;
	private perhapsRegistered = false;
	private loaded = false;
	/** What the store holds was looked at in this attempt. */
	private looked = false;
	private saving: Promise<void> = Promise.resolve();
	/** Set while other programs wait for the identity that this one makes. */
	private release: (() => Promise<void>) | undefined;
	private at = 0;
	/** The server's clock minus ours, in ms, as the last welcome showed it. */
	private offsetMs = 0;

	constructor(given: Credential | (() => Promise<Credential>) | undefined, store: TokenStore, clock: Pick<Clock, "now">) {
		this.given = given;
		this.store = store;
		this.clock = clock;
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
			if (!newer && kept !== undefined && this.suits(kept)) this.kept = kept;
		}
		return this.kept !== undefined || this.given !== undefined;
	}

	/** A connection is open: from the first candidate again. */
	begin(): void {
		this.at = 0;
		this.askedNow = false;
		this.looked = false;
		this.refusal = undefined;
		this.unlock();
		if (this.registering) this.perhapsRegistered = true;
	}

	/** The candidate whose turn it is, or undefined when none is left. Rejects with what a credential function rejects with. */
	async offer(): Promise<HelloCredential | undefined> {
		if (!this.looked) await this.look();
		this.looked = true;
		for (; this.at < SOURCES.length; this.at++) {
			const offer = await this.candidate(SOURCES[this.at] as Source);
			if (offer === undefined) continue;
			if ((offer.case === "guest" || offer.case === "register") && (await this.madeByAnother())) {
				// From the first candidate again, which there is now.
				this.at = -1;
				continue;
			}
			this.registering = offer.case === "register";
			return offer;
		}
		return undefined;
	}

	/** The candidate was refused for good: on to the next. */
	refused(error: RefusedError): void {
		const source = SOURCES[this.at];
		this.registering = false;
		// Whose password was wrong is nobody's business who wanted to register: the name is taken.
		if (source !== "registered") this.refusal = error;
		if (source === "refresh") this.keep(undefined);
		if (source === "given" && typeof this.given === "function") {
			this.asked = undefined;
			// What was good once may be renewed by asking again.
			if (!this.askedNow) return;
		}
		this.at++;
	}

	welcomed(user: User, tokens: Tokens | undefined, serverNowMs: number): void {
		if (serverNowMs > 0) this.offsetMs = serverNowMs - this.clock.now();
		this.registering = false;
		this.perhapsRegistered = false;
		// A name is registered once; the second time it would be taken, by oneself.
		if (typeof this.given === "object" && "register" in this.given) this.given = { login: this.given.register };
		if (tokens !== undefined) this.keep({ user: { id: user.id, name: user.name }, tokens });
		else if (SOURCES[this.at] !== "access") this.keep(undefined);
		this.unlock();
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
		this.loaded = true;
		this.registering = false;
		this.perhapsRegistered = false;
	}

	/** Nobody, here and in the store. */
	async forget(): Promise<void> {
		this.given = undefined;
		this.asked = undefined;
		this.kept = undefined;
		this.loaded = true;
		await this.store.save(undefined);
	}

	/** The attempt is over: whoever shares the store may make an identity now. */
	unlock(): void {
		const { release } = this;
		this.release = undefined;
		if (release !== undefined) this.saving = this.saving.then(release).catch(() => undefined);
	}

	/** Resolves when what is to be kept has been given to the store. */
	async settled(): Promise<void> {
		this.unlock();
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

	/** Before an identity is made: another program that shares the store may have done so. Once an attempt. */
	private async madeByAnother(): Promise<boolean> {
		if (this.store.lock === undefined || this.release !== undefined) return false;
		const tried = this.kept?.tokens.access;
		const release = await this.store.lock();
		this.unlock();
		this.release = release;
		const stored = await this.store.load().catch(() => undefined);
		if (stored === undefined || stored.tokens.access === tried || !this.suits(stored)) return false;
		this.kept = stored;
		return true;
	}

	private async candidate(source: Source): Promise<HelloCredential | undefined> {
		const tokens = this.kept?.tokens;
		const now = this.serverNow();
		switch (source) {
			case "access":
				return tokens !== undefined && tokens.accessExpiresMs > now + EXPIRY_SLACK_MS ? token(tokens.access) : undefined;
			case "refresh":
				return tokens !== undefined && tokens.refresh !== "" && tokens.refreshExpiresMs > now
					? refresh(tokens.refresh)
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
				return credential !== undefined && "token" in credential && credential.refresh ? refresh(credential.refresh) : undefined;
			}
		}
	}

	private async ask(): Promise<Credential | undefined> {
		if (typeof this.given !== "function") return this.given;
		if (this.asked === undefined) {
			this.asked = await this.given();
			this.askedNow = true;
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

	/** A name that the caller gives is meant: somebody else's tokens are not used for it. */
	private suits(kept: StoredIdentity): boolean {
		const { given } = this;
		if (given === undefined || typeof given === "function" || "token" in given) return true;
		const name = "guest" in given ? given.guest : "login" in given ? given.login.name : given.register.name;
		return folded(name) === folded(kept.user.name);
	}
}

function offerOf(credential: Credential | undefined): HelloCredential | undefined {
	if (credential === undefined) return undefined;
	if ("guest" in credential) return { case: "guest", value: { name: credential.guest } };
	if ("login" in credential) return { case: "login", value: credential.login };
	if ("register" in credential) return { case: "register", value: credential.register };
	return token(credential.token);
}

function token(value: string): HelloCredential {
	return { case: "token", value };
}

function refresh(value: string): HelloCredential {
	return { case: "refresh", value };
}

/** Names that are the same to the server, as far as can be told here. */
export function folded(name: string): string {
	return name.trim().normalize("NFKC").toLowerCase();
}
