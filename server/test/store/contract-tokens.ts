// Families of refresh tokens: each token is used once, and a replaced one that is used again ends its family.
import { describe, expect, test } from "bun:test";
import type { Draft, Store, TokenFamily } from "../../src/store/store.ts";
import type { Bench } from "./contract.ts";
import { ann, must, say, userRecord } from "./drafts.ts";

const GRACE_MS = 100;
const LIFE_MS = 10_000;

export function tokenClauses(bench: Bench): void {
	describe("families of tokens", () => {
		test("the newest token is replaced by the next, and the use is kept over a restart", async () => {
			const store = await bench.store();
			await must(store, { kind: "userCreate", user: userRecord(ann), nowMs: 1 });
			expect(await store.userWithFamily(ann.id, "f")).toEqual({ user: userRecord(ann) });
			expect(await use(store, 1, 1_000)).toEqual(family({ number: 2, issuedMs: 1_000 }));
			expect(await use(store, 2, 2_000)).toEqual(family({ number: 3, issuedMs: 2_000 }));
			const again = await bench.restart(store);
			expect(await again.userWithFamily(ann.id, "f")).toEqual({
				user: userRecord(ann),
				family: family({ number: 3, issuedMs: 2_000 }),
			});
			expect(await again.userWithFamily(ann.id, "")).toEqual({ user: userRecord(ann) });
			expect(await again.userWithFamily("nobody", "f")).toBeUndefined();
		});

		test("the one before the newest is answered the same within the grace, also where both come in one batch", async () => {
			const store = await bench.store();
			const both = await Promise.all([use(store, 1, 1_000), use(store, 1, 1_000 + GRACE_MS)]);
			expect(both).toEqual([family({ number: 2, issuedMs: 1_000 }), family({ number: 2, issuedMs: 1_000 })]);
			const again = await bench.restart(store);
			expect(await use(again, 1, 1_000 + GRACE_MS)).toEqual(family({ number: 2, issuedMs: 1_000 }));
		});

		test("after the grace it ends the family, for the newest token too, and over a restart", async () => {
			const store = await bench.store();
			await use(store, 1, 1_000);
			const ended = family({ number: 2, issuedMs: 1_000, ended: true });
			expect(await use(store, 1, 1_001 + GRACE_MS)).toEqual(ended);
			expect(await use(store, 2, 1_002)).toEqual(ended);
			const again = await bench.restart(store);
			expect(await use(again, 2, 1_003)).toEqual(ended);
			expect(await use(again, 1, 1_003, "other")).toMatchObject({ id: "other", number: 2, ended: false });
		});

		test("one before that ends it at any time", async () => {
			const store = await bench.store();
			await use(store, 1, 1_000);
			await use(store, 2, 1_000);
			expect(await use(store, 1, 1_000)).toMatchObject({ number: 3, ended: true });
		});

		test("one that is newer than what is kept is taken: the store was restored from a backup", async () => {
			const store = await bench.store();
			await use(store, 1, 1_000);
			expect(await use(store, 5, 2_000)).toEqual(family({ number: 6, issuedMs: 2_000 }));
		});

		test("families whose newest token has expired are dropped with the uses of others", async () => {
			const store = await bench.store();
			await must(store, { kind: "userCreate", user: userRecord(ann), nowMs: 1 });
			for (const id of ["a", "b", "c"]) await use(store, 1, 1_000, id);
			await use(store, 1, 1_000 + LIFE_MS, "d");
			const kept = async () => {
				const found = await Promise.all(["a", "b", "c", "d", "e"].map((id) => store.userWithFamily(ann.id, id)));
				return found.flatMap((each) => each?.family?.id ?? []);
			};
			expect(await kept()).toEqual(["c", "d"]);
			await use(store, 1, 1_000 + LIFE_MS, "e");
			expect(await kept()).toEqual(["d", "e"]);
		});

		test("a use leaves no entry and disturbs no other draft of its batch", async () => {
			const store = await bench.store();
			const [outcome, refused] = await Promise.all([store.append(draft(1, 1_000)), store.append(say("nowhere", ann, "x"))]);
			expect(outcome).toEqual({ ok: true, entries: [], family: family({ number: 2, issuedMs: 1_000 }) });
			expect(refused).toEqual({ ok: false, code: "no_such_room" });
		});
	});
}

function draft(number: number, nowMs: number, id = "f"): Draft {
	return {
		kind: "tokenUse",
		family: id,
		user: ann.id,
		number,
		nowMs,
		graceMs: GRACE_MS,
		expiresMs: nowMs + LIFE_MS,
		dropBeforeMs: nowMs,
	};
}

async function use(store: Store, number: number, nowMs: number, id?: string): Promise<TokenFamily | undefined> {
	return (await must(store, draft(number, nowMs, id))).family;
}

function family(what: { readonly number: number; readonly issuedMs: number; readonly ended?: boolean }): TokenFamily {
	return { id: "f", user: ann.id, expiresMs: what.issuedMs + LIFE_MS, ended: false, ...what };
}
