// Users with a session at another node, from the bus's `opened` and `ended`. Duplicated or reordered ends are recognised by the
// session's number, which is never reused.

/** Ends remembered, for an `opened` that arrives after its `ended`. */
const ENDED_MAX = 10_000;

export interface SessionFacts {
	readonly user: string;
	readonly node: string;
	readonly session: number;
}

export class RemoteSessions {
	/** This process, whose sessions are in the directory. */
	private readonly own: string;
	private readonly byUser = new Map<string, Set<string>>();
	/** Oldest first. */
	private readonly ends = new Set<string>();

	constructor(own: string) {
		this.own = own;
	}

	has(user: string): boolean {
		return this.byUser.has(user);
	}

	opened({ user, node, session }: SessionFacts): void {
		const key = `${node} ${session}`;
		if (node === this.own || this.ends.has(key)) return;
		const sessions = this.byUser.get(user) ?? new Set<string>();
		this.byUser.set(user, sessions.add(key));
	}

	ended({ user, node, session }: SessionFacts): void {
		if (node === this.own) return;
		const key = `${node} ${session}`;
		this.ends.add(key);
		if (this.ends.size > ENDED_MAX)
			for (const oldest of this.ends) {
				this.ends.delete(oldest);
				break;
			}
		const sessions = this.byUser.get(user);
		if (sessions?.delete(key) && sessions.size === 0) this.byUser.delete(user);
	}
}
