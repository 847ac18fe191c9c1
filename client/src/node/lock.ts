// A lock between processes, by lock files beside `path`. Each attempt creates a file with a unique name: host, process, random part. It
// holds the lock if it then sees no other live lock file; else it removes its own and retries. Of two files the later one's creator
// always sees the other, so two processes never hold the lock. Unique names make it safe to remove a stale file: it cannot be another's.
import { rmSync } from "node:fs";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { systemRandom } from "../base/clock.ts";
import { isAlive, processName } from "./processes.ts";

/** A lock file that is older is stale: a hello times out before that. */
const STALE_MS = 15_000;
/** Retry interval; random, so that two processes that have both withdrawn do not collide again. */
const LOOK_AGAIN_MIN_MS = 5;
const LOOK_AGAIN_MAX_MS = 30;

const HOST = hostname().replace(/[^A-Za-z0-9-]/g, "_");

/** A file name suffix that is unique among the processes and threads of this machine. */
export function uniqueSuffix(): string {
	return `${processName()}.${crypto.randomUUID().slice(0, 8)}`;
}

/**
 * Acquires the lock; resolves with the function that releases it. A lock file is stale when its process has ended, or after 15 s. If no
 * file can be written it resolves without a lock: a program that cannot write has nothing to protect. Rejects with the reason of `signal`.
 */
export async function lockFile(path: string, signal?: AbortSignal): Promise<() => Promise<void>> {
	const folder = dirname(path);
	const prefix = `${basename(path)}.`;
	for (;;) {
		signal?.throwIfAborted();
		const own = `${prefix}${HOST}.${uniqueSuffix()}`;
		const file = join(folder, own);
		const giveBack = async (): Promise<void> => {
			await rm(file, { force: true });
			forget(file);
		};
		try {
			await mkdir(folder, { recursive: true, mode: 0o700 });
			if (!(await isHeld(folder, prefix))) {
				remember(file);
				await (await open(file, "wx", 0o600)).close();
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

/** This process's lock files. Removed also when it ends before they are given back, as by an error that nobody catches. */
const files = new Set<string>();

function remember(file: string): void {
	if (files.size === 0) process.on("exit", removeAll);
	files.add(file);
}

function forget(file: string): void {
	if (files.delete(file) && files.size === 0) process.off("exit", removeAll);
}

function removeAll(): void {
	for (const file of files) {
		try {
			rmSync(file, { force: true });
		} catch {
			// It is stale for whoever takes the lock next.
		}
	}
}

/** Whether there is a live lock file other than `own`. Removes stale ones. */
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

async function isStale(path: string, holder: string): Promise<boolean> {
	const [host, pid = ""] = holder.split(".");
	// Processes of another machine or container cannot be checked.
	if (host === HOST && !isAlive(pid)) return true;
	try {
		// In both directions: the clock may have been changed.
		return Math.abs(Date.now() - (await stat(path)).mtimeMs) > STALE_MS;
	} catch (error) {
		// Released meanwhile.
		return (error as NodeJS.ErrnoException).code === "ENOENT";
	}
}

function pause(): Promise<void> {
	const ms = LOOK_AGAIN_MIN_MS + (LOOK_AGAIN_MAX_MS - LOOK_AGAIN_MIN_MS) * systemRandom.float();
	return new Promise((resolve) => setTimeout(resolve, ms));
}
