// Coverage of one input, and whether it is new. Hit counts per branch in AFL's buckets (1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127,
// more), so that one more iteration of a loop is not new and a hundred are.
//
// Besides branches, a target reports an outcome for each input (`refused invalid`), which counts as coverage too. Without instrumented
// code outcomes are the only coverage.

/** Where instrumented files find their counters. */
export const EDGES_NAME = "__verbatimEdges";
export const EDGES_MAX = 16_384;

/** Made before any instrumented file is loaded: they take it as they load. */
const edges: Uint8Array = counters();

/** Coverage of one target so far. */
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

	/** Call before feeding an input. */
	begin(): void {
		edges.fill(0);
	}

	/** Call after it: true if it covered something new, which is recorded. */
	isNew(outcome: string): boolean {
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
