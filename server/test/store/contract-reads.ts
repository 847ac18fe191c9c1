// Clauses of reading: pages and their bounds, rooms as one user sees them, and that a restart changes nothing.
import { describe, expect, test } from "bun:test";
import { Room_Kind, Room_Standing } from "@verbatim/protocol";
import type { Draft, LogPage, PageBound, Store } from "../../src/store/store.ts";
import type { Bench } from "./contract.ts";
import { ann, bob, create, direct, invite, join, leave, logOf, membersOf, must, rename, say } from "./drafts.ts";

const MUCH = 1 << 20;

export function readClauses(bench: Bench): void {
	describe("reading", () => {
		test("a page after n begins at n + 1 and is cut by its limit", async () => {
			const store = await tenMessages(bench);
			expect(await cut(store, { after: 0 }, 3)).toEqual([1, 3, 1, 2, 3]);
			expect(await cut(store, { after: 4 }, 3)).toEqual([5, 7, 5, 6, 7]);
			expect(await cut(store, { after: 9 }, 3)).toEqual([10, 11, 10, 11]);
			expect(await cut(store, { after: 11 }, 3)).toEqual([12, 11]);
			expect(await cut(store, { after: 99 }, 3)).toEqual([100, 99]);
		});

		test("where many logs end is one read, and so is what is to be compared of many users", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			await must(store, create("den", bob));
			await must(store, say("den", bob, "hello"));
			const heads = await store.heads(["tea", "den", "x"]);
			expect(heads.map(({ id, head }) => [id, head]).sort()).toEqual([
				["den", 2],
				["tea", 1],
			]);
			expect(heads.map(({ epoch }) => epoch)).not.toContain(0);
			expect(await store.heads([])).toEqual([]);
			expect(await store.userMarks([])).toEqual([]);
		});

		test("the mark of a user's standings is another one after each change of them, and after nothing else", async () => {
			const store = await bench.store();
			const user = { ...ann, kind: "registered", skeleton: "ann", createdMs: 1, generation: 1, disabled: false } as const;
			await must(store, { kind: "userCreate", user, nowMs: 1 });
			await must(store, create("tea", bob));
			const seen: string[] = [];
			const mark = async (): Promise<string> => {
				const [found, ...others] = await store.userMarks([ann.id, "x"]);
				expect(others).toEqual([]);
				expect(found).toMatchObject({ id: ann.id, generation: 1, disabled: false });
				return found?.standings ?? "";
			};
			seen.push(await mark());
			for (const draft of [join("tea", ann), create("den", ann), leave("tea", ann), invite("tea", bob, ann), join("tea", ann)]) {
				await must(store, draft);
				seen.push(await mark());
				await must(store, say("tea", bob, "no change of hers"));
				expect(await mark()).toBe(seen.at(-1) ?? "");
			}
			// The second time in both rooms is as the first.
			expect(new Set(seen).size).toBe(5);
			expect(seen[5]).toBe(seen[2] ?? "");
			await must(store, { kind: "userChange", id: ann.id, nowMs: 1, change: { disabled: true, voidsTokens: true } });
			expect(await store.userMarks([ann.id])).toMatchObject([{ generation: 2, disabled: true }]);
		});

		test("a page before n ends at n − 1; before 0 it ends at the head", async () => {
			const store = await tenMessages(bench);
			expect(await cut(store, { before: 0 }, 3)).toEqual([9, 11, 9, 10, 11]);
			expect(await cut(store, { before: 12 }, 3)).toEqual([9, 11, 9, 10, 11]);
			expect(await cut(store, { before: 99 }, 3)).toEqual([9, 11, 9, 10, 11]);
			expect(await cut(store, { before: Number.POSITIVE_INFINITY }, 1)).toEqual([11, 11, 11]);
			expect(await cut(store, { before: 5 }, 3)).toEqual([2, 4, 2, 3, 4]);
			expect(await cut(store, { before: 3 }, 9)).toEqual([1, 2, 1, 2]);
			expect(await cut(store, { before: 1 }, 3)).toEqual([1, 0]);
		});

		test("a page is cut by bytes as well, from its bound on, and has one entry at least", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			for (let n = 2; n <= 9; n++) await must(store, say("tea", ann, "é".repeat(500)));
			expect(await cut(store, { after: 1 }, 100, 3_500)).toEqual([2, 4, 2, 3, 4]);
			expect(await cut(store, { before: 0 }, 100, 3_500)).toEqual([7, 9, 7, 8, 9]);
			expect(await cut(store, { after: 1 }, 100, 1)).toEqual([2, 2, 2]);
			expect(await cut(store, { before: 0 }, 100, 0)).toEqual([9, 9, 9]);
		});

		test("a page around n has it in the middle, as far as the log goes; beyond the log it is the newest", async () => {
			const store = await tenMessages(bench);
			expect(await cut(store, { around: 5 }, 4)).toEqual([3, 6, 3, 4, 5, 6]);
			expect(await cut(store, { around: 5 }, 1)).toEqual([5, 5, 5]);
			expect(await cut(store, { around: 1 }, 3)).toEqual([1, 3, 1, 2, 3]);
			expect(await cut(store, { around: 2 }, 5)).toEqual([1, 5, 1, 2, 3, 4, 5]);
			expect(await cut(store, { around: 11 }, 3)).toEqual([9, 11, 9, 10, 11]);
			expect(await cut(store, { around: 12 }, 3)).toEqual([9, 11, 9, 10, 11]);
			expect(await cut(store, { around: 4_294_967_295 }, 3)).toEqual([9, 11, 9, 10, 11]);
			expect(await cut(store, { around: 6 }, 100)).toEqual([1, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
		});

		test("a page around n is cut by bytes on both sides of it, and n is in it", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			for (let n = 2; n <= 15; n++) await must(store, say("tea", ann, "é".repeat(500)));
			expect(await cut(store, { around: 8 }, 100, 4_600)).toEqual([6, 9, 6, 7, 8, 9]);
			expect(await cut(store, { around: 8 }, 100, 1)).toEqual([7, 8, 7, 8]);
		});

		test("a time is an entry of that time or later whose predecessor is earlier, wherever the clock has been", async () => {
			const store = await bench.store();
			await must(store, { ...create("tea", ann), atMs: 100 } as Draft);
			for (const atMs of [200, 200, 300, 400]) await must(store, { ...say("tea", ann, "x"), atMs } as Draft);
			expect(await cut(store, { atMs: 1 }, 1)).toEqual([1, 1, 1]);
			expect(await cut(store, { atMs: 100 }, 1)).toEqual([1, 1, 1]);
			expect(await cut(store, { atMs: 100.5 }, 1)).toEqual([2, 2, 2]);
			expect(await cut(store, { atMs: 200 }, 1)).toEqual([2, 2, 2]);
			expect(await cut(store, { atMs: 201 }, 3)).toEqual([3, 5, 3, 4, 5]);
			expect(await cut(store, { atMs: 400 }, 1)).toEqual([5, 5, 5]);
			expect(await cut(store, { atMs: 401 }, 2)).toEqual([4, 5, 4, 5]);
			for (const atMs of [150, 160, 500, 20, 700]) await must(store, { ...say("tea", ann, "x"), atMs } as Draft);
			const log = (await store.page("tea", { after: 0 }, 100, MUCH))?.entries ?? [];
			for (let atMs = 1; atMs <= 700; atMs += 7) {
				const [seq = 0] = await cut(store, { atMs }, 1);
				expect(log[seq - 1]?.atMs ?? 0).toBeGreaterThanOrEqual(atMs);
				expect(log[seq - 2]?.atMs ?? 0).toBeLessThan(atMs);
			}
		});

		test("a page names head and epoch of its room", async () => {
			const store = await tenMessages(bench);
			expect(await store.page("tea", { after: 0 }, 1, MUCH)).toMatchObject({ epoch: 7, head: 11 });
		});

		test("pages are whole while others write", async () => {
			const store = await bench.store();
			await must(store, create("tea", ann));
			const sends = Array.from({ length: 300 }, (_, n) => must(store, say("tea", ann, `${n}`)));
			let after = 0;
			while (after < 301) {
				const page = await store.page("tea", { after }, 50, MUCH);
				const seqs = page?.entries.map(({ seq }) => seq) ?? [];
				expect(seqs).toEqual(seqs.map((_, i) => after + 1 + i));
				expect(page?.head ?? 0).toBeGreaterThanOrEqual(page?.to ?? 0);
				after = page?.to ?? 0;
				await sends[Math.min(after, 299)];
			}
			await Promise.all(sends);
		});

		test("every kind of entry is read as it was written", async () => {
			const store = await bench.store();
			const written = [
				await must(store, create("tea", ann, Room_Kind.PUBLIC, "Tea")),
				await must(store, join("tea", bob)),
				await must(store, say("tea", bob, "hi")),
				await must(store, rename("tea", ann, "chai")),
				await must(store, invite("tea", bob, { id: "u-dan", name: "dan" })),
				await must(store, leave("tea", bob, "kicked")),
			].flatMap(({ entries }) => entries);
			expect(written.map(({ body }) => body.case)).toEqual(["created", "joined", "message", "renamed", "invited", "left"]);
			expect((await store.page("tea", { after: 0 }, 10, MUCH))?.entries).toEqual(written);
			const opened = await must(store, direct("d", ann, bob));
			expect((await store.page("d", { before: 0 }, 10, MUCH))?.entries).toEqual([...opened.entries]);
		});

		test("a user's rooms come by id, each as the user sees it", async () => {
			const store = await bench.store();
			await must(store, create("c", ann));
			await must(store, create("b", bob, Room_Kind.PRIVATE));
			await must(store, create("z", bob));
			await must(store, invite("b", bob, ann));
			await must(store, direct("a", bob, ann));
			expect((await store.roomsOf(ann.id)).map(({ id, standing, peer }) => [id, standing, peer?.name])).toEqual([
				["a", Room_Standing.MEMBER, "bob"],
				["b", Room_Standing.INVITED, undefined],
				["c", Room_Standing.OWNER, undefined],
			]);
			expect(await store.room("c", "")).toEqual({
				id: "c",
				kind: Room_Kind.PUBLIC,
				name: "c",
				epoch: 7,
				head: 1,
				members: 1,
				standing: Room_Standing.NONE,
			});
		});

		test("public channels come by name, page by page, and no others", async () => {
			const store = await bench.store();
			for (const name of ["b", "\u{1f600}", "a", "\ufb01", "Z"])
				await must(store, create(`r-${name}`, ann, Room_Kind.PUBLIC, name));
			await must(store, create("den", ann, Room_Kind.PRIVATE));
			await must(store, direct("d", ann, bob));
			await must(store, join("r-a", bob));
			const names = async (after: string, limit: number) =>
				(await store.publicRooms(bob.id, after, limit)).map(({ name }) => name);
			expect(await names("", 10)).toEqual(["Z", "a", "b", "\ufb01", "\u{1f600}"]);
			expect(await names("", 2)).toEqual(["Z", "a"]);
			expect(await names("a", 2)).toEqual(["b", "\ufb01"]);
			const standings = (await store.publicRooms(bob.id, "", 10)).map(({ standing }) => standing);
			expect(standings).toEqual([
				Room_Standing.NONE,
				Room_Standing.MEMBER,
				Room_Standing.NONE,
				Room_Standing.NONE,
				Room_Standing.NONE,
			]);
		});

		test("a restart changes nothing", async () => {
			const store = await tenMessages(bench);
			await must(store, join("tea", bob));
			await must(store, direct("d", ann, bob));
			const before = await everything(store);
			const again = await bench.restart(store);
			expect(await everything(again)).toEqual(before);
			expect((await must(again, say("tea", bob, "on"))).seq).toBe(13);
		});
	});
}

async function tenMessages(bench: Bench): Promise<Store> {
	const store = await bench.store();
	await must(store, create("tea", ann));
	for (let n = 2; n <= 11; n++) await must(store, say("tea", ann, `${n}`));
	return store;
}

/** First and last seq of the page, then those of its entries. */
async function cut(store: Store, bound: PageBound, limit: number, bytesMax = MUCH): Promise<number[]> {
	const page: LogPage | undefined = await store.page("tea", bound, limit, bytesMax);
	return page ? [page.from, page.to, ...page.entries.map(({ seq }) => seq)] : [];
}

async function everything(store: Store): Promise<unknown> {
	const rooms = [...(await store.roomsOf(ann.id)), ...(await store.roomsOf(bob.id))];
	const logs = await Promise.all(rooms.map(({ id }) => logOf(store, id)));
	const members = await Promise.all(rooms.map(({ id }) => membersOf(store, id)));
	return { rooms, logs, members };
}
