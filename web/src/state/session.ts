// The user and the state of the connection, as signals; signing in and out.

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Client, Credential, Status } from "@verbatim/client";
import type { User } from "@verbatim/protocol";
import type { CameAs } from "../text/losses.ts";
import { errorWords, isIdentityRefused } from "../text/words.ts";
import { KEYS, type TextStorage } from "./storage.ts";

/**
 * What the page shows as a whole. `starting`: a known user is being welcomed. `signedOut`: no user, with the refusal's message if
 * there was one. `signedIn`: the rooms, whatever the connection does.
 */
export type Phase =
	| { readonly phase: "starting" }
	| { readonly phase: "signedOut"; readonly why?: string }
	| { readonly phase: "signedIn"; readonly user: User };

export interface Session {
	readonly status: ReadonlySignal<Status>;
	readonly user: ReadonlySignal<User | undefined>;
	readonly phase: ReadonlySignal<Phase>;
	/** The kind of the user's identity. */
	cameAs(): CameAs;
	/**
	 * Signs in, however long the server is unreachable or asks to wait. Rejects with the server's final refusal, and with the
	 * signal.
	 */
	signIn(credential: Credential, signal: AbortSignal): Promise<void>;
	/** Removes the identity from this device. */
	signOut(): Promise<void>;
}

/** `storage`: for the kind of the identity. */
export function createSession(client: Client, storage: TextStorage): Session {
	const status = signal<Status>(client.status);
	const user = signal<User | undefined>(client.user);
	// While the form is in use, changes of the connection must not replace it.
	const asking = signal(false);

	const look = (): void =>
		batch(() => {
			status.value = client.status;
			user.value = client.user;
			if (client.user !== undefined && client.status.state === "live") asking.value = false;
		});
	client.on("status", look);
	client.on("user", look);

	const phase = computed<Phase>(() => {
		const now = status.value;
		if (isIdentityRefused(now)) {
			const why = now.state === "stopped" && now.why !== "closed" ? errorWords(now.why) : undefined;
			return why === undefined ? { phase: "signedOut" } : { phase: "signedOut", why };
		}
		if (user.value !== undefined) return { phase: "signedIn", user: user.value };
		if (asking.value || now.state === "idle") return { phase: "signedOut" };
		return { phase: "starting" };
	});

	return {
		status,
		user,
		phase,
		cameAs() {
			const kept = storage.getItem(KEYS.cameAs);
			return kept === "guest" || kept === "account" ? kept : undefined;
		},
		async signIn(credential, signal) {
			asking.value = true;
			try {
				await client.logIn(credential, { signal, timeoutMs: Number.POSITIVE_INFINITY });
			} catch (error) {
				if (signal.aborted) await client.logOut();
				throw error;
			}
			storage.setItem(KEYS.cameAs, "guest" in credential ? "guest" : "account");
			look();
		},
		async signOut() {
			asking.value = true;
			await client.logOut();
			storage.removeItem(KEYS.cameAs);
			look();
		},
	};
}
