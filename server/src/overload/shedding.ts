// Load shedding as the rest of the server sees it: one comparison with the level; a refusal says when to retry.
import { Refusal } from "@verbatim/protocol";
import type { Random } from "../base/clock.ts";
import type { LabeledCounter } from "../base/metrics.ts";
import { RETRY_AFTER_MS, type Refusable, SHED_FROM, type Sheddable } from "./levels.ts";

export interface Shedding {
	/** Is `what` shed now? */
	sheds(what: Sheddable): boolean;
	/** Throws `Refusal` `busy`, with when to retry, if it is. */
	refuseIfShed(what: Refusable): void;
}

export class LevelShedding implements Shedding {
	/** Set by overload/watch.ts. */
	level = 0;
	private readonly random: Pick<Random, "float">;
	private readonly refused: LabeledCounter;

	constructor(random: Pick<Random, "float">, refused: LabeledCounter) {
		this.random = random;
		this.refused = refused;
	}

	sheds(what: Sheddable): boolean {
		return this.level >= SHED_FROM[what];
	}

	refuseIfShed(what: Refusable): void {
		if (this.level < SHED_FROM[what]) return;
		this.refused.add(what);
		throw new Refusal("busy", WORDS[what], Math.ceil(RETRY_AFTER_MS * (1 + this.random.float())));
	}
}

const WORDS: { readonly [S in Refusable]: string } = {
	history: "the server has more to do than it can; what is old waits, ask again later",
	logins: "the server has more to do than it can; who was inside comes in first, try again later",
	sends: "the server has more to do than it can; nothing of this was kept, send it again later",
};
