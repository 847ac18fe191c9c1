// An outbox that lives as long as this page or process: for tests, for programs that can say it again, and where a browser
// allows nothing else.
import type { OutboxStore, StoredSend } from "./store.ts";

export function memoryOutbox(): OutboxStore {
	const kept = new Map<string, StoredSend>();
	return {
		open: async (user) => [...kept.values()].filter((send) => send.user === user),
		put: async (send) => void kept.set(send.cid, send),
		remove: async (send) => void kept.delete(send.cid),
		close: async () => {},
	};
}
