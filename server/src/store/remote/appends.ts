// Appends over a port: drafts to the store's thread, outcomes back. The hot path of a worker: an entry is not sent back but made again of its
// draft and seq.
import type { Clock } from "../../base/clock.ts";
import { entryOf } from "../../log/entries.ts";
import type { Port } from "../../thread/port.ts";
import type { Draft, Outcome, Store } from "../store.ts";

const APPEND = "append";
const OUTCOME = "outcome";

type SentDraft = readonly [number: number, draft: Draft];
type Accepted = Extract<Outcome, { ok: true }>;
/** Without `entries`: the one of its draft. */
type SentOutcome = readonly [
	number: number,
	outcome: Exclude<Outcome, Accepted> | (Omit<Accepted, "entries"> & Partial<Accepted>),
];

/** Appends what the other end of `port` sends. */
export function serveAppends(port: Port, store: Pick<Store, "append">): void {
	port.on(APPEND, (value) => {
		const [number, draft] = value as SentDraft;
		const answer = (sent: SentOutcome[1]): void => port.send(OUTCOME, JSON.stringify([number, sent] satisfies SentOutcome));
		store.append(draft).then(
			(outcome) => {
				if (!outcome.ok || draft.kind !== "entry" || outcome.entries.length !== 1) return answer(outcome);
				const { entries: _, ...rest } = outcome;
				answer(rest);
			},
			// Unreachable but for our bug.
			() => answer({ ok: false, code: "internal" }),
		);
	});
}

interface Waiting {
	readonly draft: Draft;
	readonly sinceMs: number;
	resolve(outcome: Outcome): void;
}

export class RemoteAppends {
	private readonly port: Port;
	private readonly clock: Pick<Clock, "monotonic">;
	/** Oldest first. */
	private readonly waiting = new Map<number, Waiting>();
	private last = 0;
	private whenSettled: (() => void)[] = [];

	constructor(port: Port, clock: Pick<Clock, "monotonic">) {
		this.port = port;
		this.clock = clock;
		port.on(OUTCOME, (value) => this.settle(value as SentOutcome));
	}

	append(draft: Draft): Promise<Outcome> {
		const number = ++this.last;
		const { promise, resolve } = Promise.withResolvers<Outcome>();
		this.waiting.set(number, { draft, sinceMs: this.clock.monotonic(), resolve });
		this.port.send(APPEND, JSON.stringify([number, draft] satisfies SentDraft));
		return promise;
	}

	/** Age of the oldest waiting draft, ms; 0: none. */
	get oldestMs(): number {
		for (const { sinceMs } of this.waiting.values()) return this.clock.monotonic() - sinceMs;
		return 0;
	}

	/** Resolves when no draft waits. */
	async settled(): Promise<void> {
		if (this.waiting.size > 0) await new Promise<void>((resolve) => this.whenSettled.push(resolve));
	}

	private settle([number, outcome]: SentOutcome): void {
		const waiting = this.waiting.get(number);
		this.waiting.delete(number);
		waiting?.resolve(wholeOf(outcome, waiting.draft));
		if (this.waiting.size === 0) for (const resolve of this.whenSettled.splice(0)) resolve();
	}
}

function wholeOf(outcome: SentOutcome[1], draft: Draft): Outcome {
	if (!outcome.ok || outcome.entries !== undefined) return outcome as Outcome;
	const entries = draft.kind === "entry" && outcome.seq !== undefined ? [entryOf(draft, outcome.seq)] : [];
	return { ...outcome, entries };
}
