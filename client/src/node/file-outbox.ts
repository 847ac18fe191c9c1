// An outbox in a folder, for Node and Bun. Each process appends to its own file, one JSON line per send and per removal, and syncs
// before `put` resolves; puts during a sync are batched into the next one. The file of a process that has ended is taken over by
// renaming it, which succeeds for one process only; a process is identified by its pid and, on Linux, its start time. A torn last
// line was never acknowledged, and is ignored. Compaction writes a new file and renames it into place; a new file that a killed
// process has left is a copy of lines of the old one, and is removed.
//
// Should two processes send the same item, the server detects the duplicate by its cid.
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { OutboxStore, StoredSend } from "../api/outbox-store.ts";
import { OutboxError } from "../base/errors.ts";
import { isAlive, processName } from "./processes.ts";

/** A file is compacted when it has this many obsolete lines. */
const WASTE_MAX = 1_000;
const SUFFIX = ".outbox.jsonl";
/** Suffix of a file that is being written to replace another. */
const BESIDE = ".new";

/** Files that outboxes of this process write. */
const ours = new Set<string>();

/**
 * Stores sends in `folder`, which is created if necessary. `put` rejects with an `OutboxError` before `open` and after `close`.
 *
 * @example
 * ```ts
 * connect({ endpoints, credential, outbox: fileOutbox(`${homedir()}/.local/state/verbatim`) });
 * ```
 */
export function fileOutbox(folder: string): OutboxStore {
	return new FileOutbox(folder);
}

class FileOutbox implements OutboxStore {
	private readonly folder: string;
	private path = "";
	private file: FileHandle | undefined;
	/** `put` is accepted: from the end of `open` to the beginning of `close`. */
	private isOpen = false;
	private readonly held = new Map<string, StoredSend>();
	private waste = 0;
	private lines: string[] = [];
	private writing: Promise<void> = Promise.resolve();
	private scheduled: Promise<void> | undefined;

	constructor(folder: string) {
		this.folder = folder;
	}

	async open(user: string): Promise<readonly StoredSend[]> {
		await this.release();
		await mkdir(this.folder, { recursive: true, mode: 0o700 });
		const prefix = `${encodeURIComponent(user)}.`;
		const claimed: string[] = [];
		const found: (readonly StoredSend[])[] = [];
		try {
			for (const name of (await readdir(this.folder)).sort()) {
				if (!name.startsWith(prefix)) continue;
				if (name.endsWith(SUFFIX + BESIDE)) await this.removeUnfinished(name, prefix);
				if (!name.endsWith(SUFFIX)) continue;
				const mine = await this.claim(name, prefix);
				if (mine === undefined) continue;
				claimed.push(mine);
				found.push(replay(await readFile(mine, "utf8")).filter((send) => send.user === user));
			}
			for (const send of inOrder(found)) this.held.set(send.cid, send);
			this.path = this.newPath(prefix);
			ours.add(this.path);
			try {
				await this.rewrite();
			} catch (error) {
				// The files that were taken over stay, for the next `open`.
				await this.reset();
				throw error;
			}
			for (const path of claimed) await rm(path, { force: true });
			this.isOpen = true;
			return [...this.held.values()];
		} finally {
			for (const path of claimed) ours.delete(path);
		}
	}

	put(send: StoredSend, place?: "last"): Promise<void> {
		if (!this.isOpen) return Promise.reject(new OutboxError("the outbox is not open: nothing is kept"));
		putIn(this.held, send, place);
		this.lines.push(`${JSON.stringify({ put: send, ...(place && { place }) })}\n`);
		return this.flush();
	}

	async remove({ cid }: StoredSend): Promise<void> {
		if (!this.held.delete(cid)) return;
		// Two obsolete lines: the send's and this one.
		this.waste += 2;
		this.lines.push(`${JSON.stringify({ remove: cid })}\n`);
		await this.flush();
	}

	close(): Promise<void> {
		return this.release();
	}

	/** Takes over the file of a process that has ended; returns its new path, or undefined if the process runs or another took it. */
	private async claim(name: string, prefix: string): Promise<string | undefined> {
		const path = join(this.folder, name);
		if (this.isInUse(name, prefix)) return undefined;
		const mine = this.newPath(prefix);
		// Before the rename, or another outbox of this process could take the file over.
		ours.add(mine);
		try {
			await rename(path, mine);
			return mine;
		} catch {
			ours.delete(mine);
			return undefined;
		}
	}

	/** Removes an unfinished replacement file of a process that has ended. */
	private async removeUnfinished(name: string, prefix: string): Promise<void> {
		if (this.isInUse(name.slice(0, -BESIDE.length), prefix)) return;
		await rm(join(this.folder, name), { force: true }).catch(() => undefined);
	}

	/** Whether an open outbox, of this or another running process, writes this file. */
	private isInUse(name: string, prefix: string): boolean {
		const [writer = ""] = name.slice(prefix.length).split(".");
		return ours.has(join(this.folder, name)) || (writer.split("-")[0] !== `${process.pid}` && isAlive(writer));
	}

	/** Resolves when all lines so far are synced. Group commit: lines that arrive during a write are batched into the next. */
	private flush(): Promise<void> {
		this.scheduled ??= this.writing
			.catch(() => undefined)
			.then(() => {
				this.scheduled = undefined;
				this.writing = this.write();
				return this.writing;
			});
		return this.scheduled;
	}

	private async write(): Promise<void> {
		const text = this.lines.join("");
		this.lines = [];
		if (this.file === undefined) return;
		if (this.waste > Math.max(WASTE_MAX, this.held.size)) {
			await this.rewrite();
			return;
		}
		if (text === "") return;
		try {
			await this.file.appendFile(text);
			await this.file.datasync();
		} catch (error) {
			// A partial line may have been written, and the next would be appended to it: the next write replaces the file.
			this.waste = Number.POSITIVE_INFINITY;
			throw error;
		}
	}

	/** Compacts: writes the sends to a new file and renames it into place. On failure the old file stays in use, and the next write retries. */
	private async rewrite(): Promise<void> {
		const text = Array.from(this.held.values(), (put) => `${JSON.stringify({ put })}\n`).join("");
		const beside = `${this.path}${BESIDE}`;
		this.waste = Number.POSITIVE_INFINITY;
		const fresh = await open(beside, "w", 0o600);
		try {
			await fresh.writeFile(text);
			await fresh.sync();
			await rename(beside, this.path);
		} catch (error) {
			await fresh.close().catch(() => undefined);
			// Frees the space that it takes on a full disk.
			await rm(beside, { force: true }).catch(() => undefined);
			throw error;
		}
		const before = this.file;
		this.file = fresh;
		await before?.close().catch(() => undefined);
		await syncFolder(this.folder);
		this.waste = 0;
	}

	/** Closes the file; another outbox may take it over. Sends in it were synced, even if the last write has failed. */
	private async release(): Promise<void> {
		this.isOpen = false;
		if (this.file === undefined) return;
		try {
			await this.flush();
		} catch (error) {
			// Without pending sends a failed write loses nothing.
			if (this.held.size > 0) throw error;
		} finally {
			await this.reset();
		}
	}

	/** Closes the file and resets this outbox. Removes the file if it has no pending sends. */
	private async reset(): Promise<void> {
		const { file, path, held } = this;
		this.file = undefined;
		try {
			await file?.close();
			if (file !== undefined && held.size === 0) await rm(path, { force: true });
		} finally {
			held.clear();
			this.lines = [];
			ours.delete(path);
		}
	}

	private newPath(prefix: string): string {
		return join(this.folder, `${prefix}${processName()}.${crypto.randomUUID().slice(0, 8)}${SUFFIX}`);
	}
}

/** The pending sends of a file, by replaying its lines. */
function replay(text: string): StoredSend[] {
	const held = new Map<string, StoredSend>();
	for (const line of text.split("\n")) {
		if (line === "") continue;
		try {
			const { put, place, remove } = JSON.parse(line) as { put?: StoredSend; place?: "last"; remove?: string };
			if (put !== undefined && [put.user, put.room, put.cid, put.text].every((field) => typeof field === "string"))
				putIn(held, put, place);
			if (remove !== undefined) held.delete(remove);
		} catch {
			// Torn by a crash during the write.
		}
	}
	return [...held.values()];
}

function putIn(held: Map<string, StoredSend>, send: StoredSend, place: "last" | undefined): void {
	if (place === "last") held.delete(send.cid);
	held.set(send.cid, send);
}

/**
 * Merges the sends of several processes by wall clock. Sends of one process keep their order, also if its clock went back.
 */
function inOrder(files: readonly (readonly StoredSend[])[]): StoredSend[] {
	const placed = files.flatMap((sends) => {
		let latestMs = Number.NEGATIVE_INFINITY;
		return sends.map((send) => {
			latestMs = Math.max(latestMs, send.atMs);
			return { send, latestMs };
		});
	});
	return placed.sort((a, b) => a.latestMs - b.latestMs).map(({ send }) => send);
}

async function syncFolder(folder: string): Promise<void> {
	const handle = await open(folder, "r");
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}
