// The log of a client's sends over all its incarnations: an outbox store that records each send before it is kept, and its outcome
// before it is removed. A send that the outbox loses has no outcome in the log, which the checker reports.
import {
	type Client,
	type Delivery,
	type OutboxStore,
	RefusedError,
	type StoredSend,
	UnknownOutcomeError,
} from "@verbatim/client/node";
import type { Journal, JournalLine } from "./journal.ts";

type SendState = "invoked" | "kept" | "ended";

export class SentLog {
	private readonly session: string;
	private readonly journal: Journal;
	private readonly states = new Map<string, SendState>();
	private readonly tracked = new WeakSet<Delivery>();

	/** `past`: the journal of earlier incarnations. */
	constructor(session: string, journal: Journal, past: readonly JournalLine[]) {
		this.session = session;
		this.journal = journal;
		for (const line of past) {
			if (line.kind === "invoke") this.states.set(line.cid, "invoked");
			else if (line.kind === "kept") this.states.set(line.cid, "kept");
			else if (line.kind === "ok" || line.kind === "fail" || line.kind === "unknown") this.states.set(line.cid, "ended");
		}
	}

	/** Tracks all sends in the client's outbox. */
	trackAll(client: Client): void {
		for (const delivery of client.outbox) this.track(delivery);
	}

	track(delivery: Delivery): void {
		if (this.tracked.has(delivery)) return;
		this.tracked.add(delivery);
		const { cid } = delivery;
		delivery.done.then(
			({ room, epoch, seq }) => {
				this.journal.add({ kind: "ok", session: this.session, cid, room, epoch, seq });
				this.states.set(cid, "ended");
			},
			(cause: unknown) => {
				// Client closed: the outbox keeps the send, the next incarnation records its outcome.
				if (cause instanceof UnknownOutcomeError) this.journal.add({ kind: "unknown", session: this.session, cid });
				else if (cause instanceof RefusedError) this.journal.add({ kind: "fail", session: this.session, cid, code: cause.code });
				else return;
				this.states.set(cid, "ended");
			},
		);
	}

	/** Wraps `store`. `opened`: called when the client has taken over the kept sends. */
	outbox(store: OutboxStore, opened: () => void): OutboxStore {
		return {
			open: async (user) => {
				const sends = await store.open(user);
				this.closeNeverKept(new Set(sends.map(({ cid }) => cid)));
				// The client takes them over in this turn of the event loop.
				setImmediate(opened);
				return sends;
			},
			put: async (send, place) => {
				this.recordInvoke(send);
				await store.put(send, place);
				if (this.states.get(send.cid) !== "invoked") return;
				this.states.set(send.cid, "kept");
				this.journal.add({ kind: "kept", cid: send.cid });
			},
			remove: async (send) => {
				// Its outcome is delivered, and recorded, in this turn of the event loop.
				await new Promise((resolve) => setImmediate(resolve));
				await store.remove(send);
			},
			close: () => store.close(),
		};
	}

	private recordInvoke({ cid, user, room, text }: StoredSend): void {
		if (this.states.has(cid)) return;
		this.states.set(cid, "invoked");
		this.journal.add({ kind: "invoke", session: this.session, user, room, cid, text });
	}

	/** Sends of an incarnation that was killed between `invoke` and `kept`: they will not be sent. */
	private closeNeverKept(kept: ReadonlySet<string>): void {
		for (const [cid, state] of this.states) {
			if (state !== "invoked" || kept.has(cid)) continue;
			this.journal.add({ kind: "unknown", session: this.session, cid });
			this.states.set(cid, "ended");
		}
	}
}
