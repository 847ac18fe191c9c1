// Coverage-guided fuzzing of one target. Seeds and corpus are fed first; then known inputs are mutated and fed, and kept if they cover
// something new. Newer inputs are mutated more often. A run is a function of its seed if the target is a function of its input; targets on
// real sockets are nearly so.
import { SeededRandom } from "../random.ts";
import { readCorpus } from "./corpus.ts";
import { Coverage } from "./coverage.ts";
import { type Mutator, mutate } from "./mutate.ts";
import { failureKey, shrinkInput } from "./shrink-input.ts";
import type { OpenTarget, Target } from "./target.ts";
import type { Watched } from "./watchdog.ts";

export interface Failure {
	readonly target: string;
	readonly seed: number;
	/** Minimized. */
	readonly input: Uint8Array;
	readonly error: unknown;
	/** Inputs fed, and time spent on them, until it was met. */
	readonly inputs: number;
	readonly ms: number;
}

/** An input that takes longer is a failure (denial of service). Far above the pauses of a busy machine. */
const SLOW_MS = 2_000;
const SHRINK_MS = 5_000;
/** For each input that is to be kept. */
const TRIM_MS = 250;
/** This many of the newest inputs are picked as often as all others together. */
const NEWEST = 32;

export class Fuzzer {
	readonly target: Target;
	readonly seed: number;
	readonly coverage = new Coverage();
	/** Inputs fed so far. */
	fed = 0;
	/** Time spent on them, ms. */
	spentMs = 0;
	private readonly open: OpenTarget;
	private readonly watched: Watched | undefined;
	private readonly random: SeededRandom;
	private readonly mutator: Mutator;
	private readonly known: Uint8Array[] = [];
	private readonly untried: Uint8Array[];

	private constructor(
		target: Target,
		open: OpenTarget,
		seed: number,
		pieces: readonly Uint8Array[],
		watched: Watched | undefined,
	) {
		this.target = target;
		this.watched = watched;
		this.open = open;
		this.seed = seed;
		this.random = new SeededRandom(seed);
		this.untried = [new Uint8Array(0), ...(target.seeds?.() ?? []), ...readCorpus(target.name)];
		this.mutator = { random: this.random, bytesMax: target.bytesMax, pieces, other: () => this.pickKnown() };
	}

	/** `words`: literals of the code under test, as a dictionary. `watched`: notified of each input. */
	static async open(target: Target, seed: number, words: readonly string[], watched?: Watched): Promise<Fuzzer> {
		const pieces = [...words, ...(target.pieces ?? [])].map((piece) =>
			typeof piece === "string" ? new TextEncoder().encode(piece) : piece,
		);
		return new Fuzzer(target, await target.open(), seed, pieces, watched);
	}

	/** Size of the corpus. */
	get kept(): number {
		return this.known.length;
	}

	/** Feeds inputs for about `ms`, or the whole corpus and `count` more. Returns the first failure, minimized. */
	async run(limit: { readonly ms: number } | { readonly count: number }): Promise<Failure | undefined> {
		const beganMs = performance.now();
		const until = "count" in limit ? this.fed + this.untried.length + limit.count : Number.POSITIVE_INFINITY;
		const endsMs = "ms" in limit ? beganMs + limit.ms : Number.POSITIVE_INFINITY;
		try {
			while (this.fed < until && performance.now() < endsMs) {
				const input = this.untried.shift() ?? mutate(this.pickKnown(), this.mutator);
				const failure = await this.feed(input, true);
				if (failure === undefined) continue;
				const met = { inputs: this.fed, ms: this.spentMs + performance.now() - beganMs };
				return { ...(await this.small(input, failure.error)), ...met, target: this.target.name, seed: this.seed };
			}
		} finally {
			this.spentMs += performance.now() - beganMs;
		}
		return undefined;
	}

	/** Feeds this input alone. */
	async replay(input: Uint8Array): Promise<Failure | undefined> {
		const failure = await this.feed(input, false);
		return failure && { target: this.target.name, seed: this.seed, input, error: failure.error, inputs: 1, ms: 0 };
	}

	/** A minimal corpus: few and small inputs with the coverage of all. */
	async best(): Promise<Uint8Array[]> {
		const owner = new Map<number | string, Uint8Array>();
		for (const input of this.known.toSorted((a, b) => a.length - b.length))
			for (const place of await this.placesOf(input)) if (!owner.has(place)) owner.set(place, input);
		const best: Uint8Array[] = [];
		for (const input of new Set(owner.values())) {
			const own = [...owner].filter(([, its]) => its === input).map(([place]) => place);
			const trial = async (smaller: Uint8Array): Promise<string | undefined> => {
				const places = await this.placesOf(smaller);
				return own.every((place) => places.has(place)) ? "as good" : undefined;
			};
			best.push(await shrinkInput(input, trial, TRIM_MS));
		}
		return best;
	}

	async close(): Promise<void> {
		await this.open.close?.();
	}

	private async feed(input: Uint8Array, keep: boolean): Promise<{ readonly error: unknown } | undefined> {
		this.fed++;
		this.coverage.begin();
		this.watched?.begin(input);
		const beganMs = performance.now();
		try {
			// Awaited only if asynchronous: most targets are synchronous, a hundred thousand inputs a second.
			const answer = this.open.feed(input);
			const outcome = typeof answer === "string" ? answer : await answer;
			if (performance.now() - beganMs > SLOW_MS) await this.mustBeQuick(input);
			if (keep && this.coverage.isNew(outcome)) this.known.push(input);
			return undefined;
		} catch (error) {
			return { error };
		} finally {
			this.watched?.end();
		}
	}

	/** A second time: the machine may have been busy. */
	private async mustBeQuick(input: Uint8Array): Promise<void> {
		const beganMs = performance.now();
		await this.open.feed(input);
		const tookMs = Math.round(performance.now() - beganMs);
		if (tookMs > SLOW_MS) throw new Error(`slow: this input took ${tookMs} ms, twice`);
	}

	/** Branches, whatever the count, and outcomes. None for an input that fails. */
	private async placesOf(input: Uint8Array): Promise<Set<number | string>> {
		this.coverage.begin();
		try {
			const outcome = await this.open.feed(input);
			return new Set(Array.from(this.coverage.features(outcome), (it) => (typeof it === "number" ? it >>> 8 : it)));
		} catch {
			return new Set();
		}
	}

	private pickKnown(): Uint8Array {
		const { known, random } = this;
		const from = random.below(2) === 0 ? Math.max(0, known.length - NEWEST) : 0;
		return known[from + random.below(known.length - from)] ?? new Uint8Array(0);
	}

	/** Minimizes a failing input. */
	private async small(input: Uint8Array, error: unknown): Promise<Pick<Failure, "input" | "error">> {
		let last = error;
		const trial = async (candidate: Uint8Array): Promise<string | undefined> => {
			const failure = await this.feed(candidate, false);
			if (failure === undefined) return undefined;
			last = failure.error;
			return failureKey(failure.error);
		};
		const small = await shrinkInput(input, trial, SHRINK_MS);
		const failure = await this.feed(small, false);
		return { input: small, error: failure?.error ?? last };
	}
}
