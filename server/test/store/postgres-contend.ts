// What two stores on one database do at once, so that they meet: the same rooms, users, names and cids.
import { Room_Kind } from "@verbatim/protocol";
import { SeededRandom } from "@verbatim/testkit";
import type { Draft, Outcome, Store, UserRef } from "../../src/store/store.ts";
import { create, direct, invite, join, leave, rename, say, userRecord } from "./drafts.ts";

export const USERS: readonly UserRef[] = ["ann", "bob", "cat", "dan"].map((name) => ({ id: `u-${name}`, name }));
export const ROOMS: readonly string[] = ["r0", "r1", "r2"];
const ROUNDS = 40;
const AT_ONCE = 24;

/** A send and its place, or why it was refused. */
export interface Contended {
	readonly cid: string;
	readonly room: string;
	readonly sender: string;
	readonly seq?: number;
	readonly code?: string;
}

/** The cids depend on the round alone: the other one sends the same. */
export async function contend(store: Store, seed: number): Promise<Contended[]> {
	const random = new SeededRandom(seed);
	const one = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
	const all: Contended[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const sends: Promise<unknown>[] = [];
		for (let n = 0; n < AT_ONCE; n++) {
			const user = USERS[n % USERS.length] as UserRef;
			const room = ROOMS[n % ROOMS.length] as string;
			const cid = `${round}.${n}`;
			const draft = say(room, user, cid, { cid });
			sends.push(store.append(draft).then((outcome) => all.push({ cid, room, sender: user.id, ...told(outcome) })));
		}
		const [user, other] = [one(USERS), one(USERS)];
		const name = `n${Math.floor(random.float() * 8)}`;
		const others: Draft[] = [
			create(`own-${seed}-${round}`, user, Room_Kind.PRIVATE, name),
			rename(`own-${seed}-${round}`, user, `n${Math.floor(random.float() * 8)}`),
			invite(`own-${seed}-${round}`, user, other),
			direct(`d-${seed}-${round}`, user, other),
			join(one(ROOMS), user),
			leave(`own-${seed}-${round}`, user),
			{
				kind: "userCreate",
				nowMs: round,
				user: { ...userRecord({ id: `g-${seed}-${round}`, name }), kind: "guest", expiresMs: round + 2 },
			},
		];
		sends.push(...others.map((draft) => store.append(draft)));
		await Promise.all(sends);
	}
	return all;
}

function told(outcome: Outcome): { seq: number } | { code: string } {
	return outcome.ok ? { seq: outcome.seq ?? 0 } : { code: outcome.code };
}
