// What two stores on one database do at once, so that they meet: the same rooms, users, names and cids.
import { Room_Kind } from "@verbatim/protocol";
import { SeededRandom } from "@verbatim/testkit";
import type { Draft, Outcome, Store, UserRef } from "../../src/store/store.ts";
import { create, direct, invite, join, leave, rename, say, userRecord } from "./drafts.ts";

export const USERS: readonly UserRef[] = ["ann", "bob", "cat", "dan"].map((name) => ({ id: `u-${name}`, name }));
export const ROOMS: readonly string[] = ["r0", "r1", "r2"];
/** A private room, to which the other users are invited again and again, and decline. */
export const DEN = "den";
export const ROUNDS = 40;
/** Rooms that each of the two founds for one user at once: more than it may have. */
const FOUNDED = 4;
export const LIMITS = { roomsPerUserMax: 6 };

/** A user of one round alone, who is at its limit afterwards. */
export function founder(round: number): UserRef {
	return { id: `u-founder${round}`, name: `founder${round}` };
}

const AT_ONCE = 24;

/** A send and its place, or why it was refused. */
export interface Contended {
	readonly cid: string;
	readonly room: string;
	readonly sender: string;
	readonly seq?: number;
	readonly code?: string;
}

/** The cids depend on the round alone: the other one sends the same. `together`: resolves when both have come so far. */
export async function contend(store: Store, seed: number, together: () => Promise<void>): Promise<Contended[]> {
	const random = new SeededRandom(seed);
	const one = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
	const [owner, guest] = USERS as [UserRef, UserRef];
	const all: Contended[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		await together();
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
		// Alone, so that no other row makes the two wait for each other.
		await together();
		const founded = Array.from({ length: FOUNDED }, (_, n) =>
			create(`f-${seed}-${round}-${n}`, founder(round), Room_Kind.PRIVATE),
		);
		await Promise.all(founded.map((draft) => store.append(draft)));
		await store.append(invite(DEN, owner, guest));
		await together();
		// A message has an entry, declining has none: both write the room's row.
		if (seed % 2 === 0) await store.append(leave(DEN, guest));
		else {
			const cid = `den${seed}.${round}`;
			all.push({ cid, room: DEN, sender: owner.id, ...told(await store.append(say(DEN, owner, cid, { cid }))) });
		}
	}
	return all;
}

function told(outcome: Outcome): { seq: number } | { code: string } {
	return outcome.ok ? { seq: outcome.seq ?? 0 } : { code: outcome.code };
}
