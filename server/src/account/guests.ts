// Reservation of guests' names. While a guest has a session, its name is reserved without end (`expiresMs` absent). After its last session it
// stays reserved for a while, since the guest may come back with its token; a session-only guest (line mode) loses it at once. An expired guest
// leaves its channels, in their logs, and its account is closed. A client that takes the name before that gets it; then the store writes the leaves.
//
// Changes of a guest are written in the order of the events; what the store refuses is retried with each sweep, so that a full disk delays them
// but loses no name. Only sessions of this process are known here; with several nodes, presence must be shared.
import { ERRORS, Refusal, Room_Kind } from "@verbatim/protocol";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { leaveDraft } from "../log/draft.ts";
import { ENDED_MS } from "../log/users.ts";
import type { Outcome, Store, UserChange, UserRecord } from "../store/store.ts";
import type { Account } from "./accounts.ts";
import type { AccountSettings } from "./settings.ts";

export type GuestStore = Pick<Store, "append" | "guests" | "roomsOf" | "user">;

export interface Guests {
	/** Resolves when guests that were live at the last stop or crash have an expiry, or are released. */
	readonly ready: Promise<void>;
	/** When a guest that is admitted now loses its name if no session of it begins: wall clock, ms. */
	holdUntilMs(sessionOnly: boolean): number;
	/** A guest comes back with its token: returns its record with a renewed expiry. Rejects with `Refusal` `token_invalid` if it was removed. */
	resume(guest: UserRecord): Promise<UserRecord>;
	began(guest: Account): void;
	ended(guest: Account, resumable: boolean): void;
	/** Ends the sweeps. */
	stop(): void;
}

/** A guest's hold on its name: without end while it has a session; for a while after; or none. */
type NameHold = "live" | "reserved" | "released";

const PAGE = 200;

export function createGuests(
	store: GuestStore,
	settings: Pick<AccountSettings, "guestHoldMs" | "sessionOnlyHoldMs" | "guestSweepMs">,
	clock: Pick<Clock, "now" | "after">,
	log: Pick<Log, "warn">,
): Guests {
	/** Guests with a session. */
	const live = new Set<string>();
	/** Guests that are resuming with a token now. */
	const resuming = new Set<string>();
	/** Guests that are being removed now. */
	const removing = new Set<string>();
	/** Holds that are not committed yet. */
	const unwritten = new Map<string, { readonly guest: Account; readonly hold: NameHold }>();
	let stopped = false;
	let cancelSweep: Cancel = () => {};

	const holdUntilMs = (sessionOnly: boolean): number =>
		clock.now() + (sessionOnly ? settings.sessionOnlyHoldMs : settings.guestHoldMs);

	const change = (id: string, fields: UserChange): Promise<Outcome> =>
		store.append({ kind: "userChange", id, nowMs: clock.now(), change: fields });

	const write = async (guest: Account, hold: NameHold): Promise<void> => {
		const entry = { guest, hold };
		unwritten.set(guest.id, entry);
		const outcome = await change(guest.id, {
			expiresMs: hold === "live" ? null : hold === "reserved" ? holdUntilMs(false) : clock.now(),
		});
		if (unwritten.get(guest.id) !== entry) return;
		// `no_such_user`: the guest has lost its name already.
		if (outcome.ok || outcome.code === "no_such_user") unwritten.delete(guest.id);
		if (outcome.ok && hold === "released") await remove(guest);
	};

	/** Leaves all channels and closes the account. What fails is retried by the next sweep, for which the guest is still expired. */
	const remove = async (guest: Account): Promise<void> => {
		const isInUse = () => live.has(guest.id) || resuming.has(guest.id);
		if (isInUse() || removing.has(guest.id)) return;
		removing.add(guest.id);
		try {
			// A join that was under way when the session ended may be committed after the first round.
			for (let round = 0; round < 3; round++) {
				if (isInUse() || !(await leaveChannels(guest))) break;
			}
			const isLockedOut = (await store.user(guest.id))?.disabled === true;
			if (!isInUse())
				must(await change(guest.id, { disabled: true, voidsTokens: true, ...(!isLockedOut && { expiresMs: ENDED_MS }) }));
		} finally {
			removing.delete(guest.id);
		}
	};

	/** Returns true if there was a channel to leave. */
	const leaveChannels = async (guest: Account): Promise<boolean> => {
		const rooms = (await store.roomsOf(guest.id)).filter((room) => room.kind !== Room_Kind.DIRECT);
		const sender = { id: guest.id, name: guest.name };
		const left = rooms.map((room) => store.append(leaveDraft({ room: room.id, sender, reason: "gone", atMs: clock.now() })));
		for (const outcome of await Promise.all(left)) must(outcome);
		return left.length > 0;
	};

	/** No client waits for the result. */
	const inBackground = (task: Promise<void>): void => {
		task.catch((err: unknown) => log.warn({ err }, "guests: not everything could be written; it is tried again"));
	};

	/** After a stop or a crash: guests whose sessions ended with the process get an expiry. */
	const recover = async (): Promise<void> => {
		for (;;) {
			const page = await store.guests("live", clock.now(), PAGE);
			const orphans = page.filter((guest) => !live.has(guest.id));
			const written = orphans.map((guest) =>
				change(guest.id, { expiresMs: guest.sessionOnly === true ? clock.now() : holdUntilMs(false) }),
			);
			for (const outcome of await Promise.all(written)) must(outcome);
			if (page.length < PAGE || orphans.length === 0) return;
		}
	};

	const sweep = async (): Promise<void> => {
		for (const { guest, hold } of [...unwritten.values()]) await write(guest, hold);
		for (;;) {
			const expired = await store.guests("expired", clock.now(), PAGE);
			for (const guest of expired) await remove(guest);
			// Guests that are live again stay; with a whole page of them, the next sweep continues.
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

	const ready = recover().catch((err: unknown) => {
		log.warn({ err }, "guests of the time before could not be looked after; their names are free later");
	});
	sweepLater();

	return {
		ready,
		holdUntilMs,
		async resume(guest) {
			const gone = new Refusal("token_invalid", "this guest's time has run out; choose a name anew");
			if (guest.disabled || removing.has(guest.id)) throw gone;
			if (guest.expiresMs === undefined || guest.expiresMs - clock.now() > settings.guestHoldMs / 2) return guest;
			resuming.add(guest.id);
			try {
				const expiresMs = holdUntilMs(false);
				const outcome = await change(guest.id, { expiresMs });
				if (!outcome.ok) throw outcome.code === "no_such_user" ? gone : new Refusal(outcome.code);
				return { ...guest, expiresMs };
			} finally {
				resuming.delete(guest.id);
			}
		},
		began(guest) {
			if (live.has(guest.id)) return;
			live.add(guest.id);
			inBackground(write(guest, "live"));
		},
		ended(guest, resumable) {
			live.delete(guest.id);
			inBackground(write(guest, resumable && guest.sessionOnly !== true ? "reserved" : "released"));
		},
		stop() {
			stopped = true;
			cancelSweep();
		},
	};
}

/** Throws for a refusal that may succeed later. Others (a log that is full, a room that was left already) are ignored. */
function must(outcome: Outcome): void {
	if (!outcome.ok && ERRORS[outcome.code].retry) throw new Refusal(outcome.code);
}
