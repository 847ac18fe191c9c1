// An outbox in IndexedDB. Each tab owns one partition and holds a Web Lock of its name until it is closed; a tab that acquires another's
// lock takes over its sends. Tabs announce themselves on a BroadcastChannel, so that each can wait for the others' locks.
//
// Without Web Locks all tabs share one partition: two may then send the same item, and the server detects the duplicate by its cid.

import type { OutboxStore, StoredSend } from "../api/outbox-store.ts";
import { OutboxError } from "../base/errors.ts";

interface Row extends StoredSend {
	readonly owner: string;
	/** Order of sending, over all owners. */
	readonly n?: number;
}

const STORE = "sends";
const LOCK = "verbatim-outbox:";
/** A page that is being unloaded releases its locks within this time. */
const RELOAD_MS = 2_000;

/**
 * Stores sends in IndexedDB: the default in browsers. `name`: of the database, for several outboxes of one origin.
 *
 * @example
 * ```ts
 * connect({ endpoints: "wss://chat.example.org/ws", outbox: indexedDbOutbox("support-chat"), credential });
 * ```
 */
export function indexedDbOutbox(name = "verbatim-outbox"): OutboxStore {
	const locks = typeof navigator === "undefined" ? undefined : (navigator.locks as LockManager | undefined);
	const owner = locks === undefined ? "" : crypto.randomUUID();
	const before = ownerBefore(name, owner);
	const stop = new AbortController();
	const watched = new Set<string>([owner]);
	const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(name);
	let adopted: (sends: readonly StoredSend[]) => void = () => {};
	let user = "";
	let owning: Promise<void> | undefined;
	const database = lazy(() => openDatabase(name));

	/** Acquires this tab's lock, and holds it until `close` or the tab's end. */
	const own = (): Promise<void> => {
		owning ??=
			locks === undefined
				? Promise.resolve()
				: new Promise((resolve, reject) => {
						locks
							.request(LOCK + owner, () => {
								resolve();
								return new Promise<void>((release) => stop.signal.addEventListener("abort", () => release()));
							})
							.catch(reject);
					});
		return owning;
	};

	/** Takes over the sends of `other` for this user. The caller holds its lock. */
	const takeOver = async (other: string): Promise<StoredSend[]> => {
		const rows = (await allRows(await database())).filter((row) => row.owner === other && row.user === user);
		await change(await database(), (store) => {
			for (const row of rows) store.put({ ...row, owner });
		});
		return rows.map(sendOf);
	};

	/** Runs `task` with the lock of `other`, if it is free. */
	const withLockOf = async (locks: LockManager, other: string, task: () => Promise<unknown>): Promise<void> => {
		// This tab's page before a reload is about to release its lock, and its sends come before new ones: waits for it.
		const options = other === before ? { signal: AbortSignal.timeout(RELOAD_MS) } : { ifAvailable: true };
		try {
			await locks.request(LOCK + other, options, async (lock) => {
				if (lock !== null) await task();
			});
		} catch (error) {
			// Timed out: the lock is held by the tab that this one was duplicated from.
			if (!(error instanceof DOMException)) throw error;
		}
	};

	/** Waits, without a time-out, until `other` is closed, and takes over its sends. */
	const watch = (other: string): void => {
		if (locks === undefined || watched.has(other)) return;
		watched.add(other);
		locks
			.request(LOCK + other, { signal: stop.signal }, async () => {
				const sends = await takeOver(other);
				if (sends.length > 0) adopted(sends);
			})
			// Closed while waiting, or the database failed: the sends stay stored.
			.catch(() => undefined)
			.finally(() => watched.delete(other));
	};

	if (channel !== undefined)
		channel.onmessage = ({ data }: MessageEvent<unknown>) => void (typeof data === "string" && watch(data));

	return {
		async open(userId) {
			user = userId;
			await own();
			const rows = (await allRows(await database())).filter((row) => row.user === userId);
			for (const other of new Set(rows.map((row) => row.owner))) {
				if (other === owner || locks === undefined) continue;
				await withLockOf(locks, other, () => takeOver(other));
			}
			const held = await locks?.query();
			for (const { name: lock = "" } of held?.held ?? []) if (lock.startsWith(LOCK)) watch(lock.slice(LOCK.length));
			channel?.postMessage(owner);
			return (await allRows(await database())).filter((row) => row.user === userId && row.owner === owner).map(sendOf);
		},
		async put(send, place) {
			await change(await database(), (store) => {
				const found = store.index("cid").getKey(send.cid);
				found.onsuccess = () => {
					if (found.result !== undefined && place === "last") store.delete(found.result);
					const n = found.result === undefined || place === "last" ? {} : { n: found.result as number };
					store.put({ ...send, owner, ...n } satisfies Row);
				};
			});
		},
		async remove(send) {
			const db = await database();
			await change(db, (store) => {
				const found = store.index("cid").getKey(send.cid);
				found.onsuccess = () => {
					if (found.result !== undefined) store.delete(found.result);
				};
			});
		},
		onAdopted(listener) {
			adopted = listener;
		},
		async close() {
			stop.abort();
			channel?.close();
			(await database()).close();
		},
	};
}

/** Stores `owner` as this tab's owner; returns the one before a reload, if any. */
function ownerBefore(name: string, owner: string): string | null {
	try {
		const before = sessionStorage.getItem(name);
		sessionStorage.setItem(name, owner);
		return before;
	} catch {
		// sessionStorage is missing or forbidden.
		return null;
	}
}

function openDatabase(name: string): Promise<IDBDatabase> {
	return new Promise((resolve, reject) => {
		const request = indexedDB.open(name, 1);
		request.onupgradeneeded = () => {
			request.result.createObjectStore(STORE, { keyPath: "n", autoIncrement: true }).createIndex("cid", "cid", { unique: true });
		};
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(new OutboxError("the database could not be opened", { cause: request.error }));
	});
}

/** In the order of sending. */
function allRows(db: IDBDatabase): Promise<Row[]> {
	return new Promise((resolve, reject) => {
		const request = db.transaction(STORE).objectStore(STORE).getAll() as IDBRequest<Row[]>;
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(new OutboxError("the outbox could not be read", { cause: request.error }));
	});
}

/** Runs `task` in one transaction; resolves when it is durable. */
function change(db: IDBDatabase, task: (store: IDBObjectStore) => void): Promise<void> {
	return new Promise((resolve, reject) => {
		const transaction = db.transaction(STORE, "readwrite", { durability: "strict" });
		transaction.oncomplete = () => resolve();
		const fail = (): void => reject(new OutboxError("the outbox could not be written", { cause: transaction.error }));
		transaction.onerror = fail;
		transaction.onabort = fail;
		task(transaction.objectStore(STORE));
	});
}

function sendOf({ owner: _owner, n: _n, ...send }: Row): StoredSend {
	return send;
}

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
	let made: Promise<T> | undefined;
	return () => {
		made ??= make();
		return made;
	};
}
