// The checker of recorded histories: S1 to S12 and, after a `healed` event, L1 to L4. Pure, and linear in the number of events: seqs are
// dense and cids unique, so each event is compared with one other.
//
// Used for the simulator and for real processes. A clause whose events were not recorded is not checked: S3 needs `commit`, L1 and L2 need
// `healed`, most others need a `log` at the end.

import { checkCommits, checkLogs } from "./check-logs.ts";
import { checkHandles, checkPages, checkStates } from "./check-pages-and-state.ts";
import { Readings } from "./check-readings.ts";
import { Sends } from "./check-sends.ts";
import type { History } from "./events.ts";
import { FinalLogs } from "./final-logs.ts";
import { MemberHistory } from "./member-history.ts";
import { Report, type Verdict } from "./verdict.ts";

export function check(history: History): Verdict {
	const report = new Report();
	const truth = new FinalLogs(history);
	const membership = new MemberHistory(truth);
	const sends = new Sends(history, truth, report);
	for (const { room, entries, place } of truth.logs) {
		for (const entry of entries) if (entry !== undefined) sends.mayBe(entry, room, place, false, report);
	}
	checkLogs(truth, sends, membership, report);
	checkCommits(history, report);
	const readings = new Readings(truth, sends, membership, report);
	readings.judge(history);
	checkPages(history, report);
	checkStates(history, truth, membership, report);
	checkHandles(history, report);
	if (history.some(({ kind }) => kind === "healed")) {
		sends.judgeEndings(report);
		readings.judgeEndings();
	}
	return report.verdict(sends.counts());
}
