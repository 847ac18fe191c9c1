// The order in which hellos are looked at. While there is room each is at once; otherwise they wait in two lanes, and whoever comes
// back goes ahead of whoever was never inside: after a cut the ones who were talking are in again first. A stranger's hello can cost
// a hash or a write, so strangers have only half of the places: a crowd of them never holds up a single one who comes back.
//
// Both lanes are bounded, and nobody waits for ever: the hello's deadline ends who was not reached in time.
import { type Hello, Refusal } from "@verbatim/protocol";
import { COME_BACK_MS } from "../overload/levels.ts";
import type { Shedding } from "../overload/shedding.ts";

export type Lane = "back" | "fresh";

export interface HelloLimits {
	/** Looked at side by side, in all. */
	readonly atOnceMax: number;
	/** Of them strangers. */
	readonly freshAtOnceMax: number;
	/** Waiting in each lane; beyond: `busy`. */
	readonly waitingMax: number;
}

export const HELLO_LIMITS: HelloLimits = { atOnceMax: 1_024, freshAtOnceMax: 512, waitingMax: 20_000 };

/** Who shows a token was let in before. */
export function laneOf(credential: Hello["credential"]): Lane {
	return credential.case === "token" || credential.case === "refresh" ? "back" : "fresh";
}

export class HelloQueue {
	private readonly limits: HelloLimits;
	private readonly shedding: Shedding;
	private readonly inside = { back: 0, fresh: 0 };
	private readonly lanes: { readonly [L in Lane]: Array<() => void> } = { back: [], fresh: [] };

	constructor(shedding: Shedding, limits: HelloLimits = HELLO_LIMITS) {
		this.shedding = shedding;
		this.limits = limits;
	}

	/** Hellos that wait for their turn. */
	get waiting(): number {
		return this.lanes.back.length + this.lanes.fresh.length;
	}

	/**
	 * A hello has come. Undefined: it may be looked at now; otherwise when the promise resolves. `done` follows in both cases.
	 * Throws `Refusal` `busy`; then it does not.
	 */
	enter(lane: Lane): Promise<void> | undefined {
		if (lane === "fresh") this.shedding.mayRefuse("logins");
		if (this.mayGo(lane)) {
			this.inside[lane]++;
			return undefined;
		}
		if (this.lanes[lane].length >= this.limits.waitingMax)
			throw new Refusal("busy", "too many are coming in just now", COME_BACK_MS);
		return new Promise((resolve) => this.lanes[lane].push(resolve));
	}

	/** It has been looked at, or is not there any more. */
	done(lane: Lane): void {
		this.inside[lane]--;
		for (const next of ["back", "fresh"] as const) {
			while (this.mayGo(next)) {
				const go = this.lanes[next].shift();
				if (go === undefined) break;
				this.inside[next]++;
				go();
			}
		}
	}

	private mayGo(lane: Lane): boolean {
		const { inside, limits } = this;
		return inside.back + inside.fresh < limits.atOnceMax && (lane === "back" || inside.fresh < limits.freshAtOnceMax);
	}
}
