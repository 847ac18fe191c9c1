// The outcome of every send. S1: acknowledged is durable, at exactly that seq. S5: one seq per cid. S6: every entry in a log was sent and
// not refused. L1: every send has an outcome.
import type { EntryFacts, History, HistoryEvent } from "./events.ts";
import type { FinalLogs } from "./final-logs.ts";
import type { Counts, Report } from "./verdict.ts";

type Of<K extends HistoryEvent["kind"]> = Extract<HistoryEvent, { readonly kind: K }>;

interface Send {
	readonly session: string;
	readonly user: string;
	readonly room: string;
	readonly text: string;
	/** Of its `invoke`. */
	readonly place: number;
	ok: { readonly event: Of<"ok">; readonly place: number } | undefined;
	fail: { readonly place: number; readonly code: string } | undefined;
	given: boolean;
	/** The user has sent it again: it may be in either place of the order. */
	retried: boolean;
}

export class Sends {
	private readonly byCid = new Map<string, Send>();
	private acknowledged = 0;

	constructor(history: History, truth: FinalLogs, report: Report) {
		const heads = new Map<string, number>();
		for (const [place, event] of history.entries()) {
			switch (event.kind) {
				case "invoke": {
					const { session, user, room, text } = event;
					const send: Send = { session, user, room, text, place, ok: undefined, fail: undefined, given: false, retried: false };
					if (!this.byCid.has(event.cid)) this.byCid.set(event.cid, send);
					break;
				}
				case "ok":
					this.ok(event, place, truth, heads, report);
					break;
				case "fail": {
					const send = this.byCid.get(event.cid);
					if (send !== undefined) send.fail = { place, code: event.code };
					break;
				}
				case "unknown": {
					const send = this.byCid.get(event.cid);
					if (send !== undefined) send.given = true;
					break;
				}
				case "retry": {
					const send = this.byCid.get(event.cid);
					if (send !== undefined) send.retried = true;
					break;
				}
				case "commit":
					heads.set(`${event.room} ${event.epoch}`, event.to);
					break;
				case "restored":
					heads.set(`${event.room} ${event.epoch}`, event.head);
					break;
				default:
			}
		}
	}

	of(cid: string): Send | undefined {
		return this.byCid.get(cid);
	}

	/** Of its invoke and its ending. */
	places(cid: string): number[] {
		const send = this.byCid.get(cid);
		if (send === undefined) return [];
		return [send.place, send.ok?.place, send.fail?.place].filter((place) => place !== undefined);
	}

	counts(): Pick<Counts, "attempted" | "acknowledged" | "unknown"> {
		let unknown = 0;
		for (const { ok, fail } of this.byCid.values()) if (ok === undefined && fail === undefined) unknown++;
		return { attempted: this.byCid.size, acknowledged: this.acknowledged, unknown };
	}

	/**
	 * S6 of one entry in a log or a delivery; true if it may be there. `undone`: in an epoch that ended by a restore; its sends may be
	 * refused afterwards.
	 */
	mayBe(entry: EntryFacts, room: string, place: number, undone: boolean, report: Report): boolean {
		if (entry.what !== "message") return true;
		const send = this.byCid.get(entry.cid);
		let words = "";
		if (send === undefined) words = "was never said";
		else if (send.text !== entry.text) words = `was said as ${JSON.stringify(send.text)}`;
		else if (send.user !== entry.sender) words = `was said by ${send.user}`;
		else if (send.room !== room) words = `was said in ${send.room}`;
		else if (send.fail !== undefined && !undone) words = `was refused for good (${send.fail.code})`;
		else return true;
		report.add({
			clause: "S6",
			damage: "phantom",
			words: `${JSON.stringify(entry.text)} of ${entry.sender}, ${room} ${entry.seq}, ${words}`,
			events: [...this.places(entry.cid), place],
		});
		return false;
	}

	/** L1, once everything has healed. */
	judgeEndings(report: Report): void {
		for (const [cid, { text, place, ok, fail, given }] of this.byCid) {
			if (ok !== undefined || fail !== undefined || given) continue;
			report.add({ clause: "L1", words: `${JSON.stringify(text)} (${cid}) was never answered`, events: [place] });
		}
	}

	private ok(event: Of<"ok">, place: number, truth: FinalLogs, heads: ReadonlyMap<string, number>, report: Report): void {
		const { cid, room, epoch, seq } = event;
		const send = this.byCid.get(cid);
		if (send === undefined) return;
		if (send.ok === undefined) {
			this.acknowledged++;
			send.ok = { event, place };
		} else if (send.ok.event.epoch === epoch && (send.ok.event.seq !== seq || send.ok.event.room !== room)) {
			const words = `${cid} was acknowledged at ${send.ok.event.seq} and at ${seq}`;
			report.add({ clause: "S5", damage: "doubled", words, events: [send.place, send.ok.place, place] });
		}
		if (truth.commitsKnown && seq > (heads.get(`${room} ${epoch}`) ?? 0)) {
			const words = `${cid} was acknowledged at ${room} ${seq} before that was committed`;
			report.add({ clause: "S1", damage: "phantom", words, events: [send.place, place] });
		}
		const log = truth.of(room, epoch);
		// Entries that a restore has removed do not count as lost.
		if (log === undefined || (!log.final && seq > log.kept)) return;
		const there = log.entries[seq - 1];
		if (there !== undefined && there.cid === cid && there.text === send.text) return;
		const found = there === undefined ? "nothing" : `${JSON.stringify(there.text)} (${there.cid})`;
		report.add({
			clause: "S1",
			damage: "lost",
			words: `${JSON.stringify(send.text)} was acknowledged at ${room} ${seq}, where the log has ${found}`,
			events: [send.place, place, log.place],
		});
	}
}
