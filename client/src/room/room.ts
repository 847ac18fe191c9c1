// One room as its user sees it: the window on its log, who is in it, what is being said. It takes pushes and pages from the
// client, in the order of the wire, and lets nothing through that would leave a hole.
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
	Off,
	Room,
	RoomEvents,
	RoomInfo,
	RoomMember,
	SendOptions,
	SkippedRange,
} from "../api.ts";
import type { Cancel } from "../clock.ts";
import type { Entry, Page } from "../entry.ts";
import { ProtocolError, RefusedError, TimeoutError } from "../errors.ts";
import { Emitter, Waiters } from "../events.ts";
import type { Parts } from "../parts.ts";
import { Ask, type AskPort, mustBeRun } from "./ask.ts";
import { Healer } from "./healer.ts";
import { MemberPages } from "./member-pages.ts";
import { type Item, type Readable, readEntries } from "./reader.ts";
import { Typing } from "./typing.ts";
import { type Run, runOf, runOfPage, Window } from "./window.ts";

/** Members that a page of `loadMembers` has: some screens. */
const MEMBERS_DEFAULT = 200;

/** What a room needs of its client. */
export interface RoomPort extends AskPort {
	readonly user: User | undefined;
	typing(room: string): void;
	say(room: string, text: string, options?: SendOptions): Delivery;
	pending(room: string): readonly Delivery[];
	/** Entries that are new here; own sends among them are proved to be in the log. */
	arrived(room: LiveRoom, fresh: readonly Entry[]): void;
	/** The server contradicts itself, or what was lost is too much to ask for: begin a new session. */
	resync(why: ProtocolError): void;
	/** Entries were left out that are newer than the room's description: it may have another name. */
	passedOver(): void;
	left(room: LiveRoom): void;
	seen(room: LiveRoom): void;
}

export class LiveRoom implements Room, Readable {
	readonly id: string;
	readonly window: Window;
	private ended = false;
	private stopped: Error | undefined;
	private readonly parts: Parts;
	private readonly port: RoomPort;
	private readonly timelineMax: number;
	private readonly emitter = new Emitter<RoomEvents>();
	/** The list of who is here is about to be asked for again. */
	private asking: Cancel | undefined;
	private readonly pages: MemberPages;
	private readonly writers: Typing;
	private readonly healer: Healer;
	private readonly ask: Ask;
	private info: RoomInfo;
	private headNow: number;
	private seenNow: number;
	/** The user has looked at it in this life. */
	private marked = false;
	/** Entries that `loadOlder` brought: they are kept beyond `timelineMax`, since somebody looks at them. */
	private loadedOlder = 0;
	/** The end of the newest range that the server left out. */
	private skippedTo = 0;
	private readonly waiters = new Waiters();
	private changePending = false;

	/** `cursor`: the seq after which the stream of this room begins. */
	constructor(parts: Parts, port: RoomPort, timelineMax: number, info: RoomInfo, cursor: number, seen: number) {
		this.parts = parts;
		this.port = port;
		this.timelineMax = timelineMax;
		this.id = info.id;
		this.info = info;
		this.headNow = info.head;
		this.seenNow = seen;
		this.window = new Window(info.epoch, cursor);
		this.ask = new Ask(info.id, port, parts.limits);
		this.pages = new MemberPages(
			{
				who: (value, options) => this.ask.who(value, options),
				bounded: (options, task) => port.bounded("who", options, task),
				above: (epoch) => (seq) => (epoch === this.window.epoch ? this.window.above(seq) : undefined),
				changed: () => this.change(),
			},
			parts.limits,
		);
		this.writers = new Typing(parts.clock, () => {
			this.emitter.emit("typing", this.writers.users);
			this.change();
		});
		this.healer = new Healer({
			fetchAfter: (seq, signal) => this.fetchAfter(seq, signal),
			take: (run) => void this.take(run),
			to: () => this.window.to,
			resync: (why) => port.resync(why),
			gapMax: parts.limits.catchUpEntriesMax,
		});
	}

	// ------------------------------------------------------------ what it is

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
		return this.pages.people.map;
	}
	get membersComplete(): boolean {
		return this.pages.people.complete;
	}
	get memberCount(): number {
		return this.pages.people.count ?? this.info.members;
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
		return this.writers.users;
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

	// ------------------------------------------------------------ what one does

	send(text: string, options?: SendOptions): Delivery {
		const delivery = this.port.say(this.id, text, options);
		this.writers.said();
		return delivery;
	}

	async loadOlder(limit = this.parts.limits.historyEntriesDefault, options?: CallOptions): Promise<number> {
		const before = this.from;
		if (before <= 1) return 0;
		const run = mustBeRun(await this.ask.history({ before, limit }, options));
		// Epoch, trimming or another page may have come between; then there is nothing to put it before.
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

	who(options?: CallOptions): Promise<readonly RoomMember[]> {
		return this.pages.all(options);
	}

	loadMembers(limit = MEMBERS_DEFAULT, options?: CallOptions): Promise<number> {
		return this.pages.more(limit, options);
	}

	lookAt(users: readonly string[], options?: CallOptions): Promise<void> {
		return this.pages.lookAt(users, options);
	}

	async leave(options?: CallOptions): Promise<void> {
		await this.ask.done({ case: "leave", value: { room: this.id } }, options);
		this.port.left(this);
	}

	rename(name: string, options?: CallOptions): Promise<void> {
		return this.ask.done({ case: "rename", value: { room: this.id, name } }, options);
	}

	invite(name: string, options?: CallOptions): Promise<void> {
		return this.ask.done({ case: "invite", value: { room: this.id, user: name } }, options);
	}

	sendTyping(): void {
		if (this.writers.mayTell()) this.port.typing(this.id);
	}

	history(bound: HistoryBound, options?: CallOptions): Promise<Page> {
		return this.ask.history(bound, options);
	}

	on<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): Off {
		return this.emitter.on(event, listener);
	}

	once<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): Off {
		return this.emitter.once(event, listener);
	}

	entries(options?: EntriesOptions & { readonly fill?: true }): AsyncIterableIterator<Entry>;
	entries(options: EntriesOptions & { readonly fill: boolean }): AsyncIterableIterator<Item>;
	entries({
		after = this.window.to,
		fill = true,
		signal,
	}: EntriesOptions & { readonly fill?: boolean } = {}): AsyncIterableIterator<Item> {
		return readEntries(this, after, fill, signal);
	}

	// ------------------------------------------------------------ what the server says

	/** Entries that continue the stream. */
	entriesPushed({ epoch, entries }: Entries): void {
		const first = entries[0];
		if (first === undefined) return;
		const run = runOf(epoch, first.seq, entries);
		if (run === undefined) this.port.resync(new ProtocolError(`entries of ${this.title} were not dense`));
		else this.takeOrHeal(run);
	}

	/** The server has left a range out, and goes on after the page. */
	skipped({ reason, page }: Skipped): void {
		const run = page === undefined ? undefined : runOfPage(page);
		if (run === undefined) this.port.resync(new ProtocolError(`a skip in ${this.title} came without a dense page`));
		else this.restart(run, reason === Skipped_Reason.EPOCH);
	}

	/** A join was answered: the stream goes on after the page. */
	joined(info: RoomInfo, page: WirePage): void {
		this.describe(info);
		const run = runOfPage(page);
		if (run === undefined) this.port.resync(new ProtocolError(`the join of ${this.title} came without a dense page`));
		else this.restart(run, false);
	}

	/** The room as a list or a welcome describes it. */
	describe(info: RoomInfo): void {
		this.stopped = undefined;
		// A list may have been made before an entry that is here already.
		const isOlder = info.epoch === this.window.epoch && info.head < this.window.to;
		this.info = isOlder ? { ...info, name: this.info.name } : info;
		this.headNow = info.epoch === this.window.epoch ? Math.max(info.head, this.window.to) : info.head;
		if (info.epoch === this.window.epoch && info.head < this.skippedTo) this.port.passedOver();
		this.change();
	}

	/** After frames were lost: is this all there is? */
	verify(info: RoomInfo): void {
		this.describe(info);
		if (info.epoch !== this.window.epoch) this.port.resync(new ProtocolError(`${this.title} has another epoch`));
		else if (info.head > this.window.to) this.healer.heal(info.head);
	}

	/** The server has sent all entries up to `seq`. */
	sentUpTo(epoch: number, seq: number): void {
		if (epoch !== this.window.epoch) {
			this.port.resync(new ProtocolError(`${this.title} has another epoch`));
			return;
		}
		if (seq <= this.window.to) return;
		this.headNow = Math.max(this.headNow, seq);
		this.healer.heal(seq);
	}

	typist(user: User): void {
		if (user.id !== this.port.user?.id) this.writers.hear(user);
	}

	presence(user: User, online: boolean): void {
		if (!online) this.writers.end(user.id);
		if (this.pages.people.hear(user.id, online)) this.change();
	}

	/**
	 * Who is online may have changed unheard: while one was away, or too slow to be told. Only where the application has asked for
	 * the members, and not in the moment in which all others come back as well. `leastMs`: not before the server has said.
	 */
	refreshMembers(leastMs = 0): void {
		if (!this.pages.people.isAsked || this.ended) return;
		const { clock, random, timing } = this.parts;
		this.asking ??= clock.after(leastMs + (random.float() * timing.stableMs) / 2, () => {
			this.asking = undefined;
			this.pages.refresh().then(
				(isKnown) => {
					if (!isKnown) this.refreshMembers();
				},
				(error: unknown) => {
					// What was asked is still not known. Other ends have other beginnings: the next connection, or none.
					if (error instanceof TimeoutError) this.refreshMembers();
					if (error instanceof RefusedError && error.retry) this.refreshMembers(error.retryAfterMs);
				},
			);
		});
	}

	/** Seen up to here in an earlier life of this program. */
	seenBefore(seq: number): void {
		if (seq >= this.seenNow || this.marked) return;
		this.seenNow = seq;
		this.change();
	}

	/** The session is gone: what was being fetched on it is set right by the cursor of the next hello. */
	disconnected(): void {
		this.asking?.();
		this.asking = undefined;
		this.healer.stop();
		this.writers.clear();
		this.pages.people.deaf();
	}

	/** The client has stopped: who waits for entries learns why. A new log-in may bring the room back. */
	pause(error: Error): void {
		this.stopped = error;
		this.waiters.wake();
	}

	/** Nothing more of this room comes. */
	end(): void {
		if (this.ended) return;
		this.ended = true;
		this.info = { ...this.info, standing: Room_Standing.NONE };
		this.disconnected();
		this.waiters.wake();
		this.change();
	}

	/** Tells listeners once per turn that something is different. */
	change(): void {
		if (this.changePending) return;
		this.changePending = true;
		queueMicrotask(() => {
			this.changePending = false;
			this.emitter.emit("changed", this);
		});
	}

	// ------------------------------------------------------------ for its readers

	get ending(): { readonly error?: Error } | undefined {
		if (this.ended) return {};
		return this.stopped === undefined ? undefined : { error: this.stopped };
	}

	reasonBefore(seq: number): "far" | "trimmed" {
		return seq <= this.skippedTo ? "far" : "trimmed";
	}

	async fetchAfter(seq: number, signal: AbortSignal): Promise<Run> {
		const run = await this.ask.after(seq, signal);
		if (run.epoch !== this.window.epoch) {
			if (!this.ended) this.port.resync(new ProtocolError(`${this.title} has another epoch`));
		} else if (run.from !== seq + 1) throw new ProtocolError(`a page after ${seq} began at ${run.from}`);
		return run;
	}

	stirred(signal: AbortSignal): Promise<void> {
		return this.waiters.wait(signal);
	}

	// ------------------------------------------------------------ helpers

	private takeOrHeal(run: Run): void {
		const missing = this.take(run);
		if (missing === "epoch") this.port.resync(new ProtocolError(`entries of ${this.title} came with another epoch`));
		else if (missing === "gap") this.healer.heal(run.to);
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

	/** The stream goes on after `run`, which may touch what is there, lie far ahead, or belong to another epoch. */
	private restart(run: Run, stale: boolean): void {
		this.healer.stop();
		if (!stale && this.take(run) === undefined) return;
		const sameEpoch = run.epoch === this.window.epoch;
		const last = sameEpoch && !stale ? this.window.to : 0;
		const range: SkippedRange = { from: last + 1, to: run.from - 1, reason: sameEpoch && !stale ? "far" : "epoch" };
		this.window.reset(run);
		this.pages.people.jumped();
		this.loadedOlder = 0;
		this.skippedTo = range.to;
		if (range.reason === "epoch") {
			this.headNow = run.to;
			this.seenNow = Math.min(this.seenNow, run.to);
		}
		if (range.reason === "epoch" || range.to >= range.from) this.emitter.emit("skipped", range);
		this.arrived(run.entries);
		if (range.to > this.info.head) this.port.passedOver();
		this.refreshMembers();
	}

	private arrived(fresh: readonly Entry[]): void {
		const { window } = this;
		this.headNow = Math.max(this.headNow, window.to);
		if (fresh.length === 0) return;
		for (const entry of fresh) {
			this.pages.people.apply(entry);
			if (entry.body.case === "renamed") this.info = { ...this.info, name: entry.body.value.name };
			if (entry.body.case === "message" && entry.sender !== undefined) this.writers.end(entry.sender.id);
		}
		// Somebody was added or removed without an entry, while pages were being loaded.
		if (this.pages.people.version.version === 0) this.refreshMembers();
		this.port.arrived(this, fresh);
		for (const entry of fresh) this.emitter.emit("entry", entry);
		// In steps, or each entry would copy the window.
		const max = this.timelineMax + this.loadedOlder;
		if (window.length > max + Math.max(100, this.timelineMax / 8)) window.trim(max);
		this.waiters.wake();
		this.change();
	}
}
