// The short form of `npm run crash -- --rounds 300`.
import { expect, test } from "bun:test";
import { crash } from "../src/crash/crash.ts";

const ROUNDS = 8;

test("SIGKILL at random moments loses nothing acknowledged, doubles nothing, and leaves every reader with 1..n", async () => {
	const seed = Math.floor(Math.random() * 2 ** 31);
	const report = await crash({ rounds: ROUNDS, seed });
	// A run in which nothing was said would prove nothing.
	expect(report.acknowledged).toBeGreaterThan(ROUNDS);
	expect({ seed, lost: report.lost, doubled: report.doubled, holes: report.holes, examples: report.examples }).toEqual({
		seed,
		lost: 0,
		doubled: 0,
		holes: 0,
		examples: [],
	});
}, 180_000);
