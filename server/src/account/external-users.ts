// Users of identity providers: created at the first log-in, found by `iss|sub` from then on. The name is the provider's, adapted to the rules
// for names, with a number appended where it is taken.
import { LIMITS, Refusal } from "@verbatim/protocol";
import type { Clock, Random } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import { checkName } from "../name/names.ts";
import type { Store, UserRecord } from "../store/store.ts";
import type { ExternalIdentity } from "./providers.ts";

/** For a name that is taken, numbers up to this are tried in order; then random ones. */
const ORDERLY_TRIES = 9;
const TRIES_MAX = 24;

/** Finds or creates the user of an external identity. Rejects with the store's `Refusal` (`unavailable`, …), or `busy` without a free name. */
export async function externalUser(
	identity: ExternalIdentity,
	store: Pick<Store, "append" | "userByExternal">,
	clock: Pick<Clock, "now">,
	random: Random,
): Promise<UserRecord> {
	const known = await store.userByExternal(identity.external);
	if (known !== undefined) return known;
	const base = identity.names.map(fitName).find((each) => each !== undefined) ?? "user";
	for (let tried = 0; tried < TRIES_MAX; tried++) {
		const checked = checkName(numbered(base, tried, random));
		if (!checked.ok) continue;
		const nowMs = clock.now();
		const user: UserRecord = {
			id: newId("u", clock, random),
			kind: "external",
			name: checked.name,
			skeleton: checked.skeleton,
			external: identity.external,
			createdMs: nowMs,
			generation: 1,
			disabled: false,
		};
		const outcome = await store.append({ kind: "userCreate", user, nowMs });
		if (outcome.ok) return user;
		if (outcome.code !== "name_taken") throw new Refusal(outcome.code);
		// Either the name is taken, or another connection of the same user has just created it.
		const meanwhile = await store.userByExternal(identity.external);
		if (meanwhile !== undefined) return meanwhile;
	}
	throw new Refusal("busy", "no free name was found for this user; try again");
}

/** The nearest valid name to a provider's name; undefined if there is none. */
export function fitName(raw: string): string | undefined {
	const points = [
		...raw
			.slice(0, 400)
			.normalize("NFKC")
			.trim()
			.replace(/[\s_]+/gu, " ")
			.replaceAll(" ", "."),
	];
	const usable = points.filter((point) => /^[\p{L}\p{Nd}\p{M}._-]$/u.test(point)).join("");
	const shaped = usable
		.replace(/\p{M}{3,}/gu, "")
		.replace(/([._-])[._\-\p{M}]+/gu, "$1")
		.replace(/^[._\-\p{M}]+/u, "");
	const name = cut(shaped, LIMITS.nameCharsMax);
	if (checkName(name).ok) return name;
	const plain = cut(name.replace(/[^A-Za-z0-9._-]/g, "").replace(/^[._-]+|([._-])[._-]+/g, "$1"), LIMITS.nameCharsMax);
	return checkName(plain).ok ? plain : undefined;
}

function numbered(base: string, tried: number, random: Pick<Random, "float">): string {
	if (tried === 0) return base;
	const number = tried < ORDERLY_TRIES ? tried + 1 : 1_000 + Math.floor(random.float() * 999_000);
	const tail = `-${number}`;
	return cut(base, LIMITS.nameCharsMax - tail.length) + tail;
}

/** At most `chars` characters, without a mark of punctuation at the end. */
function cut(name: string, chars: number): string {
	return [...name]
		.slice(0, chars)
		.join("")
		.replace(/[._-]+$/u, "");
}
