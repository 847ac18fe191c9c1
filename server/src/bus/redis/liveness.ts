// Heartbeats over the bus. A connection that publishes without errors proves nothing: a demoted master accepts messages without subscribers, and
// a subscriber's socket may be half open. So every node publishes a heartbeat four times a second to a channel of all nodes. Two missing ones,
// its own or another node's, mean that the bus does not work.
import type { Cancel, Clock } from "../../base/clock.ts";

export const BEAT_MS = 250;
/** Beats that may be missing before the bus counts as gone. */
const MISSED_MAX = 2;
/** A node whose beats have been missing for so long has gone. */
const NODE_GONE_MS = 5_000;
/** Upper bound of other nodes that are watched. */
const NODES_MAX = 1_000;

export interface LivenessParts {
	readonly clock: Pick<Clock, "monotonic" | "after">;
	/** Publishes the beat `number` of this node. */
	readonly publish: (number: number) => void;
	/** `working` has changed. */
	readonly changed: () => void;
}

export class Liveness {
	/** False until the first beat has come back. */
	working = false;
	private readonly parts: LivenessParts;
	private sent = 0;
	private broughtBack = 0;
	/** When the newest beat of other nodes came (monotonic ms). */
	private readonly others = new Map<string, number>();
	private cancel: Cancel | undefined;

	constructor(parts: LivenessParts) {
		this.parts = parts;
	}

	start(): void {
		this.tick();
	}

	stop(): void {
		this.cancel?.();
		this.cancel = undefined;
	}

	/** A beat of this node has come back. */
	own(number: number): void {
		this.broughtBack = Math.max(this.broughtBack, number);
		this.judge();
	}

	/** A beat of another node has come; `last`: it is leaving. */
	other(node: string, last: boolean): void {
		this.others.delete(node);
		if (!last) this.others.set(node, this.parts.clock.monotonic());
		if (this.others.size > NODES_MAX)
			for (const oldest of this.others.keys()) {
				this.others.delete(oldest);
				break;
			}
		this.judge();
	}

	private tick(): void {
		this.cancel = this.parts.clock.after(BEAT_MS, () => this.tick());
		this.judge();
		this.parts.publish(++this.sent);
	}

	private judge(): void {
		const working = this.broughtBack > 0 && this.sent - this.broughtBack < MISSED_MAX && !this.isOtherMissing();
		if (working === this.working) return;
		this.working = working;
		this.parts.changed();
	}

	private isOtherMissing(): boolean {
		const nowMs = this.parts.clock.monotonic();
		for (const [node, atMs] of this.others) {
			if (nowMs - atMs > NODE_GONE_MS) this.others.delete(node);
			// A late event loop delays its node's beats, too.
			else if (nowMs - atMs > BEAT_MS * (MISSED_MAX + 1)) return true;
		}
		return false;
	}
}
