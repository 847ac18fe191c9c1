// Log-in of guests, by name alone. A guest may have a key, the client's own secret: a hello that is repeated because its welcome was lost
// finds the same guest by it. Only the key's SHA-256 is stored.
import { createHash } from "node:crypto";
import { Refusal } from "@verbatim/protocol";
import type { Clock, Random } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import { mustBeName } from "../name/names.ts";
import type { Store, UserRecord } from "../store/store.ts";
import type { Guests } from "./guests.ts";

/** Stands for the issuer in the external ids of guests: no identity provider may have this name. */
export const GUEST_ISSUER = "guest";

export interface GuestLoginParts {
	readonly store: Pick<Store, "append" | "userByExternal">;
	readonly guests: Pick<Guests, "ready" | "holdUntilMs" | "resume">;
	readonly clock: Pick<Clock, "now">;
	readonly random: Pick<Random, "bytes">;
}

/**
 * The guest of this name: a new one, or the one with this key. Not `resumable`: a session-only guest, without a key. Rejects with `Refusal`:
 * `name_invalid`, `name_taken`, `unavailable`.
 */
export type GuestLogin = (guest: { readonly name: string; readonly key: string }, resumable: boolean) => Promise<UserRecord>;

export function createGuestLogin({ store, guests, clock, random }: GuestLoginParts): GuestLogin {
	/** The guest with this key, unless it was removed or an operator has closed it. */
	const byKey = async (external: string | undefined): Promise<UserRecord | undefined> => {
		const user = external === undefined ? undefined : await store.userByExternal(external);
		return user === undefined || user.disabled ? undefined : guests.resume(user).catch(unlessGone);
	};

	return async ({ name, key }, resumable) => {
		const named = mustBeName(name);
		await guests.ready;
		const external = resumable ? guestExternalId(named.skeleton, key) : undefined;
		const known = await byKey(external);
		if (known !== undefined) return known;
		const nowMs = clock.now();
		const user: UserRecord = {
			id: newId("u", clock, random),
			kind: "guest",
			...named,
			...(external === undefined ? {} : { external }),
			createdMs: nowMs,
			expiresMs: guests.holdUntilMs(!resumable),
			...(resumable ? {} : { sessionOnly: true }),
			generation: 1,
			disabled: false,
		};
		const outcome = await store.append({ kind: "userCreate", user, nowMs });
		if (outcome.ok) return user;
		// The same hello may have been processed a moment ago, on a connection that was lost.
		const meanwhile = outcome.code === "name_taken" ? await byKey(external) : undefined;
		if (meanwhile === undefined) throw new Refusal(outcome.code);
		return meanwhile;
	};
}

/** The external id of a guest by name and key; undefined without a key. */
function guestExternalId(skeleton: string, key: string): string | undefined {
	if (key === "") return undefined;
	return `${GUEST_ISSUER}|${createHash("sha256").update(`${skeleton}\n${key}`).digest("base64url")}`;
}

/** A guest that was removed does not count: its name may be taken anew. */
function unlessGone(error: unknown): undefined {
	if (!(error instanceof Refusal) || error.code !== "token_invalid") throw error;
}
