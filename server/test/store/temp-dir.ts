// A folder for one test.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs `task` with a new folder, which is removed afterwards. */
export async function withTempDir<T>(task: (dir: string) => Promise<T>): Promise<T> {
	const dir = await mkdtemp(join(tmpdir(), "verbatim-store-"));
	try {
		return await task(dir);
	} finally {
		await rm(dir, { recursive: true, force: true });
	}
}
