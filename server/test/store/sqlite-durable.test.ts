// What was acknowledged is there after SIGKILL, and the folder is one server's at a time.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openSqliteStore, type SqliteStore } from "../../src/store/sqlite/sqlite.ts";
import { ann, logOf, must, say } from "./drafts.ts";
import { withTempDir } from "./temp-dir.ts";

const CHILD = join(import.meta.dir, "child.ts");

test(
	"what was acknowledged before SIGKILL is there afterwards, at its seq, once, in a dense log",
	() =>
		withTempDir(async (dir) => {
			const acknowledged = new Map<string, number>();
			for (const run of ["a", "b", "c"]) {
				const child = startChild(dir, run);
				await linesUntil(child, (lines) => lines.length > 300 + Math.random() * 300);
				child.process.kill("SIGKILL");
				await child.process.exited;
				// What is in the pipe was acknowledged too.
				await linesUntil(child, () => false);
				for (const line of child.lines.slice(1)) {
					const [seq, cid = ""] = line.split(" ");
					acknowledged.set(cid, Number(seq));
				}
			}
			const store = await openSqliteStore(dir);
			const log = await logOf(store, "tea");
			expect(log.map((line) => Number(line.split(" ")[0]))).toEqual(log.map((_, i) => i + 1));
			const seqByText = new Map(log.map((line): [string, number] => [line.split(" ")[2] ?? "", Number(line.split(" ")[0])]));
			expect(seqByText.size).toBe(log.length);
			const wrong = [...acknowledged].filter(([cid, seq]) => seqByText.get(cid) !== seq);
			expect(acknowledged.size).toBeGreaterThan(900);
			expect(wrong).toEqual([]);
			// Sending again what may or may not have been acknowledged gives the place it has.
			const [cid, seq] = [...acknowledged][0] ?? ["", 0];
			expect(await must(store, say("tea", ann, cid, { cid }))).toMatchObject({ seq, repeated: true });
			await store.close();
		}),
	30_000,
);

test(
	"a folder is locked for one server, and free as soon as that has ended, even by SIGKILL",
	() =>
		withTempDir(async (dir) => {
			const child = startChild(dir, "a");
			await linesUntil(child, (lines) => lines.includes("open"));
			await expect(openSqliteStore(dir)).rejects.toMatchObject({ code: "locked", message: expect.stringContaining(dir) });
			child.process.kill("SIGKILL");
			await child.process.exited;
			const store: SqliteStore = await openSqliteStore(dir);
			await expect(openSqliteStore(dir)).rejects.toMatchObject({ code: "locked" });
			// The one that was refused has not taken the lock away from the first.
			const second = startChild(dir, "b");
			expect(await second.process.exited).not.toBe(0);
			await store.close();
			await (await openSqliteStore(dir)).close();
		}),
	30_000,
);

interface Child {
	readonly process: Bun.Subprocess<"ignore", "pipe", "ignore">;
	readonly reader: ReadableStreamDefaultReader<Uint8Array>;
	readonly lines: string[];
	rest: string;
}

function startChild(dir: string, run: string): Child {
	const child = Bun.spawn([process.execPath, CHILD, dir, run], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
	return { process: child, reader: child.stdout.getReader() as Child["reader"], lines: [], rest: "" };
}

/** Reads whole lines until `isEnough` or the end of the output. */
async function linesUntil(child: Child, isEnough: (lines: readonly string[]) => boolean): Promise<void> {
	while (!isEnough(child.lines)) {
		const { value, done } = await child.reader.read();
		if (done) return;
		const lines = (child.rest + new TextDecoder().decode(value)).split("\n");
		child.rest = lines.pop() ?? "";
		child.lines.push(...lines);
	}
}
