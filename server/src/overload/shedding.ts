// What the rest of the server asks: is this let go of just now? One comparison; a refusal says when to come back.
import { Refusal } from "@verbatim/protocol";
import type { Random } from "../base/clock.ts";
import type { CountBy } from "../base/metrics.ts";
import { COME_BACK_MS, type Refusable, SHED_FROM, type Sheddable } from "./levels.ts";

export interface Shedding {
	/** Is `what` let go of? */
	sheds(what: Sheddable): boolean;
	/** Throws `Refusal` `busy`, with when to come back, if it is. */
	mayRefuse(what: Refusable): void;
}

/** A server that is never asked for too much: for tests and the simulator. */
export const NEVER_SHEDDING: Shedding = { sheds: () => false, mayRefuse() {} };

export class LevelShedding implements Shedding {
	/** Set by whoever watches the signals. */
	level = 0;
	private readonly random: Pick<Random, "float">;
	private readonly refused: CountBy;

	constructor(random: Pick<Random, "float">, refused: CountBy) {
		this.random = random;
		this.refused = refused;
	}

	sheds(what: Sheddable): boolean {
		return this.level >= SHED_FROM[what];
	}

	mayRefuse(what: Refusable): void {
		if (this.level < SHED_FROM[what]) return;
		this.refused.add(what);
		throw new Refusal("busy", WORDS[what], Math.ceil(COME_BACK_MS * (1 + this.random.float())));
	}
}

const WORDS: { readonly [S in Refusable]: string } = {
	history: "the server has more to do than it can; what is old waits, ask again later",
	logins: "the server has more to do than it can; who was inside comes in first, try again later",
	sends: "the server has more to do than it can; nothing of this was kept, send it again later",
};
