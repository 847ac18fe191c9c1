// How long a guest has its name. While a session of it lives, for as long as that lasts (`expiresMs` absent). After its last
// session: a while, for it may come back with its token; but not a moment where it cannot (line mode). When its time has run out
// it leaves its channels, in their logs, and is gone for good; whoever wants the name before that is done takes it, and the store
// sees to the leaving.
//
// What is to be written about a guest is written in the order of the events, and what the store does not take is tried again
// with each sweep, so that a full disk costs time and never a name. The tables in memory know the sessions of this process only:
// with several processes the question "does a session live?" will be theirs together.
import { ERRORS, Refusal, Room_Kind } from "@verbatim/protocol";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { ENDED_MS } from "../log/users.ts";
import type { Outcome, Store, UserChange, UserRecord } from "../store/store.ts";
import type { Account } from "./accounts.ts";
import type { AccountSettings } from "./settings.ts";

export type GuestStore = Pick<Store, "append" | "guests" | "roomsOf" | "user">;

export interface Guests {
	/** Resolves when what a stop or a crash has left behind is in order: names of that time are free or have an end. */
	readonly ready: Promise<void>;
	/** When a guest that is let in now loses its name if no session of it begins: wall clock, ms. */
	holdUntilMs(fleeting: boolean): number;
	/** A guest comes back with its token: its record, its hold renewed. Rejects with `Refusal` `token_invalid` if it is gone. */
	returned(guest: UserRecord): Promise<UserRecord>;
	began(guest: Account): void;
	ended(guest: Account, lasting: boolean): void;
	/** Ends the sweeps. */
	stop(): void;
}

/** What is to be true of a guest: its name held without end; kept a while; or given up. */
type Wish = "held" | "kept" | "gone";

const PAGE = 200;

export function createGuests(
	store: GuestStore,
	settings: Pick<AccountSettings, "guestHoldMs" | "fleetingHoldMs" | "guestSweepMs">,
	clock: Pick<Clock, "now" | "after">,
	log: Pick<Log, "warn">,
): Guests {
	/** Guests with a session. */
	const live = new Set<string>();
	/** Guests that a token is bringing back at this moment. */
	const returning = new Set<string>();
	/** Guests that are leaving for good at this moment. */
	const departing = new Set<string>();
	/** What is not yet written. */
	const wishes = new Map<string, { readonly guest: Account; readonly wish: Wish }>();
	let stopped = false;
	let cancelSweep: Cancel = () => {};

	const holdUntilMs = (fleeting: boolean): number => clock.now() + (fleeting ? settings.fleetingHoldMs : settings.guestHoldMs);

	const change = (id: string, fields: UserChange): Promise<Outcome> =>
		store.append({ kind: "userChange", id, nowMs: clock.now(), change: fields });

	const write = async (guest: Account, wish: Wish): Promise<void> => {
		const entry = { guest, wish };
		wishes.set(guest.id, entry);
		const outcome = await change(guest.id, {
			expiresMs: wish === "held" ? null : wish === "kept" ? holdUntilMs(false) : clock.now(),
		});
		if (wishes.get(guest.id) !== entry) return;
		// A guest that has lost its name needs nothing more.
		if (outcome.ok || outcome.code === "no_such_user") wishes.delete(guest.id);
		if (outcome.ok && wish === "gone") await depart(guest);
	};

	/** Leaves all channels and closes the account. What fails is left for the next sweep, to which the guest is still expired. */
	const depart = async (guest: Account): Promise<void> => {
		const isBack = () => live.has(guest.id) || returning.has(guest.id);
		if (isBack() || departing.has(guest.id)) return;
		departing.add(guest.id);
		try {
			// A join that was under way when the session ended may stand in the log behind the first look.
			for (let look = 0; look < 3; look++) {
				if (isBack() || !(await leaveChannels(guest))) break;
			}
			const isLockedOut = (await store.user(guest.id))?.disabled === true;
			if (!isBack())
				must(await change(guest.id, { disabled: true, voidsTokens: true, ...(!isLockedOut && { expiresMs: ENDED_MS }) }));
		} finally {
			departing.delete(guest.id);
		}
	};

	/** Was there a channel to leave? */
	const leaveChannels = async (guest: Account): Promise<boolean> => {
		const rooms = (await store.roomsOf(guest.id)).filter((room) => room.kind !== Room_Kind.DIRECT);
		const sender = { id: guest.id, name: guest.name };
		const left = rooms.map((room) => store.append({ kind: "leave", room: room.id, sender, reason: "gone", atMs: clock.now() }));
		for (const outcome of await Promise.all(left)) must(outcome);
		return left.length > 0;
	};

	/** Nothing that goes wrong here concerns anybody who waits for an answer. */
	const inBackground = (task: Promise<void>): void => {
		task.catch((err: unknown) => log.warn({ err }, "guests: not everything could be written; it is tried again"));
	};

	/** After a stop or a crash: guests whose sessions went down with the server get an end. */
	const settle = async (): Promise<void> => {
		for (;;) {
			const page = await store.guests("live", clock.now(), PAGE);
			const orphans = page.filter((guest) => !live.has(guest.id));
			const written = orphans.map((guest) =>
				change(guest.id, { expiresMs: guest.fleeting === true ? clock.now() : holdUntilMs(false) }),
			);
			for (const outcome of await Promise.all(written)) must(outcome);
			if (page.length < PAGE || orphans.length === 0) return;
		}
	};

	const sweep = async (): Promise<void> => {
		for (const { guest, wish } of [...wishes.values()]) await write(guest, wish);
		for (;;) {
			const expired = await store.guests("expired", clock.now(), PAGE);
			for (const guest of expired) await depart(guest);
			// Those that have come back stay; where all have, the next sweep goes on.
			if (stopped || expired.length < PAGE || expired.every((guest) => live.has(guest.id))) return;
		}
	};

	const sweepLater = (): void => {
		cancelSweep = clock.after(settings.guestSweepMs, () => {
			inBackground(
				sweep().finally(() => {
					if (!stopped) sweepLater();
				}),
			);
		});
	};

	const ready = settle().catch((err: unknown) => {
		log.warn({ err }, "guests of the time before could not be looked after; their names are free later");
	});
	sweepLater();

	return {
		ready,
		holdUntilMs,
		async returned(guest) {
			const gone = new Refusal("token_invalid", "this guest's time has run out; choose a name anew");
			if (guest.disabled || departing.has(guest.id)) throw gone;
			if (guest.expiresMs === undefined || guest.expiresMs - clock.now() > settings.guestHoldMs / 2) return guest;
			returning.add(guest.id);
			try {
				const expiresMs = holdUntilMs(false);
				const outcome = await change(guest.id, { expiresMs });
				if (!outcome.ok) throw outcome.code === "no_such_user" ? gone : new Refusal(outcome.code);
				return { ...guest, expiresMs };
			} finally {
				returning.delete(guest.id);
			}
		},
		began(guest) {
			if (live.has(guest.id)) return;
			live.add(guest.id);
			inBackground(write(guest, "held"));
		},
		ended(guest, lasting) {
			live.delete(guest.id);
			inBackground(write(guest, lasting && guest.fleeting !== true ? "kept" : "gone"));
		},
		stop() {
			stopped = true;
			cancelSweep();
		},
	};
}

/** Throws for what can succeed later. What never will (a log that is full, a room it is out of already) is left as it is. */
function must(outcome: Outcome): void {
	if (!outcome.ok && ERRORS[outcome.code].retry) throw new Refusal(outcome.code);
}
