// The queue of hellos. Hellos beyond the concurrency limit wait in two lanes, and returning clients go before new ones: after an outage, users who
// were connected are back first. A new client's hello can cost a password hash or a write, so new ones get at most half of the places: however many
// they are, they do not delay a returning client.
//
// Both lanes are bounded, and the hello's deadline ends connections that wait too long.
import { type Hello, Refusal } from "@verbatim/protocol";
import { RETRY_AFTER_MS } from "../overload/levels.ts";
import type { Shedding } from "../overload/shedding.ts";

export type Lane = "returning" | "new";

export interface HelloLimits {
	/** Hellos processed concurrently. */
	readonly atOnceMax: number;
	/** Of them, of new clients. */
	readonly newAtOnceMax: number;
	/** Waiting in each lane; beyond: `busy`. */
	readonly waitingMax: number;
}

export const HELLO_LIMITS: HelloLimits = { atOnceMax: 1_024, newAtOnceMax: 512, waitingMax: 20_000 };

/** A client with a token was admitted before. */
export function laneOf(credential: Hello["credential"]): Lane {
	return credential.case === "token" || credential.case === "refresh" ? "returning" : "new";
}

export class HelloQueue {
	private readonly limits: HelloLimits;
	private readonly shedding: Shedding;
	private readonly underWay = { returning: 0, new: 0 };
	private readonly lanes: { readonly [L in Lane]: Array<() => void> } = { returning: [], new: [] };

	constructor(shedding: Shedding, limits: HelloLimits = HELLO_LIMITS) {
		this.shedding = shedding;
		this.limits = limits;
	}

	/** Hellos that wait. */
	get waiting(): number {
		return this.lanes.returning.length + this.lanes.new.length;
	}

	/**
	 * Enters a hello. Undefined: it may be processed now; otherwise when the promise resolves. `done` must follow in both cases, but not if this
	 * throws `Refusal` `busy`.
	 */
	enter(lane: Lane): Promise<void> | undefined {
		if (lane === "new") this.shedding.refuseIfShed("logins");
		if (this.mayGo(lane)) {
			this.underWay[lane]++;
			return undefined;
		}
		if (this.lanes[lane].length >= this.limits.waitingMax)
			throw new Refusal("busy", "too many are coming in just now", RETRY_AFTER_MS);
		return new Promise((resolve) => this.lanes[lane].push(resolve));
	}

	/** A hello that entered was processed, or its connection is gone. */
	done(lane: Lane): void {
		this.underWay[lane]--;
		for (const next of ["returning", "new"] as const) {
			while (this.mayGo(next)) {
				const go = this.lanes[next].shift();
				if (go === undefined) break;
				this.underWay[next]++;
				go();
			}
		}
	}

	private mayGo(lane: Lane): boolean {
		const { underWay, limits } = this;
		return underWay.returning + underWay.new < limits.atOnceMax && (lane === "returning" || underWay.new < limits.newAtOnceMax);
	}
}
