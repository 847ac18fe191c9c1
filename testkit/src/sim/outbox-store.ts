// A client's outbox store: it outlives the program, takes time, and loses writes in flight when the program dies.
import type { OutboxStore, StoredSend } from "@verbatim/client";
import type { Machine } from "./machine.ts";

export class SimOutboxStore {
	private readonly kept = new Map<string, StoredSend>();
	private readonly delayMs: number;

	constructor(delayMs: number) {
		this.delayMs = delayMs;
	}

	has(cid: string): boolean {
		return [...this.kept.values()].some((send) => cidOf(send) === cid);
	}

	/**
	 * The store for one life of the program. `opened` is called once the outbox has what was kept, `removed` when a send is not
	 * kept any more and its delivery has settled.
	 */
	store(machine: Machine, opened: () => void, removed: (cid: string) => void): OutboxStore {
		// One after the other, as a file or a database does it: what survives a crash is a beginning of what was asked for.
		let freeAtMs = 0;
		const later = (task: () => void): Promise<void> =>
			new Promise((resolve) => {
				const act = (): void => {
					task();
					resolve();
				};
				if (this.delayMs === 0) {
					act();
					return;
				}
				freeAtMs = Math.max(freeAtMs, machine.monotonic()) + this.delayMs * machine.float();
				machine.after(freeAtMs - machine.monotonic(), act);
			});
		return {
			open: async (user) => {
				await later(() => {});
				machine.soon(opened);
				return [...this.kept.values()].filter((send) => send.user === user);
			},
			put: (send, place) =>
				later(() => {
					if (place === "last") this.kept.delete(send.cid);
					this.kept.set(send.cid, send);
				}),
			remove: (send) =>
				later(() => {
					this.kept.delete(send.cid);
					machine.after(1, () => removed(cidOf(send)));
				}),
			close: async () => {},
		};
	}
}

function cidOf({ cid, cidNow = cid }: StoredSend): string {
	return cidNow;
}
