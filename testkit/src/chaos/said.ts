// What a client says and what becomes of it, over its lives: an outbox that writes down each send before it is kept, and its ending before
// it is let go of. What was kept and is gone without an ending, the outbox has lost: then none will ever be written down, and the
// checker asks for it.
import {
	type Client,
	type Delivery,
	type OutboxStore,
	RefusedError,
	type StoredSend,
	UnknownOutcomeError,
} from "@verbatim/client/node";
import type { Journal, JournalLine } from "./journal.ts";

type Fate = "invoked" | "kept" | "ended";

export class Said {
	private readonly session: string;
	private readonly journal: Journal;
	private readonly fates = new Map<string, Fate>();
	private readonly watched = new WeakSet<Delivery>();

	/** `past`: what earlier lives have written. */
	constructor(session: string, journal: Journal, past: readonly JournalLine[]) {
		this.session = session;
		this.journal = journal;
		for (const line of past) {
			if (line.kind === "invoke") this.fates.set(line.cid, "invoked");
			else if (line.kind === "kept") this.fates.set(line.cid, "kept");
			else if (line.kind === "ok" || line.kind === "fail" || line.kind === "unknown") this.fates.set(line.cid, "ended");
		}
	}

	/** Watches everything that the client has in its outbox. */
	watchAll(client: Client): void {
		for (const delivery of client.outbox) this.watch(delivery);
	}

	watch(delivery: Delivery): void {
		if (this.watched.has(delivery)) return;
		this.watched.add(delivery);
		const { cid } = delivery;
		delivery.done.then(
			({ room, epoch, seq }) => {
				this.journal.add({ kind: "ok", session: this.session, cid, room, epoch, seq });
				this.fates.set(cid, "ended");
			},
			(cause: unknown) => {
				// Closed: the outbox has it, and the next life will tell.
				if (cause instanceof UnknownOutcomeError) this.journal.add({ kind: "unknown", session: this.session, cid });
				else if (cause instanceof RefusedError) this.journal.add({ kind: "fail", session: this.session, cid, code: cause.code });
				else return;
				this.fates.set(cid, "ended");
			},
		);
	}

	/** `store`, written down. `opened` is called when what it has kept is the client's. */
	outbox(store: OutboxStore, opened: () => void): OutboxStore {
		return {
			open: async (user) => {
				const sends = await store.open(user);
				this.giveUp(new Set(sends.map(({ cid }) => cid)));
				// The client takes them over before anything else happens on this event loop.
				setImmediate(opened);
				return sends;
			},
			put: async (send) => {
				this.invoke(send);
				await store.put(send);
				if (this.fates.get(send.cid) !== "invoked") return;
				this.fates.set(send.cid, "kept");
				this.journal.add({ kind: "kept", cid: send.cid });
			},
			remove: async (send) => {
				// Its ending is told, and written down, in the same turn of the event loop.
				await new Promise((resolve) => setImmediate(resolve));
				await store.remove(send);
			},
			close: () => store.close(),
		};
	}

	private invoke({ cid, user, room, text }: StoredSend): void {
		if (this.fates.has(cid)) return;
		this.fates.set(cid, "invoked");
		this.journal.add({ kind: "invoke", session: this.session, user, room, cid, text });
	}

	/** A life ended between writing a send down and keeping it: nobody will say it. */
	private giveUp(kept: ReadonlySet<string>): void {
		for (const [cid, fate] of this.fates) {
			if (fate !== "invoked" || kept.has(cid)) continue;
			this.journal.add({ kind: "unknown", session: this.session, cid });
			this.fates.set(cid, "ended");
		}
	}
}
