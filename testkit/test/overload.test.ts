// The short form of `npm run overload`.
import { expect, test } from "bun:test";
import { run } from "../src/overload/experiment.ts";
import { DETERMINISTIC } from "../src/overload/experiments/all.ts";
import { stormOf } from "../src/overload/experiments/storm.ts";

const SECONDS = 2;
/** A machine may be busy with other things: that service comes back is judged here, how fast by the long form. */
const RECOVERY_MS_MAX = 25_000;

test.each(DETERMINISTIC.map((experiment) => [experiment.name, experiment] as const))(
	"twice the load of what holds (%s): nothing acknowledged is lost or doubled, memory is bounded, each refusal says when, service comes back",
	async (_name, experiment) => {
		const { failures, untimed, lost, doubled, violations } = await run(experiment, SECONDS, RECOVERY_MS_MAX);
		expect({ failures, untimed, lost, doubled, violations }).toEqual({
			failures: [],
			untimed: 0,
			lost: 0,
			doubled: 0,
			violations: [],
		});
	},
	120_000,
);

test("pages that come back to one large room at once ask for no more than has changed, and each has what it missed, once and in order", async () => {
	const small = stormOf({ clients: 150, rooms: 10, missed: 20, ratioMax: Number.POSITIVE_INFINITY });
	const { failures, offered, done } = await run(small, SECONDS, RECOVERY_MS_MAX);
	expect({ failures, offered, done }).toEqual({ failures: [], offered: 450, done: 450 });
}, 120_000);
