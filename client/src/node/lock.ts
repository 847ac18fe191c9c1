// A lock between programs, by files beside `path`. A claim is a file whose name is used once: its holder's machine, process and a random
// part. The lock is held by the only claim: whoever makes one and then sees another that is alive withdraws. Of two claims, the one that
// was made later always sees the other, so that two never hold it; and nobody can remove another's claim by removing one that is stale.
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { systemRandom } from "../clock.ts";
import { isAlive, processName } from "./processes.ts";

/** A holder that has it for longer hangs: a hello is given up before that. */
const STALE_MS = 15_000;
/** Random, or two that withdraw would meet again. */
const LOOK_AGAIN_MIN_MS = 5;
const LOOK_AGAIN_MAX_MS = 30;

const HOST = hostname().replace(/[^A-Za-z0-9-]/g, "_");

/** Unique among the programs and threads of this machine, for names of files beside another one. */
export function uniqueSuffix(): string {
	return `${processName()}.${crypto.randomUUID().slice(0, 8)}`;
}

/**
 * Resolves, once the lock is ours, with what gives it back. A claim is stale when its process is gone, or after 15 s. Where none can be
 * written it resolves all the same: a program that cannot write has nothing to guard. Rejects with the reason of `signal`.
 */
export async function lockFile(path: string, signal?: AbortSignal): Promise<() => Promise<void>> {
	const folder = dirname(path);
	const prefix = `${basename(path)}.`;
	for (;;) {
		signal?.throwIfAborted();
		const own = `${prefix}${HOST}.${uniqueSuffix()}`;
		const giveBack = (): Promise<void> => rm(join(folder, own), { force: true });
		try {
			await mkdir(folder, { recursive: true, mode: 0o700 });
			if (!(await isHeld(folder, prefix))) {
				await (await open(join(folder, own), "wx", 0o600)).close();
				if (!(await isHeld(folder, prefix, own))) return giveBack;
				await giveBack();
			}
		} catch {
			await giveBack().catch(() => undefined);
			return async () => {};
		}
		await pause();
	}
}

/** Is there a claim beside `own`? Removes those that are stale. */
async function isHeld(folder: string, prefix: string, own?: string): Promise<boolean> {
	let held = false;
	for (const name of await readdir(folder)) {
		if (!name.startsWith(prefix) || name === own) continue;
		const path = join(folder, name);
		if (await isStale(path, name.slice(prefix.length))) await rm(path, { force: true });
		else held = true;
	}
	return held;
}

async function isStale(path: string, claim: string): Promise<boolean> {
	const [host, pid = ""] = claim.split(".");
	// What runs on another machine, or in another container, is not known here.
	if (host === HOST && !isAlive(pid)) return true;
	try {
		// In both directions: the clock may have been set.
		return Math.abs(Date.now() - (await stat(path)).mtimeMs) > STALE_MS;
	} catch (error) {
		// Given back meanwhile.
		return (error as NodeJS.ErrnoException).code === "ENOENT";
	}
}

function pause(): Promise<void> {
	const ms = LOOK_AGAIN_MIN_MS + (LOOK_AGAIN_MAX_MS - LOOK_AGAIN_MIN_MS) * systemRandom.float();
	return new Promise((resolve) => setTimeout(resolve, ms));
}
