// A session's places in its rooms, stepped by the table of room/place.ts on its own joins, notifications of its user's
// memberships, and moves of its cursors. A join of its own is answered by the join's answer, any other by `roomAdded`.
// Notifications are deferred until the welcome is sent.
import type { Cursor } from "@verbatim/protocol";
import { assert } from "../base/faults.ts";
import { type HeadBody, roomBody } from "../command/bodies.ts";
import { isMember } from "../log/standing.ts";
import { hasSubscription, nextPlace, type PlaceEvent, type PlaceState, type PlaceStep } from "../room/place.ts";
import type { LiveRoom } from "../room/room.ts";
import type { Rooms } from "../room/rooms.ts";
import type { Subscriber } from "../room/subscriber.ts";
import { Subscription } from "../room/subscription.ts";
import type { RoomView, UserRef } from "../store/store.ts";
import { CatchUp, type CatchUpParts, type CatchUpPort } from "./catch-up.ts";
import { changedSince } from "./heads.ts";
import { Invitations } from "./invitations.ts";
import { KnownSeqs } from "./known-seqs.ts";
import { type ReadRoomParts, type ReadRoomPort, readRoom } from "./read-room.ts";
import { Subscriptions } from "./subscriptions.ts";

export interface PlacesPort extends CatchUpPort, ReadRoomPort {
	readonly subscriber: Subscriber;
}

/** Shared by the places of all sessions. */
export interface PlacesParts extends CatchUpParts, ReadRoomParts {
	readonly rooms: Pick<Rooms, "changes" | "open">;
}

/** A join in flight. */
interface Join {
	readonly room: string;
	/** The place in the room, also without a subscription. */
	state: PlaceState;
	/** Set once the answer is made. */
	answer: { readonly view: RoomView; readonly cursor: number } | undefined;
}

export class Places {
	readonly subscriptions = new Subscriptions();
	private readonly port: PlacesPort;
	private readonly parts: PlacesParts;
	/** At most one: joins are serial. */
	private join: Join | undefined;
	/** Notifications before the welcome, in order; undefined once that is sent. */
	private deferred: Array<() => void> | undefined = [];
	/** For rooms without a subscription, the seq as of which the membership is known. */
	private known: KnownSeqs | undefined;
	private invitations: Invitations | undefined;
	/** While subscriptions are behind. */
	catchUp: CatchUp | undefined;
	/** The newest change of rooms whose heads were sent in a ping. */
	private headsNotified = 0;

	constructor(port: PlacesPort, parts: PlacesParts) {
		this.port = port;
		this.parts = parts;
	}

	// ------------------------------------------------------------ the welcome

	/** The welcome names a room as the user's: the subscription begins at the client's cursor, or at the head in the welcome. */
	resume(room: LiveRoom, view: RoomView, cursor: Cursor | undefined): void {
		const fits = cursor === undefined || (cursor.epoch === view.epoch && cursor.seq <= view.head);
		const { to } = this.step(room.id, fits ? "resume" : "resumeStale");
		this.proceed(this.subscribe(room, cursor === undefined || !fits ? view.head : cursor.seq, to, view.head));
	}

	/** The welcome names an invitation. */
	namedInvitation(room: string): void {
		this.openInvitations().named(room);
	}

	/** The welcome is sent and its rooms are resumed: the client knows the current heads. */
	welcomed(): void {
		this.headsNotified = this.parts.rooms.changes;
		const deferred = this.deferred ?? [];
		this.deferred = undefined;
		for (const change of deferred) change();
	}

	// ------------------------------------------------------------ joins of this session

	beginJoin(room: string): void {
		if (this.port.closed) return;
		assert(this.join === undefined, "joins are serial");
		const { to } = this.step(room, "join");
		this.join = { room, state: to, answer: undefined };
	}

	failJoin(room: string): void {
		if (this.port.closed) return;
		const { to } = this.step(room, "failed");
		this.join = undefined;
		const subscription = this.subscriptions.get(room);
		if (subscription === undefined) {
			this.invitations?.changed(room);
			return;
		}
		if (to === "announcing") this.announce(subscription);
		else this.proceed(subscription);
	}

	/** The answer of the join is made, and sent next. */
	answerJoin(view: RoomView, cursor: number): void {
		if (this.port.closed) return;
		assert(this.join?.room === view.id, `no join of ${view.id} is under way`);
		this.join.answer = { view, cursor };
	}

	/** An answer was sent: if it was a join's, its subscription goes on after it. */
	answered(): void {
		if (this.join?.answer === undefined || this.port.closed) return;
		const { view, cursor } = this.join.answer;
		// The user has left, and was a member again when the room was read.
		if (this.join.state === "overtaken" && this.knownAsOf(view.id) < view.head) this.step(view.id, "joined");
		const { to, notifies } = this.step(view.id, "answered");
		this.join = undefined;
		this.invitations?.accepted(view.id);
		this.notify(view.id, notifies);
		if (!hasSubscription(to)) {
			this.invitations?.changed(view.id);
			return;
		}
		this.invitations?.memberSince(view.id, view.head);
		assert(isMember(view.standing), `no subscription to ${view.id} without standing`);
		const room = this.parts.rooms.open(view.id, view.epoch, view.head);
		const subscription = this.subscriptions.get(view.id) ?? this.subscribe(room, cursor, to, view.head);
		subscription.cursor = cursor;
		subscription.since = Math.max(subscription.since, view.head);
		this.proceed(subscription);
	}

	// ------------------------------------------------------------ notified

	/** The entry `seq` has made the user a member. */
	memberJoined(room: LiveRoom, seq: number): void {
		if (this.defers(() => this.memberJoined(room, seq)) || !this.isNewer(room.id, seq)) return;
		this.invitations?.memberSince(room.id, seq);
		const known = this.subscriptions.get(room.id);
		const { to } = this.step(room.id, "joined");
		if (known !== undefined) {
			known.since = seq;
			return;
		}
		const subscription = this.subscribe(room, seq - 1, to, seq);
		if (to === "announcing") this.announce(subscription);
	}

	/** The user's rooms as the store has them. Returns whether it is a member of one of which it was not told. */
	compare(views: readonly RoomView[]): boolean {
		if (this.defers(() => void this.compare(views))) return false;
		let missed = false;
		for (const view of views) {
			if (!isMember(view.standing) || this.subscriptions.has(view.id) || view.head < this.knownAsOf(view.id)) continue;
			missed = true;
			const room = this.parts.rooms.open(view.id, view.epoch, view.head);
			const { to } = this.step(view.id, "joined");
			const subscription = this.subscribe(room, view.head, to, view.head);
			if (to === "announcing") this.announce(subscription);
		}
		return missed;
	}

	memberLeft(room: string, seq: number): void {
		if (this.defers(() => this.memberLeft(room, seq)) || !this.isNewer(room, seq)) return;
		const { notifies } = this.step(room, "left");
		this.setKnown(room, seq);
		this.notify(room, notifies);
		this.invitations?.changed(room);
	}

	invited(room: string, seq: number, by: UserRef): void {
		if (this.defers(() => this.invited(room, seq, by)) || seq <= (this.subscriptions.get(room)?.since ?? 0)) return;
		this.openInvitations().opened(room, seq, by);
	}

	declined(room: string): void {
		if (this.defers(() => this.declined(room))) return;
		this.invitations?.changed(room);
	}

	// ------------------------------------------------------------ cursors

	/** A push was not taken, and the subscription has stepped: catch-up continues from the log. */
	fallBehind(subscription: Subscription): void {
		this.catchingUp().refused(subscription);
	}

	/** All subscriptions have caught up. */
	caughtUp(): void {
		this.catchUp = undefined;
		// Catch-up may have sent entries of any room, whenever it changed.
		this.headsNotified = 0;
	}

	/** Heads of the rooms that have changed since the last call. */
	heads(): HeadBody[] {
		const { heads, upTo } = changedSince(this.headsNotified, this.subscriptions, this.parts.rooms.changes);
		this.headsNotified = upTo;
		return heads;
	}

	// ------------------------------------------------------------ life

	close(): void {
		this.catchUp?.stop();
		this.catchUp = undefined;
		for (const subscription of this.subscriptions) subscription.room.subscribers.delete(subscription);
		this.subscriptions.clear();
	}

	/** Takes the step for `event`. Removes a subscription that ends by it; beginning one is up to the caller. */
	private step(room: string, event: PlaceEvent): PlaceStep {
		const subscription = this.subscriptions.get(room);
		const join = this.join?.room === room ? this.join : undefined;
		const from = subscription?.state ?? join?.state ?? (this.deferred === undefined ? "absent" : "unknown");
		const step = nextPlace(from, event);
		if (join !== undefined) join.state = step.to;
		if (subscription === undefined) return step;
		subscription.state = step.to;
		if (!hasSubscription(step.to)) {
			this.subscriptions.delete(subscription);
			subscription.room.subscribers.delete(subscription);
			this.catchUp?.remove(subscription);
		}
		return step;
	}

	/** Is the entry `seq` newer than what is known of the membership? A bus may deliver twice, and late. */
	private isNewer(room: string, seq: number): boolean {
		return seq > this.knownAsOf(room);
	}

	/** Records the seq as of which the membership in a room without a subscription is known. */
	private setKnown(room: string, seq: number): void {
		this.known ??= new KnownSeqs();
		this.known.set(room, seq);
	}

	private knownAsOf(room: string): number {
		return Math.max(this.subscriptions.get(room)?.since ?? 0, this.known?.get(room) ?? 0);
	}

	private subscribe(room: LiveRoom, cursor: number, state: PlaceState, since: number): Subscription {
		const subscription = new Subscription(room, this.port.subscriber, cursor, state);
		subscription.since = since;
		this.subscriptions.add(subscription);
		room.subscribers.add(subscription);
		return subscription;
	}

	/** Continues after the cursor: live at the head, otherwise by catch-up. */
	private proceed(subscription: Subscription): void {
		if (subscription.state === "live") {
			if (subscription.cursor >= subscription.room.head) return;
			this.step(subscription.room.id, "lagged");
		}
		this.catchingUp().add(subscription);
	}

	private catchingUp(): CatchUp {
		this.catchUp ??= new CatchUp(this.port, this.parts, this);
		return this.catchUp;
	}

	/** Defers a notification before the welcome; discards it once the session is closed. */
	private defers(change: () => void): boolean {
		this.deferred?.push(change);
		return this.deferred !== undefined || this.port.closed;
	}

	/** Made on demand: most sessions have none. */
	private openInvitations(): Invitations {
		this.invitations ??= new Invitations(
			this.port,
			this.parts,
			(room) => this.join?.room === room || this.subscriptions.has(room),
		);
		return this.invitations;
	}

	private notify(room: string, what: PlaceStep["notifies"]): void {
		if (what === "roomRemoved") this.port.notify({ case: "roomRemoved", value: { room } });
	}

	/** Notifies the client that the user is in a room, unless that has changed when the room is read. */
	private announce(subscription: Subscription): void {
		const { room } = subscription;
		void readRoom(room.id, this.port, this.parts, (view) => {
			if (this.subscriptions.get(room.id) !== subscription) return;
			if (!isMember(view.standing)) {
				// The user has left since; the notification is late, or lost.
				if (subscription.state === "announcing") this.memberLeft(room.id, view.head);
				return;
			}
			if (this.step(room.id, "read").notifies !== "roomAdded") return;
			this.invitations?.accepted(room.id);
			this.port.notify({ case: "roomAdded", value: { room: { ...roomBody(view), head: subscription.cursor } } });
			this.proceed(subscription);
		});
	}
}
