// The guest key: a secret that the client makes before its first hello, by which the server recognises the guest if the welcome was lost.
// One key per name, for the lifetime of the client, or longer in the token store.

import type { StoredIdentity } from "../api/token-store.ts";
import type { Random } from "../base/clock.ts";
import { folded } from "./credential.ts";

const BYTES = 32;

export class GuestKey {
	private readonly random: Pick<Random, "bytes">;
	private name = "";
	private key = "";

	constructor(random: Pick<Random, "bytes">) {
		this.random = random;
	}

	/** The key of the guest `name`; creates one if there is none. */
	of(name: string): string {
		return this.known(name) ?? this.set(name, base64Url(this.random.bytes(BYTES)));
	}

	known(name: string): string | undefined {
		return this.name === folded(name) && this.key !== "" ? this.key : undefined;
	}

	/** Takes the key of a stored identity. */
	restore({ user, guestKey }: StoredIdentity): void {
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

/** The record stored before the first welcome: a guest key, without a user or tokens. */
export function keyOnly(name: string, guestKey: string): StoredIdentity {
	return { user: { id: "", name }, tokens: { access: "", accessExpiresMs: 0, refresh: "", refreshExpiresMs: 0 }, guestKey };
}

/** Whether the record has a guest key only. */
export function isKeyOnly({ tokens }: StoredIdentity): boolean {
	return tokens.access === "" && tokens.refresh === "";
}

function base64Url(bytes: Uint8Array): string {
	return btoa(String.fromCharCode(...bytes))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replaceAll("=", "");
}
