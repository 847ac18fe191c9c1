// The lock between programs: held by one at a time, whatever became of those who held it before.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { lockFile } from "../../src/node/lock.ts";

const MAIN = join(import.meta.dir, "../support/lock-main.ts");
const HOST = hostname().replace(/[^A-Za-z0-9-]/g, "_");
/** Above the largest process number of any system. */
const NOBODY = "4194999";

let folder: string;
let path: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "verbatim-lock-"));
	path = join(folder, "it.lock");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const claimOf = (pid: string | number, host = HOST): string => `${path}.${host}.${pid}.earlier`;
const claims = async (): Promise<string[]> => (await readdir(folder)).map((name) => join(folder, name));

describe("a lock", () => {
	test("is held by one at a time, also when several find at once that its holder is gone", async () => {
		const most: number[] = [];
		for (let round = 0; round < 40; round++) {
			await writeFile(claimOf(NOBODY), "");
			let holding = 0;
			let max = 0;
			const hold = async (): Promise<void> => {
				const release = await lockFile(path);
				max = Math.max(max, ++holding);
				await new Promise((resolve) => setTimeout(resolve, 2));
				holding--;
				await release();
			};
			await Promise.all([hold(), hold(), hold(), hold()]);
			most.push(max);
		}
		expect(Math.max(...most)).toBe(1);
		expect(await claims()).toEqual([]);
	}, 30_000);

	test("is held by one process at a time, however many have died with it", async () => {
		const log = join(folder, "log");
		const children = Array.from({ length: 4 }, () =>
			Bun.spawn([process.execPath, MAIN, path, log, "25", `${claimOf(NOBODY)}-`], { stderr: "inherit" }),
		);
		for (const child of children) expect(await child.exited).toBe(0);
		const lines = (await readFile(log, "utf8")).trim().split("\n");
		expect(lines.length).toBe(200);
		for (let i = 0; i < lines.length; i += 2) expect(lines[i + 1]).toBe(lines[i]?.replace("+", "-") as string);
	}, 60_000);

	test("that was held for too long is the next one's; its first holder gives nothing of it back", async () => {
		await lockFile(path).then(async (release) => {
			const [mine = ""] = await claims();
			await utimes(mine, new Date(0), new Date(0));
			const next = await lockFile(path);
			await release();
			expect((await claims()).length).toBe(1);
			await next();
		});
		expect(await claims()).toEqual([]);
	});

	test("that a program of another machine or container holds is left to it, however its number looks here", async () => {
		const other = claimOf(NOBODY, "elsewhere");
		await writeFile(other, "");
		let held = false;
		const waiting = lockFile(path).then((release) => {
			held = true;
			return release;
		});
		// As long as a lock that is free is taken many times.
		for (let round = 0; round < 50; round++) await (await lockFile(join(folder, "free.lock")))();
		expect(held).toBe(false);
		await rm(other);
		await (await waiting)();
	});

	test("is not waited for any more when nobody wants it, and nothing of the wait is left", async () => {
		const release = await lockFile(path);
		const control = new AbortController();
		const waiting = lockFile(path, control.signal).then(
			() => "given",
			(error: unknown) => error,
		);
		const why = new Error("the attempt is over");
		control.abort(why);
		expect(await waiting).toBe(why);
		await release();
		expect(await claims()).toEqual([]);
	});

	test.each([
		["an error that nobody catches", "throw new Error('uncaught')"],
		["process.exit", "process.exit(1)"],
	])("is given back by a program that ends with it by %s", async (_what, end) => {
		const module = join(import.meta.dir, "../../src/node/lock.ts");
		const program = `import { lockFile } from ${JSON.stringify(module)}; await lockFile(${JSON.stringify(path)}); ${end};`;
		const child = Bun.spawn([process.execPath, "-e", program], { stdout: "ignore", stderr: "ignore" });
		expect(await child.exited).toBe(1);
		expect(await claims()).toEqual([]);
	});

	test("is given where none can be written: there is nothing to guard", async () => {
		await writeFile(join(folder, "file"), "");
		const release = await lockFile(join(folder, "file", "it.lock"));
		await release();
	});
});
