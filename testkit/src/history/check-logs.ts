// S2: a log is dense, 1 to n. S5: it holds a send once. S8: it keeps the order of one client's sends. S9: senders are members.

import type { Sends } from "./check-sends.ts";
import type { EntryFacts, History } from "./events.ts";
import type { FinalLogs, Incarnation } from "./final-logs.ts";
import type { MemberHistory } from "./member-history.ts";
import type { Report } from "./verdict.ts";

export function checkLogs(truth: FinalLogs, sends: Sends, membership: MemberHistory, report: Report): void {
	const seen = new Map<string, { readonly entry: EntryFacts; readonly room: string; readonly place: number }>();
	for (const log of truth.logs) {
		dense(log, report);
		for (const entry of log.entries) {
			if (entry === undefined || entry.cid === "") continue;
			if (entry.what === "message" && !membership.wasMember(entry.sender, log.room, entry.seq)) {
				const words = `${entry.sender} said ${JSON.stringify(entry.text)} in ${log.room} at ${entry.seq} without being a member`;
				report.add({ clause: "S9", words, events: [...sends.places(entry.cid), log.place] });
			}
			const name = `${entry.sender} ${entry.cid}`;
			const first = seen.get(name);
			if (first === undefined) seen.set(name, { entry, room: log.room, place: log.place });
			else
				report.add({
					clause: "S5",
					damage: "doubled",
					words: `${entry.cid} of ${entry.sender} stands in ${first.room} at ${first.entry.seq} and in ${log.room} at ${entry.seq}`,
					events: [...new Set([...sends.places(entry.cid), first.place, log.place])],
				});
		}
		spokenOrder(log, sends, report);
	}
}

/** Recorded commits must be dense as well, whatever happened to the log later. */
export function checkCommits(history: History, report: Report): void {
	const heads = new Map<string, { readonly head: number; readonly place: number }>();
	for (const [place, event] of history.entries()) {
		if (event.kind === "restored") heads.set(`${event.room} ${event.epoch}`, { head: event.head, place });
		if (event.kind !== "commit") continue;
		const name = `${event.room} ${event.epoch}`;
		const before = heads.get(name);
		if (event.from !== (before?.head ?? 0) + 1 || event.to < event.from) {
			report.add({
				clause: "S2",
				words: `${event.room} committed ${event.from} to ${event.to} after ${before?.head ?? 0}`,
				events: before === undefined ? [place] : [before.place, place],
			});
		}
		heads.set(name, { head: event.to, place });
	}
}

function dense(log: Incarnation, report: Report): void {
	for (const [i, entry] of log.entries.entries()) {
		if (entry?.seq === i + 1) continue;
		report.add({
			clause: "S2",
			words: `the log of ${log.room} has ${entry === undefined ? "nothing" : entry.seq} at place ${i + 1}`,
			events: [log.place],
		});
		return;
	}
}

function spokenOrder(log: Incarnation, sends: Sends, report: Report): void {
	/** The newest said of each device, in this room. */
	const last = new Map<string, { readonly order: number; readonly entry: EntryFacts }>();
	for (const entry of log.entries) {
		const send = entry === undefined || entry.cid === "" ? undefined : sends.of(entry.cid);
		if (entry === undefined || send === undefined || send.room !== log.room || send.retried) continue;
		const before = last.get(send.session);
		if (before !== undefined && before.order > send.place) {
			report.add({
				clause: "S8",
				damage: "reordered",
				words: `${send.session} said ${JSON.stringify(entry.text)} before ${JSON.stringify(before.entry.text)}, but the log has it after (${before.entry.seq}, ${entry.seq})`,
				events: [send.place, before.order, log.place],
			});
		} else {
			last.set(send.session, { order: send.place, entry });
		}
	}
}
