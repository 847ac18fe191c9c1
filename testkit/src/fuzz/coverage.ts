// What one input has touched, and whether that is new. Counters are those of AFL: per branch, how often in classes (1, 2, 3, 4 to
// 7, 8 to 15, 16 to 31, 32 to 127, more), so that a loop taken once more is not news and a loop taken a hundred times is.
//
// Beside branches there is the outcome that a target names for an input (`refused invalid`): where a door lies behind a network,
// it is the sharper word. Without instrumented code outcomes are all there is.

/** Where instrumented files find their counters. */
export const EDGES_NAME = "__verbatimEdges";
export const EDGES_MAX = 16_384;

/** Made before any instrumented file is loaded: they take it as they load. */
const edges: Uint8Array = counters();

/** What was seen so far, of one target. */
export class Coverage {
	/** By branch: the classes of counts seen, as bits. */
	private readonly seen = new Uint8Array(EDGES_MAX);
	private readonly outcomes = new Set<string>();
	private touched = 0;

	/** Branches touched so far. */
	get edges(): number {
		return this.touched;
	}

	/** Different outcomes so far. */
	get kinds(): number {
		return this.outcomes.size;
	}

	/** To be called before an input is fed. */
	begin(): void {
		edges.fill(0);
	}

	/** To be called after it: has it done anything that none did before? From now on it is known. */
	isNews(outcome: string): boolean {
		let news = false;
		for (const feature of this.features(outcome)) {
			if (typeof feature === "string") {
				if (this.outcomes.has(feature)) continue;
				this.outcomes.add(feature);
			} else {
				const edge = feature >>> 8;
				const known = this.seen[edge] ?? 0;
				if ((known & feature) !== 0) continue;
				if (known === 0) this.touched++;
				this.seen[edge] = known | (feature & 0xff);
			}
			news = true;
		}
		return news;
	}

	/** All that the input since `begin` has touched: branch × 256 + class, and its outcomes. */
	*features(outcome: string): Generator<number | string> {
		for (let i = 0; i < words.length; i++) {
			if (words[i] === 0) continue;
			for (let edge = i * 4; edge < i * 4 + 4; edge++) {
				const count = edges[edge] ?? 0;
				if (count > 0) yield (edge << 8) | classOf(count);
			}
		}
		if (outcome.includes(",")) yield* outcome.split(",");
		else if (outcome !== "") yield outcome;
	}
}

/** The same counters, four at a time: nearly all are 0. */
const words = new Uint32Array(edges.buffer);

function counters(): Uint8Array {
	const found = (globalThis as Record<string, unknown>)[EDGES_NAME];
	if (found instanceof Uint8Array) return found;
	const made = new Uint8Array(EDGES_MAX);
	(globalThis as Record<string, unknown>)[EDGES_NAME] = made;
	return made;
}

function classOf(count: number): number {
	if (count <= 3) return 1 << (count - 1);
	if (count < 8) return 8;
	if (count < 16) return 16;
	if (count < 32) return 32;
	return count < 128 ? 64 : 128;
}
