// Who may read what, by the log's own joins and leaves: S9. A new member may read older entries, so entries between a leave and the next
// join may be delivered, but not before that join.
import type { EntryFacts } from "./events.ts";
import type { FinalLogs } from "./final-logs.ts";

interface Change {
	readonly seq: number;
	readonly member: boolean;
}

export class MemberHistory {
	private readonly changes = new Map<string, Change[]>();
	private readonly atEnd = new Map<string, { readonly members: Set<string>; name: string }>();

	constructor(truth: FinalLogs) {
		for (const { room, entries } of truth.logs) {
			const end = { members: new Set<string>(), name: "" };
			this.atEnd.set(room, end);
			for (const entry of entries) {
				if (entry === undefined) continue;
				if (entry.what === "created" || entry.what === "renamed") end.name = entry.text;
				const change = changeOf(entry);
				if (change === undefined) continue;
				if (change.member) end.members.add(entry.sender);
				else end.members.delete(entry.sender);
				const name = `${entry.sender} ${room}`;
				const known = this.changes.get(name);
				if (known === undefined) this.changes.set(name, [change]);
				else known.push(change);
			}
		}
	}

	/** May `user` be given `seq` of `room` when the log ends at `head` (undefined: at an unknown place)? */
	mayRead(user: string, room: string, seq: number, head: number | undefined): boolean {
		const changes = this.changes.get(`${user} ${room}`);
		// Unknown user, for instance of a direct conversation, whose members are not entries.
		if (changes === undefined) return true;
		let member = false;
		for (const change of changes) {
			if (change.seq > seq) return member || (change.member && (head === undefined || change.seq <= head));
			// A user's own join and leave are delivered to the user.
			if (change.seq === seq) return true;
			member = change.member;
		}
		return member;
	}

	/** Was `user` a member right before `seq`? True where nothing is known of this user. */
	wasMember(user: string, room: string, seq: number): boolean {
		const changes = this.changes.get(`${user} ${room}`);
		return changes === undefined || changes.findLast((change) => change.seq < seq)?.member === true;
	}

	/** The members after all of the log. */
	members(room: string): ReadonlySet<string> {
		return this.atEnd.get(room)?.members ?? NOBODY;
	}

	/** The room's name after all of its log. */
	name(room: string): string {
		return this.atEnd.get(room)?.name ?? "";
	}
}

const NOBODY: ReadonlySet<string> = new Set();

function changeOf({ what, seq }: EntryFacts): Change | undefined {
	if (what === "created" || what === "joined") return { seq, member: true };
	return what === "left" ? { seq, member: false } : undefined;
}
