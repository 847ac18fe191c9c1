// Coming in with nothing but a name. A guest with a key of its own is known again by it: its hello may have been carried out before, and the
// welcome lost.
import { Refusal } from "@verbatim/protocol";
import type { Clock, Random } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import { mustBeName } from "../name/names.ts";
import type { Store, UserRecord } from "../store/store.ts";
import { guestExternal } from "./guest-key.ts";
import type { Guests } from "./guests.ts";

export interface GuestLoginParts {
	readonly store: Pick<Store, "append" | "userByExternal">;
	readonly guests: Pick<Guests, "ready" | "holdUntilMs" | "returned">;
	readonly clock: Pick<Clock, "now">;
	readonly random: Pick<Random, "bytes">;
}

/**
 * The guest of this name: a new one, or the one that has this key. Not `lasting`: it cannot come back, and has no key. Rejects with `Refusal`:
 * `name_invalid`, `name_taken`, `unavailable`.
 */
export type GuestLogin = (guest: { readonly name: string; readonly key: string }, lasting: boolean) => Promise<UserRecord>;

export function createGuestLogin({ store, guests, clock, random }: GuestLoginParts): GuestLogin {
	/** The guest that has this key, unless it is gone or an operator has closed it. */
	const byKey = async (external: string | undefined): Promise<UserRecord | undefined> => {
		const user = external === undefined ? undefined : await store.userByExternal(external);
		return user === undefined || user.disabled ? undefined : guests.returned(user).catch(unlessGone);
	};

	return async ({ name, key }, lasting) => {
		const named = mustBeName(name);
		await guests.ready;
		const external = lasting ? guestExternal(named.skeleton, key) : undefined;
		const known = await byKey(external);
		if (known !== undefined) return known;
		const nowMs = clock.now();
		const user: UserRecord = {
			id: newId("u", clock, random),
			kind: "guest",
			...named,
			...(external === undefined ? {} : { external }),
			createdMs: nowMs,
			expiresMs: guests.holdUntilMs(!lasting),
			...(lasting ? {} : { fleeting: true }),
			generation: 1,
			disabled: false,
		};
		const outcome = await store.append({ kind: "userCreate", user, nowMs });
		if (outcome.ok) return user;
		// The same hello may have been carried out a moment ago, over a connection that is gone.
		const meanwhile = outcome.code === "name_taken" ? await byKey(external) : undefined;
		if (meanwhile === undefined) throw new Refusal(outcome.code);
		return meanwhile;
	};
}

/** A guest that is gone is nobody any more: its name may be had anew. */
function unlessGone(error: unknown): undefined {
	if (!(error instanceof Refusal) || error.code !== "token_invalid") throw error;
}
