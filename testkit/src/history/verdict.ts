// The result of a check: counts as in Jepsen, and violations with their clause and the events that prove them.
import { type History, render } from "./events.ts";

/** The clauses of docs/reliability.md. */
export type Clause =
	| "S1"
	| "S2"
	| "S3"
	| "S4"
	| "S5"
	| "S6"
	| "S7"
	| "S8"
	| "S9"
	| "S10"
	| "S11"
	| "S12"
	| "L1"
	| "L2"
	| "L3"
	| "L4";

export type Damage = "lost" | "doubled" | "reordered" | "phantom";

export interface Violation {
	readonly clause: Clause;
	readonly damage?: Damage;
	readonly words: string;
	/** Indices of the fewest events that prove it, in order. */
	readonly events: readonly number[];
}

export interface Counts {
	/** Sends that were begun. */
	readonly attempted: number;
	readonly acknowledged: number;
	/** Neither acknowledged nor refused for good. */
	readonly unknown: number;
	/** Acknowledged and not in the log, or never delivered to a reader. */
	readonly lost: number;
	/** In a log, or delivered to a reader, more than once. */
	readonly doubled: number;
	/** Logged in another order than sent, or delivered in another order than logged. */
	readonly reordered: number;
	/** Delivered or logged although not sent, or before it was durable. */
	readonly phantom: number;
}

export interface Verdict {
	readonly ok: boolean;
	readonly counts: Counts;
	/** In the order in which they were found; no more than `VIOLATIONS_MAX` are kept. */
	readonly violations: readonly Violation[];
	/** All violations, by clause. */
	readonly byClause: Readonly<Partial<Record<Clause, number>>>;
}

/** Kept with their evidence; beyond, they are counted only. */
export const VIOLATIONS_MAX = 100;

/** Collects violations while the clauses are judged. */
export class Report {
	private readonly violations: Violation[] = [];
	private readonly byClause: Partial<Record<Clause, number>> = {};
	private readonly damages: Record<Damage, number> = { lost: 0, doubled: 0, reordered: 0, phantom: 0 };

	add(violation: Violation): void {
		if (this.violations.length < VIOLATIONS_MAX) this.violations.push(violation);
		this.byClause[violation.clause] = (this.byClause[violation.clause] ?? 0) + 1;
		if (violation.damage !== undefined) this.damages[violation.damage]++;
	}

	verdict(sends: Pick<Counts, "attempted" | "acknowledged" | "unknown">): Verdict {
		const { violations, byClause } = this;
		return { ok: violations.length === 0, counts: { ...sends, ...this.damages }, violations, byClause };
	}
}

/** The shortest excerpt that shows the first violation with the fewest events; empty if all is well. */
export function excerpt(history: History, verdict: Verdict): string {
	let shortest: Violation | undefined;
	for (const violation of verdict.violations) {
		if (shortest === undefined || violation.events.length < shortest.events.length) shortest = violation;
	}
	return shortest === undefined ? "" : explain(history, shortest);
}

/** One violation in words, with the lines of its events. */
export function explain(history: History, { clause, words, events }: Violation): string {
	const lines = [...events]
		.sort((a, b) => a - b)
		.map((place) => {
			const event = history[place];
			return event === undefined ? "" : `  ${String(place).padStart(6)} ${render(event)}`;
		});
	return [`${clause}: ${words}`, ...lines].join("\n");
}
