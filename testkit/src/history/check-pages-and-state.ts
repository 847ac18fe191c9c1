// S7: a page shows all that was acknowledged before its request, and no session sees a head go back. S10 and L4: the state that sessions
// show at the end is that of the log, and their presence is right. S12: a failed handle commits nothing. L3: bounds hold.
import type { History } from "./events.ts";
import type { FinalLogs } from "./final-logs.ts";
import type { MemberHistory } from "./member-history.ts";
import type { Report } from "./verdict.ts";

interface Known {
	readonly seq: number;
	readonly place: number;
}

export function checkPages(history: History, report: Report): void {
	/** By room and epoch: the newest acknowledged. */
	const acknowledged = new Map<string, Known>();
	/** By session, then by room and epoch: the newest head shown. */
	const shown = new Map<string, Map<string, Known>>();
	const asked = new Map<number, { readonly place: number; readonly due: ReadonlyMap<string, Known> }>();
	const newer = (map: Map<string, Known>, name: string, seq: number, place: number): void => {
		if (seq > (map.get(name)?.seq ?? 0)) map.set(name, { seq, place });
	};
	for (const [place, event] of history.entries()) {
		if (event.kind === "ok") newer(acknowledged, `${event.room} ${event.epoch}`, event.seq, place);
		else if (event.kind === "ask") {
			// The heads at the time of the request. Few rooms, so a copy is cheap.
			const due = new Map(acknowledged);
			for (const [name, known] of shown.get(event.session) ?? []) newer(due, name, known.seq, known.place);
			asked.set(event.ask, { place, due });
		} else if (event.kind === "page") {
			const { session, room, epoch, head } = event;
			const ask = asked.get(event.ask);
			const due = ask?.due.get(`${room} ${epoch}`);
			if (ask !== undefined && due !== undefined && head < due.seq) {
				const words = `${session} was shown ${head} as the head of ${room} after ${due.seq} was known`;
				report.add({ clause: "S7", damage: "lost", words, events: [due.place, ask.place, place] });
			}
			const own = shown.get(session) ?? new Map<string, Known>();
			shown.set(session, own);
			newer(own, `${room} ${epoch}`, head, place);
		}
	}
}

export function checkStates(history: History, truth: FinalLogs, membership: MemberHistory, report: Report): void {
	let online: ReadonlySet<string> | undefined;
	for (const event of history) if (event.kind === "online") online = new Set(event.users);
	for (const [place, event] of history.entries()) {
		if (event.kind === "state") {
			const log = truth.log(event.room);
			const members = membership.members(event.room);
			const wrong = difference(members, event.members);
			const name = membership.name(event.room);
			const events = log === undefined ? [place] : [place, log.place];
			if (wrong !== "")
				report.add({ clause: "S10", words: `${event.session} shows other members of ${event.room}: ${wrong}`, events });
			if (event.name !== name) {
				const words = `${event.session} calls ${event.room} ${JSON.stringify(event.name)}, its log ${JSON.stringify(name)}`;
				report.add({ clause: "S10", words, events });
			}
		} else if (event.kind === "presence" && online !== undefined) {
			const members = membership.members(event.room);
			const there = [...members].filter((user) => online.has(user) && event.unknown?.includes(user) !== true);
			const wrong = difference(new Set(there), event.online);
			if (wrong !== "")
				report.add({ clause: "L4", words: `${event.session} shows others online in ${event.room}: ${wrong}`, events: [place] });
		}
	}
}

export function checkHandles(history: History, report: Report): void {
	const broken = new Map<string, number>();
	for (const [place, event] of history.entries()) {
		if (event.kind === "broken") broken.set(event.handle, place);
		if (event.kind === "bound" && event.value > event.max) {
			report.add({ clause: "L3", words: `${event.what}: ${event.value}, at most ${event.max}`, events: [place] });
		}
		if (event.kind !== "commit" || event.handle === undefined) continue;
		const since = broken.get(event.handle);
		if (since === undefined) continue;
		const words = `${event.handle} failed a sync and committed ${event.room} ${event.from} to ${event.to} all the same`;
		report.add({ clause: "S12", words, events: [since, place] });
	}
}

/** What is missing and what is too much; empty if both are the same. */
function difference(due: ReadonlySet<string>, shown: readonly string[]): string {
	const all = new Set(shown);
	const missing = [...due].filter((each) => !all.has(each));
	const extra = shown.filter((each) => !due.has(each));
	return [missing.length > 0 ? `without ${missing.join(", ")}` : "", extra.length > 0 ? `with ${extra.join(", ")}` : ""]
		.filter((words) => words !== "")
		.join(", ");
}
