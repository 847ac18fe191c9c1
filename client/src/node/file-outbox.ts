// An outbox in a folder, for Node and Bun. Each process appends to a file of its own, one JSON line per send and per removal,
// and syncs before it says that a send is kept; what arrives during a sync is the next one's. A file whose process is gone is
// claimed by renaming it, which only one can do; a process is named by its number and, on Linux, its start. A torn last line is what was
// never promised, and is passed over. A file is written anew beside itself; what a killed process has left there holds nothing that the
// file itself does not, and is removed.
//
// Should two processes ever send the same, the server tells it by the cid.
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { OutboxError } from "../errors.ts";
import type { OutboxStore, StoredSend } from "../outbox/store.ts";
import { isAlive, processName } from "./processes.ts";

/** The file is written anew when this many of its lines are of no use any more. */
const WASTE_MAX = 1_000;
const SUFFIX = ".outbox.jsonl";
/** After the name of a file that is to take its place. */
const BESIDE = ".new";

/** Files that outboxes of this very process write. */
const ours = new Set<string>();

/**
 * Keeps sends in `folder`, which is made if it is not there. `put` rejects with an `OutboxError` before `open` and after `close`.
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
	/** What is put is kept: from the end of `open` to the beginning of `close`. */
	private keeps = false;
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
		const lives: (readonly StoredSend[])[] = [];
		try {
			for (const name of (await readdir(this.folder)).sort()) {
				if (!name.startsWith(prefix)) continue;
				if (name.endsWith(SUFFIX + BESIDE)) await this.clear(name, prefix);
				if (!name.endsWith(SUFFIX)) continue;
				const mine = await this.claim(name, prefix);
				if (mine === undefined) continue;
				claimed.push(mine);
				lives.push(replay(await readFile(mine, "utf8")).filter((send) => send.user === user));
			}
			for (const send of inOrder(lives)) this.held.set(send.cid, send);
			this.path = this.newPath(prefix);
			ours.add(this.path);
			try {
				await this.rewrite();
			} catch (error) {
				// What was claimed stays where it is, for another try.
				await this.letGo();
				throw error;
			}
			for (const path of claimed) await rm(path, { force: true });
			this.keeps = true;
			return [...this.held.values()];
		} finally {
			for (const path of claimed) ours.delete(path);
		}
	}

	put(send: StoredSend): Promise<void> {
		if (!this.keeps) return Promise.reject(new OutboxError("the outbox is not open: nothing is kept"));
		this.held.set(send.cid, send);
		this.lines.push(`${JSON.stringify({ put: send })}\n`);
		return this.flush();
	}

	async remove({ cid }: StoredSend): Promise<void> {
		if (!this.held.delete(cid)) return;
		// Two lines are of no use now: the send's and this one.
		this.waste += 2;
		this.lines.push(`${JSON.stringify({ remove: cid })}\n`);
		await this.flush();
	}

	close(): Promise<void> {
		return this.release();
	}

	/** Makes the file of a process that is gone ours, and gives its new path; undefined if it lives, or another was quicker. */
	private async claim(name: string, prefix: string): Promise<string | undefined> {
		const path = join(this.folder, name);
		if (this.isInUse(name, prefix)) return undefined;
		const mine = this.newPath(prefix);
		// Before it has that name, or another outbox of this process would take it for an earlier life's.
		ours.add(mine);
		try {
			await rename(path, mine);
			return mine;
		} catch {
			ours.delete(mine);
			return undefined;
		}
	}

	/** Removes what a process that is gone was writing beside its file. */
	private async clear(name: string, prefix: string): Promise<void> {
		if (this.isInUse(name.slice(0, -BESIDE.length), prefix)) return;
		await rm(join(this.folder, name), { force: true }).catch(() => undefined);
	}

	/** Does an outbox that lives write the file of this name? */
	private isInUse(name: string, prefix: string): boolean {
		const [writer = ""] = name.slice(prefix.length).split(".");
		return ours.has(join(this.folder, name)) || (writer.split("-")[0] !== `${process.pid}` && isAlive(writer));
	}

	/** Resolves when everything asked for before is on the disk: one write is under way, what arrives meanwhile is the next. */
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
			// Half a line may be there, which the next would be glued to: the next write makes a fresh file.
			this.waste = Number.POSITIVE_INFINITY;
			throw error;
		}
	}

	/** The same sends in a fresh file, put in place at once. The file before stays in use where that fails, and the next write tries it again. */
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
			// On a full disk its part of the text is in the way of everybody.
			await rm(beside, { force: true }).catch(() => undefined);
			throw error;
		}
		const before = this.file;
		this.file = fresh;
		await before?.close().catch(() => undefined);
		await syncFolder(this.folder);
		this.waste = 0;
	}

	/** Another outbox of this process may have the file then, also where the last write has failed: it has what was kept. */
	private async release(): Promise<void> {
		this.keeps = false;
		if (this.file === undefined) return;
		try {
			await this.flush();
		} catch (error) {
			// Where all was sent and removed, nothing is lost with the file.
			if (this.held.size > 0) throw error;
		} finally {
			await this.letGo();
		}
	}

	/** Forgets the file and what is in it. It is removed where nothing is kept any more. */
	private async letGo(): Promise<void> {
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

/** What the lines leave. */
function replay(text: string): StoredSend[] {
	const held = new Map<string, StoredSend>();
	for (const line of text.split("\n")) {
		if (line === "") continue;
		try {
			const { put, remove } = JSON.parse(line) as { put?: StoredSend; remove?: string };
			if (put !== undefined && [put.user, put.room, put.cid, put.text].every((field) => typeof field === "string"))
				held.set(put.cid, put);
			if (remove !== undefined) held.delete(remove);
		} catch {
			// Torn by a crash in the middle of writing.
		}
	}
	return [...held.values()];
}

/**
 * The sends of several lives, oldest first, as far as clocks can tell; each life's own stay in the order of saying, whatever
 * happened to the clock meanwhile.
 */
function inOrder(lives: readonly (readonly StoredSend[])[]): StoredSend[] {
	const placed = lives.flatMap((sends) => {
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
