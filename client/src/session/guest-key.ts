// The key of a guest: a secret of the client's own, made before its first hello, by which the server knows the guest again where the welcome
// was lost. One name, one key, for the life of the client; in the token store, beyond it.
import type { Random } from "../clock.ts";
import type { StoredIdentity } from "../tokens/store.ts";
import { folded } from "./credential.ts";

const BYTES = 32;

export class GuestKey {
	private readonly random: Pick<Random, "bytes">;
	private name = "";
	private key = "";

	constructor(random: Pick<Random, "bytes">) {
		this.random = random;
	}

	/** The key of the guest `name`; made where there is none. */
	of(name: string): string {
		return this.known(name) ?? this.set(name, base64Url(this.random.bytes(BYTES)));
	}

	known(name: string): string | undefined {
		return this.name === folded(name) && this.key !== "" ? this.key : undefined;
	}

	/** Takes over what was kept. */
	learn({ user, guestKey }: StoredIdentity): void {
		if (guestKey) this.set(user.name, guestKey);
	}

	forget(): void {
		this.key = "";
	}

	private set(name: string, key: string): string {
		this.name = folded(name);
		this.key = key;
		return key;
	}
}

/** What is kept before the welcome: nobody yet, but the key to come with again. */
export function keyOnly(name: string, guestKey: string): StoredIdentity {
	return { user: { id: "", name }, tokens: { access: "", accessExpiresMs: 0, refresh: "", refreshExpiresMs: 0 }, guestKey };
}

/** Is there nothing in it but a key? */
export function isKeyOnly({ tokens }: StoredIdentity): boolean {
	return tokens.access === "" && tokens.refresh === "";
}

function base64Url(bytes: Uint8Array): string {
	return btoa(String.fromCharCode(...bytes))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replaceAll("=", "");
}
