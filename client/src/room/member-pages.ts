// Loads a room's list of members: the first page conditionally, by the version already loaded; further pages on demand; and, in large
// rooms, the presence of the members that the application watches.
import type { Limits, MemberList, User } from "@verbatim/protocol";
import type { CallOptions, RoomMember } from "../api/api.ts";
import { ProtocolError, TimeoutError } from "../base/errors.ts";
import { passesByItself } from "../base/refusal-waits.ts";
import { SingleFlight } from "../base/single-flight.ts";
import { type EntriesAbove, Members } from "./members.ts";
import type { WhoValue } from "./requests.ts";

/** Bounds repeats of a page (the timeline has skipped entries meanwhile) and of a list (it has changed without entries). */
const TRIES_MAX = 5;

export interface MemberPagesPort {
	/** The client's own user. */
	readonly user: Pick<User, "id"> | undefined;
	who(value: WhoValue, options?: CallOptions): Promise<MemberList>;
	/** Runs `task` within a caller's bounds; its signal aborts with them. */
	bounded<T>(options: CallOptions, task: (signal: AbortSignal, leftMs: () => number) => Promise<T>): Promise<T>;
	/** The timeline's entries above a seq, if it has this epoch. */
	above(epoch: number): EntriesAbove;
	changed(): void;
}

export class MemberPages {
	readonly members: Members;
	private readonly port: MemberPagesPort;
	private readonly limits: Pick<Limits, "membersPageMax" | "presenceUsersMax">;
	/** `all` was called: refreshes load the whole list. */
	private wantsAll = false;
	/** The server's list includes presence: the room is small. */
	private hasPresence = false;
	/** Ids given to `lookAt`. */
	private watched: readonly string[] = [];
	private readonly loading = new SingleFlight<number>();

	constructor(port: MemberPagesPort, limits: Pick<Limits, "membersPageMax" | "presenceUsersMax">) {
		this.members = new Members(() => port.user?.id);
		this.port = port;
		this.limits = limits;
	}

	/** Number of members online: counted where presence is reported for each, else as of the last list. */
	get online(): number | undefined {
		const { members } = this;
		if (!this.hasPresence || !members.complete) return members.online;
		let online = 0;
		for (const member of members.map.values()) if (member.online === true) online++;
		return online;
	}

	/** The whole list, brought up to date. */
	async all(options?: CallOptions): Promise<readonly RoomMember[]> {
		this.wantsAll = true;
		await this.first(options);
		if (!(await this.rest(options))) throw new ProtocolError("the list of members changes faster than it can be read");
		await this.lookAt(this.watched, options);
		return [...this.members.map.values()];
	}

	/** Loads the next page, of at most `limit`; returns its size, 0 if the list is complete. Concurrent calls share one request. */
	more(limit: number, options: CallOptions = {}): Promise<number> {
		return this.port.bounded(options, async (signal, leftMs) => {
			for (;;) {
				let isOwn = false;
				const load = (shared: AbortSignal): Promise<number> => {
					isOwn = true;
					return this.nextPage(limit, { signal: shared, timeoutMs: leftMs() });
				};
				try {
					return await this.loading.join(load, signal);
				} catch (error) {
					// The shared request has the time of the caller that began it, which may be over before this one's.
					if (isOwn || signal.aborted || !(error instanceof TimeoutError || passesByItself(error))) throw error;
				}
			}
		});
	}

	/** Sets the watched members, the first `presenceUsersMax` of `users`; requests their presence if the list has none. */
	async lookAt(users: readonly string[], options?: CallOptions): Promise<void> {
		this.watched = [...new Set(users)].slice(0, this.limits.presenceUsersMax);
		this.members.watch(this.watched);
		if (this.hasPresence || this.watched.length === 0) return;
		const asked = this.watched;
		const list = await this.port.who({ ...NOTHING, users: asked.map((id) => ({ id })) }, options);
		if (this.members.presenceAnswered(asked, list.here, list.online)) this.port.changed();
	}

	/**
	 * Brings a loaded list up to date; does nothing if none was requested. False: it changed faster than it could be read, and needs
	 * another refresh.
	 */
	async refresh(): Promise<boolean> {
		if (!this.members.isLoaded) return true;
		await this.first();
		if (this.wantsAll) await this.rest();
		await this.lookAt(this.watched);
		return this.wantsAll ? this.members.complete : this.members.isCurrent;
	}

	/** Loads all further pages. False: the list has changed too often meanwhile. */
	private async rest(options?: CallOptions): Promise<boolean> {
		for (let restarts = 0; !this.members.complete; ) {
			if ((await this.more(this.limits.membersPageMax, options)) > 0) continue;
			if (++restarts > TRIES_MAX) return false;
		}
		return true;
	}

	/** Loads the first page, unless the server answers that the loaded version is current. */
	private async first(options?: CallOptions, limit = this.limits.membersPageMax): Promise<void> {
		for (let tries = 0; tries < TRIES_MAX; tries++) {
			const list = await this.port.who({ ...NOTHING, limit, ...this.members.version }, options);
			if (this.take(list, "") !== "again") return;
		}
	}

	private async nextPage(limit: number, options?: CallOptions): Promise<number> {
		const { members } = this;
		for (let tries = 0; tries < TRIES_MAX && !members.complete; tries++) {
			const after = members.isCurrent ? members.next : "";
			if (after === "") {
				await this.first(options, limit);
				return members.map.size;
			}
			const list = await this.port.who({ ...NOTHING, after, limit }, options);
			if (this.take(list, after) === "taken") return list.members.length;
		}
		return 0;
	}

	private take(list: MemberList, after: string): ReturnType<Members["take"]> {
		const taken = this.members.take(list, after, this.port.above(list.epoch));
		this.hasPresence = list.presence;
		this.port.changed();
		return taken;
	}
}

const NOTHING: WhoValue = { after: "", limit: 0, epoch: 0, version: 0, users: [] };
