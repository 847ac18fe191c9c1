// Identity and read marks in files. Each write goes to a new file that is renamed into place, so that a crash leaves the old or the new.
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { MarkStore } from "../api/mark-store.ts";
import type { TokenStore } from "../api/token-store.ts";
import { parseMarks, renderMarks } from "../marks/web-storage.ts";
import { parseIdentity, renderIdentity } from "../tokens/web-storage.ts";
import { lockFile, uniqueSuffix } from "./lock.ts";

/**
 * Stores the identity in the file `path`, readable by its owner only. The file is a credential. Programs that share it are the same
 * user, also when they are started at the same time.
 *
 * @example
 * ```ts
 * connect({ endpoints: "tcp://localhost:9000", tokens: fileTokens("./state/identity.json"), credential: { guest: "bot" } });
 * ```
 */
export function fileTokens(path: string): TokenStore & Required<Pick<TokenStore, "lock">> {
	const inOrder = queue();
	return {
		lock: (signal) => lockFile(`${path}.lock`, signal),
		load: async () => parseIdentity(await maybeRead(path)),
		save: (identity) =>
			inOrder(() => (identity === undefined ? rm(path, { force: true }) : replace(path, renderIdentity(identity)))),
	};
}

/** Stores read marks in `folder`, one file per user. */
export function fileMarks(folder: string): MarkStore {
	const inOrder = queue();
	const pathOf = (user: string): string => join(folder, `${encodeURIComponent(user)}.seen.json`);
	return {
		load: async (user) => parseMarks(await maybeRead(pathOf(user))),
		save: (user, marks) => {
			const text = renderMarks(marks);
			return inOrder(() => replace(pathOf(user), text));
		},
	};
}

async function maybeRead(path: string): Promise<string> {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
		throw error;
	}
}

async function replace(path: string, text: string): Promise<void> {
	await mkdir(dirname(path), { recursive: true, mode: 0o700 });
	const beside = `${path}.${uniqueSuffix()}.new`;
	try {
		await writeFile(beside, text, { mode: 0o600, flush: true });
		await rename(beside, path);
	} catch (error) {
		await rm(beside, { force: true }).catch(() => undefined);
		throw error;
	}
}

/** Runs tasks one after the other, also after a failed one. */
function queue(): (task: () => Promise<void>) => Promise<void> {
	let last: Promise<void> = Promise.resolve();
	return (task) => {
		last = last.then(task, task);
		return last;
	};
}
