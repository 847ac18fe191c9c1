// A non-durable outbox: for tests, for programs that can repeat their sends, and the fallback where no storage is available.
import type { OutboxStore, StoredSend } from "../api/outbox-store.ts";

export function memoryOutbox(): OutboxStore {
	const kept = new Map<string, StoredSend>();
	return {
		open: async (user) => [...kept.values()].filter((send) => send.user === user),
		put: async (send, place) => {
			if (place === "last") kept.delete(send.cid);
			kept.set(send.cid, send);
		},
		remove: async (send) => void kept.delete(send.cid),
		close: async () => {},
	};
}
