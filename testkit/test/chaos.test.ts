// The short form of `npm run chaos -- --minutes 10`.
import { expect, test } from "bun:test";
import { chaos, IMPOSSIBLE, planOf } from "../src/chaos/chaos.ts";
import { DISK_CAN_FILL, DISK_MISSING } from "../src/chaos/chaos-server.ts";
import { drawPlan, FAULT_KINDS } from "../src/chaos/plan.ts";
import { CLOCKS_CAN_MOVE, CLOCKS_MISSING } from "../src/chaos/wall-clock.ts";

const SEED = 20_261;

test("a plan is a function of its seed and holds every kind of fault, however short", () => {
	for (const seed of [1, 2, 3]) {
		const plan = drawPlan(seed, 0);
		expect(drawPlan(seed, 0)).toEqual(plan);
		expect(new Set(plan.faults.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
	}
});

test("real processes keep every promise through every kind of fault", async () => {
	const plan = planOf(SEED, 0);
	const { verdict, troubles, faults, kept } = await chaos({ plan });
	expect({ kept, troubles, violations: verdict.violations }).toEqual({ kept: undefined, troubles: [], violations: [] });
	expect(new Set(Object.keys(faults))).toEqual(new Set(FAULT_KINDS.filter((kind) => !IMPOSSIBLE.includes(kind))));
	// A run in which nothing was said would prove nothing.
	expect(verdict.counts.acknowledged).toBeGreaterThan(100);
}, 300_000);

// Parts of the run above, named where this machine cannot do them.
test.skipIf(!DISK_CAN_FILL)(`the run includes full disks${DISK_CAN_FILL ? "" : ` (${DISK_MISSING})`}`, () => {
	expect(IMPOSSIBLE).not.toContain("disk full");
});

test.skipIf(!CLOCKS_CAN_MOVE)(`the run includes moved wall clocks${CLOCKS_CAN_MOVE ? "" : ` (${CLOCKS_MISSING})`}`, () => {
	expect(IMPOSSIBLE).not.toContain("server's clock moved");
});
