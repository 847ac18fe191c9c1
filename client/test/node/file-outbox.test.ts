import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFile, chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { processName } from "../../src/node/processes.ts";
import { fileMarks, fileOutbox, fileTokens, type StoredSend } from "../../src/node.ts";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "verbatim-outbox-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const send = (n: number, user = "u_ann"): StoredSend => ({
	user,
	room: "r_tea",
	cid: `${user}-${n}`,
	text: `text ${n}\nline`,
	atMs: n,
});
const files = async (): Promise<string[]> => (await readdir(folder)).sort();
/** The only file of the folder. */
const onlyFile = async (): Promise<string> => join(folder, (await files())[0] ?? "");

/** Rewrites the file's name as if a process that is gone had written it: no process has this number. */
async function asIfCrashed(source: string, name = `u_ann.4194999.dead${Math.random()}.outbox.jsonl`): Promise<void> {
	await writeFile(join(folder, name), await readFile(source));
}

describe("a file outbox", () => {
	test("gives back what was put and not removed, in order, after a crash", async () => {
		const before = fileOutbox(folder);
		expect(await before.open("u_ann")).toEqual([]);
		await Promise.all([1, 2, 3, 4].map((n) => before.put(send(n))));
		await before.remove(send(2));
		await asIfCrashed(await onlyFile());
		await before.close();
		const after = fileOutbox(folder);
		expect(await after.open("u_ann")).toEqual([send(1), send(3), send(4)]);
		await after.close();
	});

	test("keeps the order of saying also where the clock was put back meanwhile", async () => {
		const before = fileOutbox(folder);
		await before.open("u_ann");
		const said = [5_000, 6_000, 1_000, 1_001, 7_000].map((atMs, n) => ({ ...send(n), atMs }));
		await Promise.all(said.map((each) => before.put(each)));
		await asIfCrashed(await onlyFile());
		await before.close();
		// Of another process, whose clock was right: it cannot be told which was earlier, but its own order stays too.
		const other = [send(98), send(99)].map((each, i) => ({ ...each, atMs: 1_500 + i }));
		const lines = other.map((put) => `${JSON.stringify({ put })}\n`).join("");
		await writeFile(join(folder, "u_ann.4194998.dead.outbox.jsonl"), lines);
		const after = fileOutbox(folder);
		const found = await after.open("u_ann");
		expect(found.filter(({ cid }) => said.some((each) => each.cid === cid))).toEqual(said);
		expect(found.filter(({ cid }) => other.some((each) => each.cid === cid))).toEqual(other);
		await after.close();
	});

	test("one that is put again is replaced in its place", async () => {
		const before = fileOutbox(folder);
		await before.open("u_ann");
		await Promise.all([1, 2].map((n) => before.put(send(n))));
		const refused = { ...send(1), refused: { code: "forbidden", message: "you may not" } };
		await before.put(refused);
		await asIfCrashed(await onlyFile());
		await before.close();
		const after = fileOutbox(folder);
		expect(await after.open("u_ann")).toEqual([refused, send(2)]);
		await after.close();
	});

	test("one that is put last comes behind all others, and is replaced there", async () => {
		const before = fileOutbox(folder);
		await before.open("u_ann");
		await Promise.all([1, 2].map((n) => before.put(send(n))));
		await before.put({ ...send(1), cidNow: "other" }, "last");
		await before.put(send(3));
		await before.put({ ...send(1), cidNow: "other", faults: 1 });
		await asIfCrashed(await onlyFile());
		await before.close();
		const after = fileOutbox(folder);
		expect(await after.open("u_ann")).toEqual([send(2), { ...send(1), cidNow: "other", faults: 1 }, send(3)]);
		await after.close();
	});

	test("a put that has resolved is on the disk", async () => {
		const outbox = fileOutbox(folder);
		await outbox.open("u_ann");
		const putting = outbox.put(send(1));
		await putting;
		expect(await readFile(await onlyFile(), "utf8")).toBe(`${JSON.stringify({ put: send(1) })}\n`);
		expect((await stat(await onlyFile())).mode & 0o077).toBe(0);
		await outbox.close();
	});

	test("survives a last line that was torn anywhere", async () => {
		const outbox = fileOutbox(folder);
		await outbox.open("u_ann");
		await outbox.put(send(1));
		await outbox.put(send(2));
		const text = await readFile(await onlyFile(), "utf8");
		await outbox.close();
		const second = text.indexOf("\n") + 1;
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: second, max: text.length - 1 }), async (cut) => {
				await rm(folder, { recursive: true });
				const empty = fileOutbox(folder);
				await empty.open("u_ann");
				await writeFile(join(folder, "u_ann.4194999.torn.outbox.jsonl"), Buffer.from(text).subarray(0, cut));
				await empty.close();
				const after = fileOutbox(folder);
				const found = await after.open("u_ann");
				await after.put(send(3));
				await asIfCrashed(await onlyFile());
				await after.close();
				// All but the line's end is the whole send.
				expect(found).toEqual(cut === text.length - 1 ? [send(1), send(2)] : [send(1)]);
				const again = fileOutbox(folder);
				expect(await again.open("u_ann")).toEqual([...found, send(3)]);
				await again.close();
			}),
			{ numRuns: 25 },
		);
	});

	test("gives nobody the sends of another user, nor of a process that lives", async () => {
		const mine = fileOutbox(folder);
		await mine.open("u_ann");
		await mine.put(send(1));
		const own = await onlyFile();
		const other = fileOutbox(folder);
		expect(await other.open("u_ann")).toEqual([]);
		const eve = fileOutbox(folder);
		expect(await eve.open("u_eve")).toEqual([]);
		// This process's parent lives, and its file stays its own.
		await asIfCrashed(own, `u_ann.${process.ppid}.alive.outbox.jsonl`);
		const third = fileOutbox(folder);
		expect(await third.open("u_ann")).toEqual([]);
		for (const outbox of [mine, other, eve, third]) await outbox.close();
	});

	test.skipIf(process.platform !== "linux")(
		"finds what an earlier life kept though its process number is another program's now, and not what that program itself keeps",
		async () => {
			const mine = fileOutbox(folder);
			await mine.open("u_ann");
			await mine.put(send(1));
			const own = await onlyFile();
			await asIfCrashed(own, `u_ann.${processName(process.ppid)}.alive.outbox.jsonl`);
			await mine.close();
			await rm(own, { force: true });
			expect(await mine.open("u_ann")).toEqual([]);
			await asIfCrashed(
				join(folder, `u_ann.${processName(process.ppid)}.alive.outbox.jsonl`),
				`u_ann.${process.ppid}-0.earlier.outbox.jsonl`,
			);
			const next = fileOutbox(folder);
			expect(await next.open("u_ann")).toEqual([send(1)]);
			for (const outbox of [mine, next]) await outbox.close();
		},
	);

	test("of a process that is gone is claimed by one of those that come, not by two", async () => {
		const first = fileOutbox(folder);
		await first.open("u_ann");
		for (let n = 0; n < 20; n++) await first.put(send(n));
		const own = await onlyFile();
		await asIfCrashed(own);
		await rm(own);
		const rivals = Array.from({ length: 5 }, () => fileOutbox(folder));
		const found = await Promise.all(rivals.map((rival) => rival.open("u_ann")));
		expect(found.map(({ length }) => length).sort()).toEqual([0, 0, 0, 0, 20]);
		for (const each of [first, ...rivals]) await each.close();
	});

	test("stays small however much goes through it, and leaves nothing behind when all is sent", async () => {
		const outbox = fileOutbox(folder);
		await outbox.open("u_ann");
		await outbox.put(send(-1));
		for (let n = 0; n < 1_500; n += 50) {
			const batch = Array.from({ length: 50 }, (_, i) => send(n + i));
			await Promise.all(batch.map((each) => outbox.put(each)));
			await Promise.all(batch.map((each) => outbox.remove(each)));
		}
		expect((await readFile(await onlyFile(), "utf8")).split("\n").length).toBeLessThan(1_500);
		await outbox.remove(send(-1));
		await outbox.close();
		expect(await files()).toEqual([]);
	});

	test("removes what a killed process has left of a file half written beside its own, takes nothing from it, and leaves that of a process that lives", async () => {
		const before = fileOutbox(folder);
		await before.open("u_ann");
		await before.put(send(1));
		const dead = "u_ann.4194999.dead.outbox.jsonl";
		await asIfCrashed(await onlyFile(), dead);
		await before.remove(send(1));
		await before.close();
		// It ends in the middle of its second line.
		const half = `${JSON.stringify({ put: send(7) })}\n{"put":{"user":"u_`;
		await writeFile(join(folder, `${dead}.new`), half);
		await writeFile(join(folder, "u_ann.4194998.alone.outbox.jsonl.new"), half);
		const living = `u_ann.${process.ppid}.alive.outbox.jsonl.new`;
		await writeFile(join(folder, living), half);
		const after = fileOutbox(folder);
		expect(await after.open("u_ann")).toEqual([send(1)]);
		expect((await files()).filter((name) => name.endsWith(".new"))).toEqual([living]);
		await after.close();
	});

	test("rejects a put while it is not open: nothing would be kept", async () => {
		const outbox = fileOutbox(folder);
		const refused = expect.objectContaining({ name: "OutboxError", message: "the outbox is not open: nothing is kept" });
		const why = (put: Promise<void>): Promise<unknown> => put.catch((error: unknown) => error);
		expect(await why(outbox.put(send(1)))).toEqual(refused);
		await outbox.open("u_ann");
		const kept = outbox.put(send(2));
		const closing = outbox.close();
		expect(await why(outbox.put(send(3)))).toEqual(refused);
		await Promise.all([kept, closing]);
		expect(await why(outbox.put(send(4)))).toEqual(refused);
		expect(await outbox.open("u_ann")).toEqual([send(2)]);
		await outbox.remove(send(2));
		await outbox.close();
		expect(await files()).toEqual([]);
	});

	test("changes users: each finds its own again", async () => {
		const outbox = fileOutbox(folder);
		await outbox.open("u_ann");
		await outbox.put(send(1));
		expect(await outbox.open("u_bob")).toEqual([]);
		await outbox.put(send(1, "u_bob"));
		expect(await outbox.open("u_ann")).toEqual([send(1)]);
		await outbox.close();
	});

	test("that cannot be written rejects, and nothing said later is lost in what was half written", async () => {
		const outbox = fileOutbox(folder);
		await outbox.open("u_ann");
		await outbox.put(send(1));
		// As a full disk leaves it: half a line, and no more.
		await appendFile(await onlyFile(), '{"put":{"user":"u_');
		await outbox.put(send(2));
		await outbox.put(send(3));
		await asIfCrashed(await onlyFile());
		await outbox.close();
		const after = fileOutbox(folder);
		const found = (await after.open("u_ann")).map(({ atMs }) => atMs);
		expect(found).toContain(1);
		expect(found).toContain(3);
		await after.close();
		if (process.getuid?.() === 0) return;
		await chmod(folder, 0o500);
		await expect(fileOutbox(folder).open("u_ann")).rejects.toThrow();
		await chmod(folder, 0o700);
	});
});

describe("an identity in a file", () => {
	const identity = {
		user: { id: "u_ann", name: "ann" },
		tokens: { access: "a", accessExpiresMs: 1, refresh: "r", refreshExpiresMs: 2 },
	};

	test("is there after it was saved, for its owner only, and gone after it was forgotten", async () => {
		const path = join(folder, "deep", "identity.json");
		expect(await fileTokens(path).load()).toBeUndefined();
		const tokens = fileTokens(path);
		await Promise.all([tokens.save(undefined), tokens.save(identity)]);
		expect(await fileTokens(path).load()).toEqual(identity);
		expect((await stat(path)).mode & 0o077).toBe(0);
		await tokens.save(undefined);
		expect(await fileTokens(path).load()).toBeUndefined();
	});

	test("that is torn or of another shape is as if there were none", async () => {
		const path = join(folder, "identity.json");
		for (const text of ["", "{", "null", "[]", '{"user":{"id":1}}', JSON.stringify(identity).slice(0, -3)]) {
			await writeFile(path, text);
			expect(await fileTokens(path).load()).toBeUndefined();
		}
	});
});

describe("marks in files", () => {
	test("are each user's own", async () => {
		const marks = fileMarks(folder);
		await marks.save("u_ann", new Map([["r_tea", { epoch: 1, seq: 5 }]]));
		expect(await fileMarks(folder).load("u_ann")).toEqual(new Map([["r_tea", { epoch: 1, seq: 5 }]]));
		expect(await fileMarks(folder).load("u_bob")).toEqual(new Map());
	});
});
