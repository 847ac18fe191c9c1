// Records the history of SDK clients in this process: sends, outcomes and deliveries.
import { type Client, type Delivery, RefusedError, type Room, type SendOptions, UnknownOutcomeError } from "@verbatim/client";
import { factsOf } from "../sim/recorder.ts";
import type { WholeLog } from "../whole-log.ts";
import { check } from "./check.ts";
import type { HistoryEvent } from "./events.ts";
import type { Verdict } from "./verdict.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "atMs"> : never;

export class Witness {
	private readonly history: HistoryEvent[] = [];
	private readonly watched = new WeakSet<Delivery>();
	private acknowledgedNow = 0;

	get acknowledged(): number {
		return this.acknowledgedNow;
	}

	/** Says `text` in the room; `session` is the device. */
	send(session: string, client: Client, room: Room, text: string, options?: SendOptions): Delivery {
		const delivery = room.send(text, options);
		const user = client.user?.id ?? "";
		this.add({ kind: "invoke", session, user, room: room.id, cid: delivery.cid, text });
		this.watch(session, delivery);
		return delivery;
	}

	/** Tracks a send that the client had in its outbox before, for instance. */
	watch(session: string, delivery: Delivery): void {
		if (this.watched.has(delivery)) return;
		this.watched.add(delivery);
		const { cid } = delivery;
		delivery.done.then(
			({ room, epoch, seq }) => {
				this.acknowledgedNow++;
				this.add({ kind: "ok", session, cid, room, epoch, seq });
			},
			(cause: unknown) => {
				// Any other error: the send is still in the outbox, its outcome is recorded after the restart.
				if (cause instanceof UnknownOutcomeError) this.add({ kind: "unknown", session, cid });
				if (cause instanceof RefusedError) this.add({ kind: "fail", session, cid, code: cause.code });
			},
		);
	}

	/** Reads the room's entries after `after` until the signal; `given` is told of each. */
	async read(
		session: string,
		client: Client,
		room: Room,
		after: number,
		signal: AbortSignal,
		given: (seq: number) => void,
	): Promise<void> {
		const { id, epoch } = room;
		const reading = `${session}/${id}`;
		this.add({ kind: "resume", reading, session, user: client.user?.id ?? "", room: id, epoch, after });
		for await (const entry of room.entries({ after, signal })) {
			this.add({ kind: "recv", reading, room: id, epoch, entry: factsOf(entry) });
			given(entry.seq);
		}
	}

	/**
	 * Checks the history against the logs, which all sessions must have read to their heads. Sends of other sessions in these rooms are
	 * taken from the logs.
	 */
	verdict(logs: readonly WholeLog[]): Verdict {
		const mine = new Set(this.history.flatMap((event) => (event.kind === "invoke" ? [event.cid] : [])));
		const users = new Set(
			this.history.flatMap((event) => (event.kind === "invoke" || event.kind === "resume" ? [event.user] : [])),
		);
		const others: HistoryEvent[] = [];
		for (const { room, entries } of logs) {
			for (const { sender: user, cid, text, what } of entries) {
				if (what !== "message" || mine.has(cid) || users.has(user)) continue;
				others.push({ atMs: 0, kind: "invoke", session: `other session, ${cid}`, user, room, cid, text });
				others.push({ atMs: 0, kind: "unknown", session: `other session, ${cid}`, cid });
			}
		}
		const atMs = performance.now();
		const end: HistoryEvent[] = [{ atMs, kind: "healed" }, ...logs.map((log) => ({ atMs, kind: "log" as const, ...log }))];
		return check([...others, ...this.history, ...end]);
	}

	private add(event: WithoutTime<HistoryEvent>): void {
		this.history.push({ atMs: performance.now(), ...event } as HistoryEvent);
	}
}
