// Limits the bytes of logs and lists that one user reads, over all its connections and HTTP. An answer's size is known only once it is made:
// until then it counts as a whole page. A command that lacks only tokens reserved for such estimates waits for them; it is refused when bytes
// already read have emptied the bucket. Catch-up is never refused: it waits for the refill.
import { Refusal } from "@verbatim/protocol";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Rate } from "./bucket.ts";
import { Buckets } from "./buckets.ts";

/** Commands of one user that may wait; beyond, `busy`. */
export const READS_WAITING_MAX = 512;
/** When to try again then. */
const CROWDED_MS = 100;

/** A session whose subscriptions are behind. */
export interface CatchUpReader {
	/** It may read about a page now and must call `done`. Called within `enterCatchUp` if it need not wait. */
	mayRead(): void;
}

interface WaitingCommand {
	readonly go: () => void;
	readonly refuse: (refusal: Refusal) => void;
}

/** A user's reads, under way and waiting. */
class UserReads {
	underWay = 0;
	readonly commands: WaitingCommand[] = [];
	readonly catchUps = new Set<CatchUpReader>();
	timer: Cancel | undefined;
	/** Until then (monotonic ms), catch-up leaves the bucket to commands unless it has a whole page. */
	yieldsUntilMs: number | undefined;
}

export class ReadLimit {
	private readonly rate: Rate;
	private readonly pageBytesMax: number;
	private readonly clock: Pick<Clock, "monotonic" | "after">;
	private readonly buckets: Buckets;
	/** Of users with something under way or waiting. */
	private readonly users = new Map<string, UserReads>();

	/** `pageBytesMax`: about the largest answer. */
	constructor(rate: Rate, pageBytesMax: number, clock: Pick<Clock, "monotonic" | "after">) {
		this.rate = rate;
		this.pageBytesMax = pageBytesMax;
		this.clock = clock;
		this.buckets = new Buckets(rate, clock);
	}

	/** Users with something under way or waiting. */
	get size(): number {
		return this.users.size;
	}

	/** Resolves when a command of `user` may read; `done` must follow. Rejects with `Refusal` when the user has read too much. */
	async enter(user: string): Promise<void> {
		const waitMs = this.buckets.waitMs(user);
		if (waitMs > 0) throw tooMuch(waitMs);
		const reads = this.of(user);
		if (reads.commands.length === 0 && this.fits(user, reads, 1)) {
			reads.underWay++;
			return;
		}
		if (reads.commands.length >= READS_WAITING_MAX) throw new Refusal("busy", "too many commands under way", CROWDED_MS);
		await new Promise<void>((go, refuse) => reads.commands.push({ go, refuse }));
	}

	/** Calls `reader` once when it may read about a page for `user`, unless `leave` is called before. */
	enterCatchUp(user: string, reader: CatchUpReader): void {
		const reads = this.of(user);
		reads.catchUps.add(reader);
		this.advance(user, reads);
	}

	/** `reader` no longer waits. */
	leave(user: string, reader: CatchUpReader): void {
		const reads = this.users.get(user);
		if (reads?.catchUps.delete(reader) === true) this.advance(user, reads);
	}

	/** An admitted read has taken `bytes`. */
	done(user: string, bytes: number): void {
		const reads = this.of(user);
		if (bytes > 0) this.buckets.spend(user, bytes);
		reads.underWay--;
		this.advance(user, reads);
	}

	private of(user: string): UserReads {
		let reads = this.users.get(user);
		if (reads === undefined) {
			reads = new UserReads();
			this.users.set(user, reads);
		}
		return reads;
	}

	/** Does the bucket have `bytes` beyond a whole page for each read under way? With none under way, a burst is enough. */
	private fits(user: string, { underWay }: UserReads, bytes: number): boolean {
		const { burst } = this.rate;
		const due = underWay * this.pageBytesMax + bytes;
		return (underWay === 0 || due <= burst) && this.buckets.waitMs(user, Math.min(due, burst)) === 0;
	}

	/** Admits what may read now, commands first. Reentrant: a reader with nothing left to read calls `done` within `mayRead`. */
	private advance(user: string, reads: UserReads): void {
		this.advanceCommands(user, reads);
		for (const reader of reads.catchUps) {
			if (reads.commands.length > 0 || !this.fits(user, reads, this.catchUpNeeds(reads))) break;
			reads.catchUps.delete(reader);
			reads.underWay++;
			reads.yieldsUntilMs = undefined;
			reader.mayRead();
		}
		this.advanceLater(user, reads);
	}

	private advanceCommands(user: string, reads: UserReads): void {
		for (let next = reads.commands[0]; next !== undefined; next = reads.commands[0]) {
			const waitMs = this.buckets.waitMs(user);
			if (waitMs === 0 && !this.fits(user, reads, 1)) return;
			reads.commands.shift();
			if (waitMs > 0) {
				next.refuse(tooMuch(waitMs));
			} else {
				reads.underWay++;
				next.go();
			}
		}
	}

	/** Bytes that catch-up waits for: a page, which leaves tokens to the client's commands; after a while any, so that it makes progress. */
	private catchUpNeeds({ yieldsUntilMs }: UserReads): number {
		const yields = yieldsUntilMs === undefined || this.clock.monotonic() < yieldsUntilMs;
		return yields ? Math.min(this.pageBytesMax, this.rate.burst) : 1;
	}

	/** Sets a timer for catch-up that waits only for the refill. */
	private advanceLater(user: string, reads: UserReads): void {
		reads.timer?.();
		reads.timer = undefined;
		const waitMs = reads.catchUps.size === 0 ? 0 : this.buckets.waitMs(user, this.catchUpNeeds(reads));
		if (waitMs > 0) {
			reads.yieldsUntilMs ??= this.clock.monotonic() + waitMs;
			reads.timer = this.clock.after(waitMs, () => {
				reads.timer = undefined;
				this.advance(user, reads);
			});
		}
		if (reads.underWay === 0 && reads.commands.length === 0 && reads.catchUps.size === 0) this.users.delete(user);
	}
}

function tooMuch(waitMs: number): Refusal {
	return new Refusal("rate_limited", "you read more than one user may at once; slow down", waitMs);
}
