// A file that only one program holds at a time, for the moments in which two of them must not do the same.
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Whoever holds it for longer has died, or hangs: a hello is given up before that. */
const STALE_MS = 15_000;
const LOOK_AGAIN_MS = 25;

/** Unique among the programs and threads of this machine, for names of files beside another one. */
export function uniqueSuffix(): string {
	return `${process.pid}.${crypto.randomUUID().slice(0, 8)}`;
}

/**
 * Resolves, once `path` is ours, with what gives it back. A lock whose holder is gone, or that is older than 15 s, is taken over.
 * Where it cannot be written it resolves all the same: whoever cannot write has nothing to guard.
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
	const unguarded = async (): Promise<void> => {};
	try {
		await mkdir(dirname(path), { recursive: true, mode: 0o700 });
	} catch {
		return unguarded;
	}
	for (;;) {
		try {
			const file = await open(path, "wx", 0o600);
			await file.writeFile(String(process.pid));
			await file.close();
			return () => rm(path, { force: true });
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EEXIST") return unguarded;
		}
		if (await isStale(path)) await takeAway(path);
		else await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
	}
}

async function isStale(path: string): Promise<boolean> {
	try {
		const ageMs = Date.now() - (await stat(path)).mtimeMs;
		const holder = Number(await readFile(path, "utf8"));
		// Empty between its making and its filling.
		return ageMs > STALE_MS || (holder > 0 && !isAlive(holder));
	} catch {
		// Given back meanwhile.
		return false;
	}
}

/** Renamed first, which only one can do: two that find it stale must not take the second's fresh one away. */
async function takeAway(path: string): Promise<void> {
	const aside = `${path}.${uniqueSuffix()}`;
	try {
		await rename(path, aside);
		await rm(aside, { force: true });
	} catch {
		// Somebody else was quicker.
	}
}

/** Does a process of this number run? */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		// It is there, but somebody else's.
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
