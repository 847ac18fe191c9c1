// Deliveries to readers. S2: the same for all. S3: nothing before its commit. S4: dense, or reported as skipped. S9: nothing after a leave.
// S11: no other epoch without a report. L2: all reach the head.

import type { Sends } from "./check-sends.ts";
import type { EntryFacts, History, HistoryEvent } from "./events.ts";
import { type FinalLogs, sameEntry } from "./final-logs.ts";
import type { MemberHistory } from "./member-history.ts";
import type { Report } from "./verdict.ts";

type Of<K extends HistoryEvent["kind"]> = Extract<HistoryEvent, { readonly kind: K }>;

interface Reading {
	readonly name: string;
	readonly user: string;
	room: string;
	epoch: number;
	/** Everything up to here was delivered, skipped, or not requested. */
	at: number;
	/** Of the event that said so. */
	place: number;
	ended: boolean;
	/** Missing so far, not reported as skipped. */
	readonly missing: Set<number>;
}

/** Seqs kept of a gap, to tell late entries from duplicates. */
const HOLE_MAX = 10_000;

export class Readings {
	private readonly truth: FinalLogs;
	private readonly sends: Sends;
	private readonly membership: MemberHistory;
	private readonly report: Report;
	private readonly byName = new Map<string, Reading>();
	private readonly heads = new Map<string, number>();

	constructor(truth: FinalLogs, sends: Sends, membership: MemberHistory, report: Report) {
		this.truth = truth;
		this.sends = sends;
		this.membership = membership;
		this.report = report;
	}

	judge(history: History): void {
		for (const [place, event] of history.entries()) {
			switch (event.kind) {
				case "commit":
					this.heads.set(`${event.room} ${event.epoch}`, event.to);
					break;
				case "restored":
					this.heads.set(`${event.room} ${event.epoch}`, event.head);
					break;
				case "resume":
					this.resume(event, place);
					break;
				case "recv":
					this.recv(event, place);
					break;
				case "skipped":
					this.skipped(event, place);
					break;
				case "ended": {
					const reading = this.byName.get(event.reading);
					if (reading !== undefined) reading.ended = true;
					break;
				}
				case "page":
					this.page(event, place);
					break;
				default:
			}
		}
	}

	/** L2, once everything has healed. */
	judgeEndings(): void {
		for (const { name, room, epoch, at, place, ended } of this.byName.values()) {
			const log = this.truth.log(room);
			if (ended || log === undefined || (log.epoch === epoch && at >= log.entries.length)) continue;
			const words = `${name} stands at ${at} of epoch ${epoch}, the head of ${room} is ${log.entries.length} of ${log.epoch}`;
			this.report.add({ clause: "L2", damage: "lost", words, events: [place, log.place] });
		}
	}

	private resume({ reading: name, user, room, epoch, after }: Of<"resume">, place: number): void {
		this.byName.set(name, { name, user, room, epoch, at: after, place, ended: false, missing: new Set() });
	}

	private recv({ reading: name, room, epoch, entry }: Of<"recv">, place: number): void {
		const reading = this.byName.get(name);
		if (reading === undefined) return;
		const { seq } = entry;
		const events = [reading.place, place];
		if (reading.ended) {
			const words = `${name} had ended and was given ${room} ${seq}`;
			this.report.add({ clause: "S9", damage: "phantom", words, events });
		}
		if (epoch !== reading.epoch || room !== reading.room) {
			const words = `${name} read epoch ${reading.epoch} and was given ${seq} of epoch ${epoch} without a word`;
			this.report.add({ clause: "S11", words, events });
		} else if (seq !== reading.at + 1) {
			this.report.add({
				clause: "S4",
				damage: seq > reading.at ? "lost" : reading.missing.has(seq) ? "reordered" : "doubled",
				words: `${name} stood at ${reading.at} and was given ${seq}`,
				events,
			});
			for (let hole = reading.at + 1; hole < Math.min(seq, reading.at + HOLE_MAX); hole++) reading.missing.add(hole);
		}
		this.entry(entry, room, epoch, reading.user, name, place);
		reading.at = epoch === reading.epoch ? Math.max(seq, reading.at) : seq;
		reading.epoch = epoch;
		reading.place = place;
	}

	private skipped({ reading: name, room, epoch, from, to, why }: Of<"skipped">, place: number): void {
		const reading = this.byName.get(name);
		if (reading === undefined) return;
		const events = [reading.place, place];
		if (why !== "epoch" && epoch !== reading.epoch) {
			const words = `${name} read epoch ${reading.epoch}, and a skip leads into epoch ${epoch} without saying so`;
			this.report.add({ clause: "S11", words, events });
		} else if (why !== "epoch" && from !== reading.at + 1) {
			const words = `${name} stood at ${reading.at} and was told that ${room} ${from} to ${to} are left out`;
			this.report.add({ clause: "S4", damage: from > reading.at ? "lost" : "reordered", words, events });
		}
		reading.epoch = epoch;
		reading.at = to;
		reading.place = place;
	}

	private page({ session, user, room, epoch, from, to, entries }: Of<"page">, place: number): void {
		for (const [i, entry] of entries.entries()) {
			if (entry.seq !== from + i) {
				const words = `${session} asked for a page of ${room} and found ${entry.seq} where ${from + i} is due`;
				this.report.add({ clause: "S2", words, events: [place] });
				return;
			}
			if (!this.entry(entry, room, epoch, user, session, place)) return;
		}
		if (entries.length !== Math.max(0, to + 1 - from)) {
			const words = `a page of ${room} says ${from} to ${to} and holds ${entries.length}`;
			this.report.add({ clause: "S2", words, events: [place] });
		}
	}

	/** One delivered entry. */
	private entry(entry: EntryFacts, room: string, epoch: number, user: string, whose: string, place: number): boolean {
		const { seq } = entry;
		const head = this.heads.get(`${room} ${epoch}`) ?? 0;
		if (this.truth.commitsKnown && seq > head) {
			const words = `${whose} was given ${room} ${seq} when ${head} was the newest committed`;
			this.report.add({ clause: "S3", damage: "phantom", words, events: [place] });
			return false;
		}
		const log = this.truth.of(room, epoch);
		if (!this.sends.mayBe(entry, room, place, log?.final !== true, this.report)) return false;
		if (log !== undefined) {
			const there = log.entries[seq - 1];
			if (there === undefined && !log.final) {
				log.entries[seq - 1] = entry;
			} else if (there === undefined || !sameEntry(there, entry)) {
				const found = there === undefined ? "nothing" : `${there.what} ${JSON.stringify(there.text)}`;
				const words = `${whose} was given ${entry.what} ${JSON.stringify(entry.text)} as ${room} ${seq}, where the log has ${found}`;
				this.report.add({ clause: "S2", damage: "phantom", words, events: [place, log.place] });
				return false;
			}
		}
		if (!log?.final || this.membership.mayRead(user, room, seq, this.truth.commitsKnown ? head : undefined)) return true;
		const words = `${user} was given ${room} ${seq} after having left`;
		this.report.add({ clause: "S9", damage: "phantom", words, events: [place, log.place] });
		return false;
	}
}
