// The authenticated user of a session, with everything held for that user: account and places in rooms. Made when
// the credential is accepted; dropped whole when the hello is refused after all, and when the session ends, so that another hello
// on the connection starts from nothing.
import { type CloseName, type Cursor, type DownBody, Room_Standing } from "@verbatim/protocol";
import type { Account } from "../account/accounts.ts";
import { assert } from "../base/faults.ts";
import type { CommandSession } from "../command/context.ts";
import type { Format, Link } from "../link/link.ts";
import { isMember } from "../log/standing.ts";
import type { EntriesPush, Push } from "../room/push.ts";
import type { LiveRoom } from "../room/room.ts";
import type { Subscriber } from "../room/subscriber.ts";
import type { Subscription } from "../room/subscription.ts";
import type { RoomView, UserRef } from "../store/store.ts";
import type { Outbox } from "./outbox.ts";
import type { SessionParts } from "./parts.ts";
import { Places, type PlacesPort } from "./places.ts";

export interface PrincipalSession {
	readonly number: number;
	readonly link: Link;
	readonly outbox: Outbox;
	/** The session's current principal. */
	readonly principal: Principal | undefined;
	readonly live: boolean;
	readonly closed: boolean;
	notify(body: DownBody): void;
	prolong(expiresMs: number): void;
	end(why: CloseName): void;
	/** A bug: the session ends, resumable. Never throws. */
	broken(what: string, cause: unknown): void;
}

export class Principal implements Subscriber, CommandSession, PlacesPort {
	readonly account: Account;
	readonly session: PrincipalSession;
	readonly places: Places;
	private readonly core: SessionParts;
	private isPresent = false;

	constructor(core: SessionParts, session: PrincipalSession, account: Account) {
		this.core = core;
		this.session = session;
		this.account = account;
		this.places = new Places(this, core);
	}

	get user(): UserRef {
		return this.account;
	}

	/** Has it been welcomed? */
	get present(): boolean {
		return this.isPresent;
	}

	/** Has the session ended, or this user on it? Then nothing more is sent. */
	get closed(): boolean {
		return this.session.principal !== this || this.session.closed;
	}

	/** Ids of the rooms that it is subscribed to. */
	get rooms(): string[] {
		return Array.from(this.places.subscriptions, ({ room }) => room.id);
	}

	/** Registers for notifications of its user. */
	enter(): void {
		this.core.directory.add(this);
		this.core.accounts.began(this.account);
	}

	/** Welcomed with `views`: subscriptions begin, at the client's cursors where it sent some, and the user is online; until `drop`. */
	begin(views: readonly RoomView[], cursors: readonly Cursor[]): void {
		const { core, account } = this;
		const first = !core.directory.isOnline(account.id);
		const byRoom = new Map(cursors.map((cursor) => [cursor.room, cursor]));
		for (const view of views) {
			if (view.standing === Room_Standing.INVITED) this.places.namedInvitation(view.id);
			if (!isMember(view.standing)) continue;
			this.places.resume(core.rooms.open(view.id, view.epoch, view.head), view, byRoom.get(view.id));
		}
		this.places.welcomed();
		// Present only now: its presence covers all its rooms.
		this.isPresent = true;
		core.metrics.sessions.add(1);
		core.bus.publish({ kind: "opened", user: account.id, node: core.node, session: this.session.number });
		if (first) core.presence.online(account, this.rooms);
	}

	/** Releases everything it holds. Never throws. */
	drop(): void {
		const { core, account, rooms } = this;
		const step = (task: () => void): void => core.faults.guard("session", "a session did not end cleanly", task);
		let last = false;
		step(() => this.places.close());
		step(() => void core.ephemeralStates.take(this));
		step(() => {
			last = core.directory.remove(this);
		});
		if (this.isPresent) {
			step(() => core.metrics.sessions.add(-1));
			step(() => core.bus.publish({ kind: "ended", user: account.id, node: core.node, session: this.session.number }));
			step(() => {
				if (!core.directory.isOnline(account.id)) core.presence.offline(account, rooms);
			});
		}
		if (last) step(() => core.accounts.ended(account, this.session.link.resumable));
	}

	// ------------------------------------------------------------ for the commands

	beginJoin(room: string): void {
		this.places.beginJoin(room);
	}

	failJoin(room: string): void {
		this.places.failJoin(room);
	}

	answerJoin(view: RoomView, cursor: number): void {
		this.places.answerJoin(view, cursor);
	}

	isSubscribed(room: string): boolean {
		return this.places.subscriptions.has(room);
	}

	prolong(expiresMs: number): void {
		this.session.prolong(expiresMs);
	}

	// ------------------------------------------------------------ for the rooms

	takePush(push: EntriesPush): boolean {
		if (this.session.outbox.full) return false;
		this.sendPush(push);
		return true;
	}

	fallBehind(subscription: Subscription): void {
		this.core.metrics.catchUps.add(1);
		this.places.fallBehind(subscription);
	}

	pushEphemeral(push: Push): boolean {
		this.mustBeCurrent();
		const { live, outbox } = this.session;
		if (live && outbox.writable) {
			if (push.key !== undefined) this.core.ephemeralStates.drop(this, push.key);
			outbox.add(push.encoded(this.format));
			return true;
		}
		let dropped: Push | undefined = push;
		if (live && push.key !== undefined) dropped = this.core.ephemeralStates.keep(this, push.key, push);
		if (dropped !== undefined) this.core.metrics.shed.add(dropped.kind);
		return false;
	}

	memberJoined(user: string, room: LiveRoom, seq: number): void {
		this.mustBeCurrent();
		assert(user === this.account.id, `the membership of ${user} is none of ${this.account.id}`);
		this.places.memberJoined(room, seq);
	}

	memberLeft(room: string, seq: number): void {
		this.mustBeCurrent();
		this.places.memberLeft(room, seq);
	}

	invited(room: string, seq: number, by: UserRef): void {
		this.mustBeCurrent();
		this.places.invited(room, seq, by);
	}

	declined(room: string): void {
		this.mustBeCurrent();
		this.places.declined(room);
	}

	compare(views: readonly RoomView[]): boolean {
		this.mustBeCurrent();
		return this.places.compare(views);
	}

	get generation(): number {
		return this.account.generation;
	}

	revoked(generation: number, why: "banned" | "expired"): void {
		if (this.account.generation < generation) this.session.end(why);
	}

	broken(cause: unknown): void {
		const stale = this.session.principal !== this;
		this.session.broken("a session met an unexpected error", cause);
		// Its rooms are not closed by the end of its session then.
		if (stale) this.places.close();
	}

	// ------------------------------------------------------------ for the places

	get subscriber(): Subscriber {
		return this;
	}

	get format(): Format {
		return this.session.link.format;
	}

	get writable(): boolean {
		return this.session.outbox.writable;
	}

	notify(body: DownBody): void {
		this.mustBeCurrent();
		if (body.case === "skipped") this.core.metrics.skipped.add(1);
		this.session.notify(body);
	}

	sendPush(push: EntriesPush): void {
		this.mustBeCurrent();
		this.session.outbox.add(push.encoded(this.format));
		this.core.metrics.deliveries.add(push.count);
	}

	/** A write is done, and the client has not taken all of it. */
	onBackpressure(): void {
		this.places.catchUp?.onBackpressure();
	}

	/** A write is done: sends coalesced ephemerals, and continues catch-up. */
	flushed(): void {
		for (const push of this.core.ephemeralStates.take(this)) this.pushEphemeral(push);
		this.places.catchUp?.pump();
	}

	/** Asserts that nothing is sent to a connection for a user other than its own. */
	private mustBeCurrent(): void {
		// The hot path of every push: the message is built only on failure.
		if (this.session.principal !== this) assert(false, `the session does not speak for ${this.account.id} any more`);
	}
}
