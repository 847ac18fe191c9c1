// The short form of `npm run chaos -- --minutes 10`.
import { expect, test } from "bun:test";
import { planForSeed, runChaos, UNSUPPORTED_FAULTS } from "../src/chaos/chaos-run.ts";
import { DISK_LIMIT_AVAILABLE, DISK_LIMIT_REQUIREMENT } from "../src/chaos/chaos-server.ts";
import { FAULT_KINDS, generatePlan } from "../src/chaos/plan.ts";
import { CLOCK_CONTROL_AVAILABLE, CLOCK_CONTROL_REQUIREMENT } from "../src/chaos/wall-clock.ts";

const SEED = 20_261;

test("a plan is a function of its seed and holds every kind of fault, however short", () => {
	for (const seed of [1, 2, 3]) {
		const plan = generatePlan(seed, 0);
		expect(generatePlan(seed, 0)).toEqual(plan);
		expect(new Set(plan.faults.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
	}
});

test("real processes keep every promise through every kind of fault", async () => {
	const plan = planForSeed(SEED, 0);
	const { verdict, troubles, faults, artifacts } = await runChaos({ plan });
	expect({ artifacts, troubles, violations: verdict.violations }).toEqual({ artifacts: undefined, troubles: [], violations: [] });
	expect(new Set(Object.keys(faults))).toEqual(new Set(FAULT_KINDS.filter((kind) => !UNSUPPORTED_FAULTS.includes(kind))));
	// A run without sends would prove nothing.
	expect(verdict.counts.acknowledged).toBeGreaterThan(100);
}, 300_000);

// Parts of the run above, named where this machine cannot do them.
test.skipIf(!DISK_LIMIT_AVAILABLE)(
	`the run includes full disks${DISK_LIMIT_AVAILABLE ? "" : ` (${DISK_LIMIT_REQUIREMENT})`}`,
	() => {
		expect(UNSUPPORTED_FAULTS).not.toContain("disk full");
	},
);

test.skipIf(!CLOCK_CONTROL_AVAILABLE)(
	`the run includes moved wall clocks${CLOCK_CONTROL_AVAILABLE ? "" : ` (${CLOCK_CONTROL_REQUIREMENT})`}`,
	() => {
		expect(UNSUPPORTED_FAULTS).not.toContain("server's clock moved");
	},
);
