// The short form of `npm run crash -- --rounds 300`.
import { expect, test } from "bun:test";
import { runCrash } from "../src/crash/crash-run.ts";

const ROUNDS = 8;

async function survives(workers: number): Promise<void> {
	const seed = Math.floor(Math.random() * 2 ** 31);
	const { verdict } = await runCrash({ rounds: ROUNDS, seed, workers });
	// A run in which nothing was said would prove nothing.
	expect(verdict.counts.acknowledged).toBeGreaterThan(ROUNDS);
	expect({ seed, violations: verdict.violations }).toEqual({ seed, violations: [] });
}

test(
	"SIGKILL at random moments loses nothing acknowledged, doubles nothing, and leaves every reader with 1..n",
	() => survives(1),
	180_000,
);

test(
	"SIGKILL of a server with two workers loses nothing acknowledged, doubles nothing, and leaves every reader with 1..n",
	() => survives(2),
	180_000,
);
