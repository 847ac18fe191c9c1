// Gives each draft to a lane: to the one that has drafts of the same room or user, so that these stay in order and no two lanes wait for each
// other's rows; otherwise to a free one. A draft with keys of two lanes is held until one of them is done, and so are later drafts of the
// same keys.
import type { Batches } from "../batches.ts";
import { Idle } from "../idle.ts";
import type { Draft, Outcome } from "../store.ts";
import { keysOf } from "./keys.ts";

export interface RoutedLane {
	readonly batches: Batches;
	readonly isReady: boolean;
}

/** A lane that has so many drafts waiting is left alone, if another has fewer: small batches cost more a draft than large ones. */
const FULL_ENOUGH = 64;

/** The drafts of one key that its lane has. */
interface Claim {
	readonly lane: number;
	drafts: number;
}

interface HeldDraft {
	readonly draft: Draft;
	readonly keys: readonly string[];
	readonly resolve: (outcome: Outcome) => void;
}

export class Router {
	private readonly lanes: readonly RoutedLane[];
	private readonly draftsWaitingMax: number;
	private readonly enough: number;
	private readonly claims = new Map<string, Claim>();
	private held: HeldDraft[] = [];
	/** The keys of what is held. */
	private heldKeys = new Set<string>();
	private isLooking = false;
	private under = 0;
	private isClosed = false;
	private readonly idle = new Idle();

	/** `enough`: drafts waiting in a lane at which the next one is used. */
	constructor(lanes: readonly RoutedLane[], draftsWaitingMax: number, enough = FULL_ENOUGH) {
		this.lanes = lanes;
		this.enough = enough;
		this.draftsWaitingMax = draftsWaitingMax;
	}

	append(draft: Draft): Promise<Outcome> {
		if (this.isClosed) return Promise.resolve({ ok: false, code: "unavailable" });
		if (this.under >= this.draftsWaitingMax && this.waiting >= this.draftsWaitingMax) {
			return Promise.resolve({ ok: false, code: "busy" });
		}
		const keys = keysOf(draft);
		this.under++;
		const lane = this.laneOf(keys);
		if (lane !== undefined) return this.give(draft, keys, lane);
		const { promise, resolve } = Promise.withResolvers<Outcome>();
		this.hold({ draft, keys, resolve });
		return promise;
	}

	/** Drafts that wait for a batch. */
	get waiting(): number {
		return this.lanes.reduce((sum, { batches }) => sum + batches.stats().waiting, this.held.length);
	}

	/** Takes nothing more and resolves when what was taken is done. */
	close(): Promise<void> {
		this.isClosed = true;
		return this.under > 0 ? this.idle.wait() : Promise.resolve();
	}

	private async give(draft: Draft, keys: readonly string[], lane: number): Promise<Outcome> {
		for (const key of keys) {
			const claim = this.claims.get(key);
			if (claim === undefined) this.claims.set(key, { lane, drafts: 1 });
			else claim.drafts++;
		}
		const outcome = await (this.lanes[lane] as RoutedLane).batches.append(draft);
		for (const key of keys) this.release(key);
		if (this.held.length > 0) this.look();
		if (--this.under === 0) this.idle.reached();
		return outcome;
	}

	private release(key: string): void {
		const claim = this.claims.get(key);
		if (claim !== undefined && --claim.drafts === 0) this.claims.delete(key);
	}

	/** The lane that has drafts of these keys, a free one if none has; undefined if two have, or if some of the same are held. */
	private laneOf(keys: readonly string[]): number | undefined {
		let lane: number | undefined;
		for (const key of keys) {
			if (this.heldKeys.has(key)) return undefined;
			const claim = this.claims.get(key);
			if (claim === undefined) continue;
			if (lane !== undefined && lane !== claim.lane) return undefined;
			lane = claim.lane;
		}
		return lane ?? this.freeLane();
	}

	/** The first with little to do, so that few drafts make one batch; else the one with the least. */
	private freeLane(): number {
		let best = 0;
		let least = Number.POSITIVE_INFINITY;
		for (const [i, { batches, isReady }] of this.lanes.entries()) {
			const { waiting } = batches.stats();
			if (isReady && waiting < this.enough) return i;
			const load = isReady ? waiting : waiting + Number.MAX_SAFE_INTEGER / 2;
			if (load < least) [best, least] = [i, load];
		}
		return best;
	}

	private hold(one: HeldDraft): void {
		this.held.push(one);
		for (const key of one.keys) this.heldKeys.add(key);
	}

	/** Once for all that is done in this turn. */
	private look(): void {
		if (this.isLooking) return;
		this.isLooking = true;
		void Promise.resolve().then(() => {
			this.isLooking = false;
			const { held } = this;
			this.held = [];
			this.heldKeys = new Set();
			for (const one of held) {
				const lane = this.laneOf(one.keys);
				if (lane === undefined) this.hold(one);
				else void this.give(one.draft, one.keys, lane).then(one.resolve);
			}
		});
	}
}
