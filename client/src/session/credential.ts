// Conversion of the caller's credentials to those of the wire.
import type { Command } from "@verbatim/protocol";
import type { Credential } from "../api/api.ts";

type HelloInit = Extract<Command, { case: "hello" }>["value"];
/** A credential as the wire has it. */
export type HelloCredential = NonNullable<HelloInit["credential"]>;

export function offerOf(credential: Credential | undefined, keyOf: (guest: string) => string): HelloCredential | undefined {
	if (credential === undefined) return undefined;
	if ("guest" in credential) return { case: "guest", value: { name: credential.guest, key: keyOf(credential.guest) } };
	if ("login" in credential) return { case: "login", value: credential.login };
	if ("register" in credential) return { case: "register", value: credential.register };
	return tokenOffer(credential.token);
}

export function tokenOffer(value: string): HelloCredential {
	return { case: "token", value };
}

export function refreshOffer(value: string): HelloCredential {
	return { case: "refresh", value };
}

/** The user name of a credential; undefined for a token. */
export function nameOf(credential: Credential | undefined): string | undefined {
	if (credential === undefined || "token" in credential) return undefined;
	return "guest" in credential ? credential.guest : "login" in credential ? credential.login.name : credential.register.name;
}

/** Case-folded name, to compare names. Approximates the server's folding. */
export function folded(name: string): string {
	return name.trim().normalize("NFKC").toLowerCase();
}
