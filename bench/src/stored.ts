// Data folders with many stored messages in one room, written through the store. Created once per run and size, copied for each use,
// removed at the end.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Room_Kind } from "@verbatim/protocol";
import { joinDraft, messageDraft, openSqliteStore, type Store } from "@verbatim/server";
import { skeletonOf } from "@verbatim/server/testing";
import { registerCleanup } from "./cleanup.ts";
import { messageText } from "./load/message-text.ts";

/** The room's name, as it is joined. */
export const STORED_ROOM = "big";
/** Drafts appended at once: as many as the store queues before it refuses as `busy`. */
const AT_ONCE = 10_000;
const SENDERS = 100;

const made = new Map<number, Promise<string>>();

/** Calls `use` with a folder that holds `messages` messages; removes it afterwards. */
export async function withStored<T>(messages: number, use: (data: string) => Promise<T>): Promise<T> {
	const folder = made.get(messages) ?? fill(messages);
	made.set(messages, folder);
	const data = await mkdtemp(join(tmpdir(), "verbatim-stored-"));
	const cleanup = registerCleanup(() => rm(data, { recursive: true, force: true }));
	try {
		await cp(await folder, data, { recursive: true });
		return await use(data);
	} finally {
		cleanup.done();
		await rm(data, { recursive: true, force: true });
	}
}

/** Removes the cached folders. */
export async function removeStored(): Promise<void> {
	for (const folder of made.values()) await rm(await folder, { recursive: true, force: true });
	made.clear();
}

async function fill(messages: number): Promise<string> {
	const dir = await mkdtemp(join(tmpdir(), "verbatim-fill-"));
	registerCleanup(() => rm(dir, { recursive: true, force: true }));
	const store = await openSqliteStore(dir);
	try {
		await write(store, messages);
	} finally {
		await store.close();
	}
	return dir;
}

async function write(store: Store, messages: number): Promise<void> {
	const senders = Array.from({ length: SENDERS }, (_, n) => ({ id: idOf("u", n), name: `writer${n}` }));
	const [owner] = senders;
	if (owner === undefined) return;
	const room = idOf("r", 0);
	const atMs = Date.now();
	const create = {
		kind: "create",
		room,
		epoch: 1,
		roomKind: Room_Kind.PUBLIC,
		name: STORED_ROOM,
		skeleton: skeletonOf(STORED_ROOM),
	} as const;
	await all([store.append({ ...create, sender: owner, atMs })]);
	await all(senders.map((sender) => store.append(joinDraft({ room, sender, atMs }))));
	for (let done = 0; done < messages; done += AT_ONCE) {
		const count = Math.min(AT_ONCE, messages - done);
		const draft = (_: unknown, n: number) =>
			store.append(
				messageDraft({
					room,
					sender: senders[(done + n) % SENDERS] ?? owner,
					cid: Bun.randomUUIDv7(),
					text: messageText(done + n + 1, 0),
					atMs,
				}),
			);
		await all(Array.from({ length: count }, draft));
	}
}

async function all(outcomes: readonly ReturnType<Store["append"]>[]): Promise<void> {
	for (const outcome of await Promise.all(outcomes)) if (!outcome.ok) throw new Error(`filling: ${outcome.code}`);
}

function idOf(kind: "r" | "u", n: number): string {
	return `${kind}01kam0v5vz3n9x8a7b6c5${String(n).padStart(5, "0")}`;
}
