// Judges a recorded history: S1 to S12 and, where it says that everything had healed, L1 to L4. Pure, and linear in the number
// of events: seqs are dense and cids unique, so each event is compared with one other.
//
// The same for the simulator and for real processes. What a recorder could not see is not judged: without `commit` events S3 is
// silent, without `healed` L1 and L2, without a `log` at the end most of the rest.
import type { History } from "./events.ts";
import { judgeCommits, judgeLogs } from "./logs.ts";
import { Membership } from "./membership.ts";
import { Readings } from "./readings.ts";
import { judgeHandles, judgePages, judgeStates } from "./rest.ts";
import { Sends } from "./sends.ts";
import { Truth } from "./truth.ts";
import { Report, type Verdict } from "./verdict.ts";

export function check(history: History): Verdict {
	const report = new Report();
	const truth = new Truth(history);
	const membership = new Membership(truth);
	const sends = new Sends(history, truth, report);
	for (const { room, entries, place } of truth.logs) {
		for (const entry of entries) if (entry !== undefined) sends.mayBe(entry, room, place, false, report);
	}
	judgeLogs(truth, sends, membership, report);
	judgeCommits(history, report);
	const readings = new Readings(truth, sends, membership, report);
	readings.judge(history);
	judgePages(history, report);
	judgeStates(history, truth, membership, report);
	judgeHandles(history, report);
	if (history.some(({ kind }) => kind === "healed")) {
		sends.judgeEndings(report);
		readings.judgeEndings();
	}
	return report.verdict(sends.counts());
}
