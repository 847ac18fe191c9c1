// One joined room: the window on its log, its members, typing users and read mark. It processes pushes and pages in wire order, and
// repairs or reports every gap.
// One file because pushes, pages and restarts change the same window and cursor; requests, members, typing and repair are parts beside it.
import {
	type Entries,
	type Room_Kind,
	Room_Standing,
	type Skipped,
	Skipped_Reason,
	type User,
	type Page as WirePage,
} from "@verbatim/protocol";
import type {
	CallOptions,
	Delivery,
	EntriesOptions,
	HistoryBound,
	Room,
	RoomEvents,
	RoomInfo,
	RoomMember,
	SendOptions,
	SkippedRange,
} from "../api/api.ts";
import type { Cancel } from "../base/clock.ts";
import type { Entry, Page } from "../base/entry.ts";
import { ProtocolError, RefusedError, TimeoutError } from "../base/errors.ts";
import type { Off } from "../base/events.ts";
import { Emitter, Waiters } from "../base/events.ts";
import type { Parts } from "../base/parts.ts";
import { type EntryOrSkip, type IterableRoom, readEntries } from "./entry-iterator.ts";
import { GapRepair } from "./gap-repair.ts";
import { LogWindow, type Run, runOf, runOfPage } from "./log-window.ts";
import { MemberPages } from "./member-pages.ts";
import { mustBeRun, RoomRequests, type RoomRequestsPort } from "./requests.ts";
import { TypingUsers } from "./typing-users.ts";

/** Default page size of `loadMembers`. */
const MEMBERS_DEFAULT = 200;

/** What a room needs of its client. */
export interface RoomPort extends RoomRequestsPort {
	readonly user: User | undefined;
	typing(room: string): void;
	send(room: string, text: string, options?: SendOptions): Delivery;
	pending(room: string): readonly Delivery[];
	/** New entries of the window; the user's own among them acknowledge their sends. */
	arrived(room: ClientRoom, fresh: readonly Entry[]): void;
	/** The server's messages are inconsistent, or a gap is too large to repair: start a new session. */
	resync(why: ProtocolError): void;
	/** Entries newer than the room's info were skipped: its name may have changed. */
	infoOutdated(): void;
	left(room: ClientRoom): void;
	seen(room: ClientRoom): void;
}

export class ClientRoom implements Room, IterableRoom {
	readonly id: string;
	readonly window: LogWindow;
	private ended = false;
	private stopped: Error | undefined;
	private readonly parts: Parts;
	private readonly port: RoomPort;
	private readonly timelineMax: number;
	private readonly emitter = new Emitter<RoomEvents>();
	/** A refresh of the members is scheduled. */
	private cancelRefresh: Cancel | undefined;
	private readonly pages: MemberPages;
	private readonly typists: TypingUsers;
	private readonly gapRepair: GapRepair;
	private readonly requests: RoomRequests;
	private info: RoomInfo;
	private headNow: number;
	private seenNow: number;
	/** `markSeen` was called: a stored mark does not apply any more. */
	private marked = false;
	/** Entries that `loadOlder` has loaded: the window may exceed `timelineMax` by them. */
	private loadedOlder = 0;
	/** The end of the newest skipped range. */
	private skippedTo = 0;
	private readonly waiters = new Waiters();
	private changePending = false;

	/** `cursor`: the seq after which the server's stream begins. `seen`: the initial read mark. */
	constructor(parts: Parts, port: RoomPort, timelineMax: number, info: RoomInfo, cursor: number, seen: number) {
		this.parts = parts;
		this.port = port;
		this.timelineMax = timelineMax;
		this.id = info.id;
		this.info = info;
		this.headNow = info.head;
		this.seenNow = seen;
		this.window = new LogWindow(info.epoch, cursor);
		this.requests = new RoomRequests(info.id, port, parts.limits);
		this.pages = new MemberPages(
			{
				get user() {
					return port.user;
				},
				who: (value, options) => this.requests.who(value, options),
				bounded: (options, task) => port.bounded("who", options, task),
				above: (epoch) => (seq) => (epoch === this.window.epoch ? this.window.above(seq) : undefined),
				changed: () => this.change(),
			},
			parts.limits,
		);
		this.typists = new TypingUsers(parts.clock, () => {
			this.emitter.emit("typing", this.typists.users);
			this.change();
		});
		this.gapRepair = new GapRepair({
			fetchAfter: (seq, signal) => this.fetchAfter(seq, signal),
			take: (run) => void this.take(run),
			to: () => this.window.to,
			resync: (why) => port.resync(why),
			gapMax: parts.limits.catchUpEntriesMax,
		});
	}

	// ------------------------------------------------------------ state

	get kind(): Room_Kind {
		return this.info.kind;
	}
	get name(): string {
		return this.info.name;
	}
	get peer(): User | undefined {
		return this.info.peer;
	}
	get title(): string {
		return this.info.peer !== undefined ? `@${this.info.peer.name}` : `#${this.info.name}`;
	}
	get standing(): Room_Standing {
		return this.info.standing;
	}
	get epoch(): number {
		return this.window.epoch;
	}
	get head(): number {
		return this.headNow;
	}
	get members(): ReadonlyMap<string, RoomMember> {
		return this.pages.members.map;
	}
	get membersComplete(): boolean {
		return this.pages.members.complete;
	}
	get memberCount(): number {
		return this.pages.members.count ?? this.info.members;
	}
	get onlineCount(): number | undefined {
		return this.pages.online;
	}
	get timeline(): readonly Entry[] {
		return this.window.entries;
	}
	get from(): number {
		return this.window.from;
	}
	get to(): number {
		return this.window.to;
	}
	get pending(): readonly Delivery[] {
		return this.port.pending(this.id);
	}
	get typing(): readonly User[] {
		return this.typists.users;
	}
	get seen(): number {
		return this.seenNow;
	}

	get unread(): number {
		const { window } = this;
		let count = Math.max(0, window.from - 1 - this.seenNow);
		for (let seq = Math.max(window.from, this.seenNow + 1); seq <= window.to; seq++) {
			const entry = window.at(seq);
			if (entry?.body.case === "message" && entry.sender?.id !== this.port.user?.id) count++;
		}
		return count;
	}

	// ------------------------------------------------------------ public calls

	send(text: string, options?: SendOptions): Delivery {
		const delivery = this.port.send(this.id, text, options);
		this.typists.messageSent();
		return delivery;
	}

	async loadOlder(limit = this.parts.limits.historyEntriesDefault, options?: CallOptions): Promise<number> {
		const before = this.from;
		if (before <= 1) return 0;
		const run = mustBeRun(await this.requests.history({ before, limit }, options));
		// 0 if the window has changed meanwhile (epoch, trimming, another page) and the run is not adjacent any more.
		const count = this.window.prepend(run);
		if (count > 0) {
			this.loadedOlder += count;
			this.change();
		}
		return count;
	}

	trim(keep: number): void {
		this.loadedOlder = 0;
		this.window.trim(keep);
		this.change();
	}

	markSeen(seq = this.window.to): void {
		const seen = Math.min(seq, Math.max(this.headNow, this.window.to));
		this.marked = true;
		if (seen <= this.seenNow) return;
		this.seenNow = seen;
		this.port.seen(this);
		this.change();
	}

	async who(options?: CallOptions): Promise<readonly RoomMember[]> {
		try {
			return await this.pages.all(options);
		} catch (error) {
			// The caller is told; what is shown of the members goes on being completed, if a page of them was here.
			if (!this.pages.members.complete) this.refreshMembers(error instanceof RefusedError ? error.retryAfterMs : 0);
			throw error;
		}
	}

	loadMembers(limit = MEMBERS_DEFAULT, options?: CallOptions): Promise<number> {
		return this.pages.more(limit, options);
	}

	lookAt(users: readonly string[], options?: CallOptions): Promise<void> {
		return this.pages.lookAt(users, options);
	}

	async leave(options?: CallOptions): Promise<void> {
		await this.requests.done({ case: "leave", value: { room: this.id } }, options);
		this.port.left(this);
	}

	rename(name: string, options?: CallOptions): Promise<void> {
		return this.requests.done({ case: "rename", value: { room: this.id, name } }, options);
	}

	invite(name: string, options?: CallOptions): Promise<void> {
		return this.requests.done({ case: "invite", value: { room: this.id, user: name } }, options);
	}

	sendTyping(): void {
		if (this.typists.takeTurn()) this.port.typing(this.id);
	}

	history(bound: HistoryBound, options?: CallOptions): Promise<Page> {
		return this.requests.history(bound, options);
	}

	on<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): Off {
		return this.emitter.on(event, listener);
	}

	once<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): Off {
		return this.emitter.once(event, listener);
	}

	entries(options?: EntriesOptions & { readonly fill?: true }): AsyncIterableIterator<Entry>;
	entries(options: EntriesOptions & { readonly fill: boolean }): AsyncIterableIterator<EntryOrSkip>;
	entries({
		after = this.window.to,
		fill = true,
		signal,
	}: EntriesOptions & { readonly fill?: boolean } = {}): AsyncIterableIterator<EntryOrSkip> {
		return readEntries(this, after, fill, signal);
	}

	// ------------------------------------------------------------ messages of the server

	/** Live entries. */
	entriesPushed({ epoch, entries }: Entries): void {
		const first = entries[0];
		if (first === undefined) return;
		const run = runOf(epoch, first.seq, entries);
		if (run === undefined) this.port.resync(new ProtocolError(`entries of ${this.title} were not dense`));
		else this.takeOrRepair(run);
	}

	/** The server skips a range; its stream continues after the page. */
	skipped({ reason, page }: Skipped): void {
		const run = page === undefined ? undefined : runOfPage(page);
		if (run === undefined) this.port.resync(new ProtocolError(`a skip in ${this.title} came without a dense page`));
		else this.restart(run, reason === Skipped_Reason.EPOCH);
	}

	/** The answer to a join; the server's stream continues after the page. */
	joined(info: RoomInfo, page: WirePage): void {
		this.setInfo(info);
		const run = runOfPage(page);
		if (run === undefined) this.port.resync(new ProtocolError(`the join of ${this.title} came without a dense page`));
		else this.restart(run, false);
	}

	/** Takes the room's info of a list or a welcome. */
	setInfo(info: RoomInfo): void {
		this.stopped = undefined;
		// The info may be older than an entry of the window.
		const isOlder = info.epoch === this.window.epoch && info.head < this.window.to;
		this.info = isOlder ? { ...info, name: this.info.name } : info;
		this.headNow = info.epoch === this.window.epoch ? Math.max(info.head, this.window.to) : info.head;
		if (info.epoch === this.window.epoch && info.head < this.skippedTo) this.port.infoOutdated();
		this.change();
	}

	/** After lost frames: compares with the server's info, and repairs a gap. */
	verify(info: RoomInfo): void {
		this.setInfo(info);
		if (info.epoch !== this.window.epoch) this.port.resync(new ProtocolError(`${this.title} has another epoch`));
		else if (info.head > this.window.to) this.gapRepair.repair(info.head);
	}

	/** The server has sent all entries up to `seq` on this connection: missing ones were lost, and are repaired. */
	sentUpTo(epoch: number, seq: number): void {
		if (epoch !== this.window.epoch) {
			this.port.resync(new ProtocolError(`${this.title} has another epoch`));
			return;
		}
		if (seq <= this.window.to) return;
		this.headNow = Math.max(this.headNow, seq);
		this.gapRepair.repair(seq);
	}

	typist(user: User): void {
		if (user.id !== this.port.user?.id) this.typists.received(user);
	}

	presence(user: User, online: boolean): void {
		if (!online) this.typists.ended(user.id);
		if (this.pages.members.presencePushed(user.id, online)) this.change();
	}

	/**
	 * Schedules a refresh of the members: presence pushes were missed, while disconnected or in catch-up. Only if the application has
	 * requested members. With jitter, so that reconnecting clients do not ask at the same time. `leastMs`: the server's `retryAfterMs`.
	 */
	refreshMembers(leastMs = 0): void {
		if (!this.pages.members.isLoaded || this.ended) return;
		const { clock, random, timing } = this.parts;
		this.cancelRefresh ??= clock.after(leastMs + (random.float() * timing.stableMs) / 2, () => {
			this.cancelRefresh = undefined;
			this.pages.refresh().then(
				(isKnown) => {
					if (!isKnown) this.refreshMembers();
				},
				(error: unknown) => {
					// Retries what may succeed on this connection. After other errors the next connection refreshes, if there is one.
					if (error instanceof TimeoutError) this.refreshMembers();
					if (error instanceof RefusedError && error.retry) this.refreshMembers(error.retryAfterMs);
				},
			);
		});
	}

	/** Applies the read mark that an earlier run has stored. */
	restoreSeen(seq: number): void {
		if (seq >= this.seenNow || this.marked) return;
		this.seenNow = seq;
		this.change();
	}

	/** The session has ended. Repairs are cancelled: the next hello's cursor replaces them. */
	disconnected(): void {
		this.cancelRefresh?.();
		this.cancelRefresh = undefined;
		this.gapRepair.stop();
		this.typists.clear();
		this.pages.members.pushesInterrupted();
	}

	/** The client has stopped: iterations throw `error`. A new log-in may resume the room. */
	clientStopped(error: Error): void {
		this.stopped = error;
		this.waiters.wake();
	}

	/** The user has left, or the client was closed: ends all iterations. */
	end(): void {
		if (this.ended) return;
		this.ended = true;
		this.info = { ...this.info, standing: Room_Standing.NONE };
		this.disconnected();
		this.waiters.wake();
		this.change();
	}

	/** Emits `changed`, once per turn of the event loop. */
	change(): void {
		if (this.changePending) return;
		this.changePending = true;
		queueMicrotask(() => {
			this.changePending = false;
			this.emitter.emit("changed", this);
		});
	}

	// ------------------------------------------------------------ for its iterations

	get ending(): { readonly error?: Error } | undefined {
		if (this.ended) return {};
		return this.stopped === undefined ? undefined : { error: this.stopped };
	}

	reasonBefore(seq: number): "far" | "trimmed" {
		return seq <= this.skippedTo ? "far" : "trimmed";
	}

	async fetchAfter(seq: number, signal: AbortSignal): Promise<Run> {
		const run = await this.requests.after(seq, signal);
		if (run.epoch !== this.window.epoch) {
			if (!this.ended) this.port.resync(new ProtocolError(`${this.title} has another epoch`));
		} else if (run.from !== seq + 1) throw new ProtocolError(`a page after ${seq} began at ${run.from}`);
		return run;
	}

	waitForChange(signal: AbortSignal): Promise<void> {
		return this.waiters.wait(signal);
	}

	// ------------------------------------------------------------ helpers

	private takeOrRepair(run: Run): void {
		const missing = this.take(run);
		if (missing === "epoch") this.port.resync(new ProtocolError(`entries of ${this.title} came with another epoch`));
		else if (missing === "gap") this.gapRepair.repair(run.to);
	}

	private take(run: Run): "gap" | "epoch" | undefined {
		const extended = this.window.extend(run);
		if (extended.kind !== "extended") {
			if (extended.kind === "gap") this.headNow = Math.max(this.headNow, run.to);
			return extended.kind;
		}
		this.arrived(extended.fresh);
		return undefined;
	}

	/** The stream continues after `run`, which may extend the window, lie beyond a skipped range, or be of another epoch. */
	private restart(run: Run, stale: boolean): void {
		this.gapRepair.stop();
		if (!stale && this.take(run) === undefined) return;
		const sameEpoch = run.epoch === this.window.epoch;
		const last = sameEpoch && !stale ? this.window.to : 0;
		const range: SkippedRange = { from: last + 1, to: run.from - 1, reason: sameEpoch && !stale ? "far" : "epoch" };
		this.window.reset(run);
		this.pages.members.skipped();
		this.loadedOlder = 0;
		this.skippedTo = range.to;
		if (range.reason === "epoch") {
			this.headNow = run.to;
			this.seenNow = Math.min(this.seenNow, run.to);
		}
		if (range.reason === "epoch" || range.to >= range.from) this.emitter.emit("skipped", range);
		this.arrived(run.entries);
		if (range.to > this.info.head) this.port.infoOutdated();
		this.refreshMembers();
	}

	private arrived(fresh: readonly Entry[]): void {
		const { window } = this;
		this.headNow = Math.max(this.headNow, window.to);
		if (fresh.length === 0) return;
		for (const entry of fresh) {
			this.pages.members.apply(entry);
			if (entry.body.case === "renamed") this.info = { ...this.info, name: entry.body.value.name };
			if (entry.body.case === "message" && entry.sender !== undefined) this.typists.ended(entry.sender.id);
		}
		// The version turned out to be stale: a member was added or removed without an entry while pages were loaded.
		if (this.pages.members.version.version === 0) this.refreshMembers();
		this.port.arrived(this, fresh);
		for (const entry of fresh) this.emitter.emit("entry", entry);
		// Trims in steps: each trim copies the window.
		const max = this.timelineMax + this.loadedOlder;
		if (window.length > max + Math.max(100, this.timelineMax / 8)) window.trim(max);
		this.waiters.wake();
		this.change();
	}
}
