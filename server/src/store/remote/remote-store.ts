// The store of a worker thread: calls over a port to the store of another thread. A read sees every append called before it: port and store
// keep the order of calls.
import type { Clock } from "../../base/clock.ts";
import { answerCalls, Caller } from "../../thread/calls.ts";
import type { Port } from "../../thread/port.ts";
import type { Committed, LogPage, Outcome, PageBound, Store, StoreEvents } from "../store.ts";
import { RemoteAppends, serveAppends } from "./appends.ts";

const CALLS = "store";
const COMMITTED = "committed";

/** Calls that are passed on as they are. */
const ASKED = {
	page: true,
	room: true,
	roomBySkeleton: true,
	directRoom: true,
	roomsOf: true,
	publicRooms: true,
	heads: true,
	userMarks: true,
	members: true,
	user: true,
	userWithFamily: true,
	userBySkeleton: true,
	userByExternal: true,
	users: true,
	guests: true,
	putOnce: true,
	healthy: true,
} as const satisfies Record<Exclude<keyof Store, "append" | "listen" | "renewEpochs" | "stats" | "close">, true>;

/** Answers the worker at the other end of `port`. Returns what tells its store of commits, which the worker is told of before the outcomes of its drafts. */
export function serveStore(port: Port, store: Pick<Store, "append" | keyof typeof ASKED>): (batch: readonly Committed[]) => void {
	const asked = Object.keys(ASKED).map((name) => {
		const method = store[name as keyof typeof ASKED] as (...args: never[]) => unknown;
		return [name, (...args: never[]) => method(...args)] as const;
	});
	answerCalls(port, CALLS, Object.fromEntries(asked));
	serveAppends(port, store);
	return (batch) => {
		if (batch.length > 0) port.send(COMMITTED, JSON.stringify(batch));
	};
}

/** Its `close` waits for what was appended, and leaves the store open. */
export function openRemoteStore(port: Port, clock: Pick<Clock, "monotonic">): Store {
	const caller = new Caller(port, CALLS);
	const appends = new RemoteAppends(port, clock);
	let events: StoreEvents | undefined;
	let isClosed = false;
	port.on(COMMITTED, (batch) => {
		try {
			events?.committed(batch as readonly Committed[]);
		} catch (cause) {
			events?.broken(cause);
		}
	});

	const asked = Object.keys(ASKED).map((name) => [name, (...args: readonly unknown[]) => caller.call(name, args)]);
	return {
		...(Object.fromEntries(asked) as Pick<Store, keyof typeof ASKED>),
		append: (draft) => (isClosed ? Promise.resolve(UNAVAILABLE) : appends.append(draft)),
		page: (room, bound, limit, bytesMax) =>
			caller.call("page", [room, finite(bound), limit, bytesMax]) as Promise<LogPage | undefined>,
		listen(told) {
			events = told;
		},
		renewEpochs: () => Promise.reject(new Error("epochs are renewed in the thread that owns the store")),
		// Waiting drafts are counted by the thread where they wait.
		stats: () => ({ batches: 0, drafts: 0, waiting: 0, waitingBytes: 0, oldestMs: appends.oldestMs }),
		async close() {
			isClosed = true;
			await appends.settled();
		},
	};
}

const UNAVAILABLE: Outcome = { ok: false, code: "unavailable" };

/** A bound beyond all seqs may be infinite, which JSON cannot carry. */
function finite(bound: PageBound): PageBound {
	const [[name = "", value = 0] = []] = Object.entries(bound) as [string, number][];
	return Number.isFinite(value) ? bound : ({ [name]: Math.sign(value) * Number.MAX_SAFE_INTEGER } as unknown as PageBound);
}
