// The accounts of a worker thread: the one service of the process, asked over a port. So failures of log-ins and log-ins of an address are counted exactly, whichever worker they
// come to, and a guest's name is released when no worker has a session of it.
import type { Tokens } from "@verbatim/protocol";
import type { UserRecord } from "../store/store.ts";
import { answerCalls, Caller } from "../thread/calls.ts";
import type { Port } from "../thread/port.ts";
import { type Account, AccountClosed, type Accounts, accountOf, type Identity } from "./accounts.ts";

const CALLS = "accounts";
const SESSIONS = "users";

type Authenticated = Identity | { readonly closed: string };
type Change = readonly [what: "began", user: Account] | readonly [what: "ended", user: Account, resumable: boolean];

/** Answers the workers, each at the other end of a port. */
export function createAccountsServer(accounts: Accounts): { serve(port: Port): void } {
	const workers = new WorkersOfUsers();
	let count = 0;
	return {
		serve(port) {
			const worker = count++;
			answerCalls(port, CALLS, {
				async authenticate(...args: Parameters<Accounts["authenticate"]>): Promise<Authenticated> {
					try {
						const { user, ...more } = await accounts.authenticate(...args);
						return { user: accountOf(user), ...more };
					} catch (cause) {
						if (cause instanceof AccountClosed) return { closed: cause.user };
						throw cause;
					}
				},
				refresh: (...args: Parameters<Accounts["refresh"]>) => accounts.refresh(...args),
				byName: (name: string) => accounts.byName(name),
			});
			port.on(SESSIONS, (value) => {
				const [what, user, resumable] = value as Change;
				if (what === "began") {
					if (workers.add(user.id, worker)) accounts.began(user);
				} else if (workers.remove(user.id, worker)) accounts.ended(user, resumable);
			});
		},
	};
}

export function openRemoteAccounts(port: Port): Accounts {
	const caller = new Caller(port, CALLS);
	const tell = (change: Change): void => port.send(SESSIONS, JSON.stringify(change));
	return {
		async authenticate(credential, from) {
			const answer = (await caller.call("authenticate", [credential, from])) as Authenticated;
			if ("closed" in answer) throw new AccountClosed(answer.closed);
			return answer;
		},
		refresh: (refreshToken, userId) => caller.call("refresh", [refreshToken, userId]) as Promise<Tokens>,
		byName: (name) => caller.call("byName", [name]) as Promise<UserRecord | undefined>,
		began: (user) => tell(["began", user]),
		ended: (user, resumable) => tell(["ended", user, resumable]),
	};
}

/** The workers at which a user has sessions. */
class WorkersOfUsers {
	private readonly byUser = new Map<string, number | Set<number>>();

	/** Is it the first? */
	add(user: string, worker: number): boolean {
		const known = this.byUser.get(user);
		if (known === undefined) this.byUser.set(user, worker);
		else if (known instanceof Set) known.add(worker);
		else if (known !== worker) this.byUser.set(user, new Set([known, worker]));
		return known === undefined;
	}

	/** Was it the last? */
	remove(user: string, worker: number): boolean {
		const known = this.byUser.get(user);
		if (known instanceof Set ? !known.delete(worker) || known.size > 0 : known !== worker) return false;
		return this.byUser.delete(user);
	}
}
