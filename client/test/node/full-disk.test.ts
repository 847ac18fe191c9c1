// An outbox of files where the disk takes no more: a process of its own under a limit on the size of its files.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../support/full-disk-main.ts");
/** In the units of `ulimit -f`, 512 or 1,024 bytes: between the text of a few sends and that of all. */
const FILE_BLOCKS_MAX = 100;

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "verbatim-full-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a file outbox on a full disk rejects, leaves no file open, gives what it has kept to the next of the process, and recovers", async () => {
	const limited = `trap "" XFSZ; ulimit -f ${FILE_BLOCKS_MAX}; exec "$@"`;
	const child = Bun.spawn(["sh", "-c", limited, "sh", process.execPath, MAIN, folder], { stdout: "pipe", stderr: "pipe" });
	const [out, errors, code] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	expect({ errors, code }).toEqual({ errors: "", code: 0 });
	const { kept, found, left, ...rest } = JSON.parse(out);
	expect(rest).toEqual({ failures: ["EFBIG"], filesLeftOpen: 0, inFolder: 1, closed: "EFBIG", inFolderAtLast: 0 });
	expect(kept.length).toBeGreaterThan(3);
	expect(found).toEqual(kept);
	expect(left).toEqual(["c0", "c1", "c2", "c150"]);
}, 60_000);
