// Clauses of text: every character is carried, wherever it stands, and order goes by code points. U+0000 is one of them.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Bench } from "./contract.ts";
import { ann, create, must, say, userRecord } from "./drafts.ts";

const CODE_POINTS = 0x11_0000;
/** Short enough for an index of any store. */
const PIECE = 64;

export function textClauses(bench: Bench): void {
	describe("text", () => {
		test("every character of Unicode is carried in texts, names and cids", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			const pieces: string[] = [];
			let piece = "";
			for (let code = 0; code < CODE_POINTS; code++) {
				// Halves of pairs are no characters.
				if (code >= 0xd800 && code <= 0xdfff) continue;
				piece += String.fromCodePoint(code);
				if ((code + 1) % PIECE === 0) {
					pieces.push(piece);
					piece = "";
				}
			}
			const drafts = pieces.map((text) => say("tea", { id: ann.id, name: text }, text, { cid: text }));
			await Promise.all(drafts.map((draft) => must(store, draft)));
			let read = 0;
			for (let after = 1; after <= pieces.length; ) {
				const page = await store.page("tea", { after }, 2_000, 1 << 24);
				for (const { cid, sender, body } of page?.entries ?? []) {
					const text = pieces[read++];
					if (cid !== text || sender?.name !== text || body.case !== "message" || body.value.text !== text) {
						expect({ cid, name: sender?.name, body }).toEqual({ cid: text, name: text, body: { text } } as never);
					}
				}
				after = page?.to ?? Number.POSITIVE_INFINITY;
			}
			expect(read).toBe(pieces.length);
			for (const draft of drafts.slice(0, 20)) expect(await must(store, draft)).toMatchObject({ repeated: true });
		}, 60_000);

		test("keys and values of any characters are told apart, found and kept as they are", async () => {
			const store = await bench.store();
			let n = 0;
			const run = fc.asyncProperty(fc.string({ unit: "binary", maxLength: 12 }), async (any) => {
				const key = `${any}|${n++}`;
				const user = userRecord({ id: `u${key}`, name: key }, { external: key, skeleton: key, passwordHash: any });
				await must(store, { kind: "userCreate", nowMs: 1, user });
				const found = [await store.user(user.id), await store.userBySkeleton(key), await store.userByExternal(key)];
				expect(found).toEqual([user, user, user]);
				await must(store, { ...create(`r${key}`, ann), name: key, skeleton: key } as never);
				expect(await store.roomBySkeleton(key)).toMatchObject({ id: `r${key}`, name: key });
				expect(await store.roomBySkeleton(`${key}\0`)).toBeUndefined();
				expect(await store.putOnce(key, any)).toBe(any);
			});
			await fc.assert(run, { numRuns: 25, examples: [["\0"], ["\u0001"], ["\0\u0001\u0002\0"], ['"\\{},NULL']] });
		}, 60_000);

		test("names are in the order of their code points, whatever they are", async () => {
			const store = await bench.store({ roomsPerUserMax: 100 });
			const names = ["a", "a\0", "a\0b", "a\u0001", "a\u0001\0", "a\u0002", "a\ue000", "a\u{10000}", "b"];
			for (const name of names.toReversed()) await must(store, create(`r${name}`, ann, undefined, name));
			expect((await store.publicRooms("", "", 100)).map(({ name }) => name)).toEqual(names);
			expect((await store.publicRooms("", "a\0", 2)).map(({ name }) => name)).toEqual(["a\0b", "a\u0001"]);
		});
	});
}
