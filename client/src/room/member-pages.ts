// Asks for a room's list of members: the first page with the version that is here, so that who comes back is told that nothing has
// changed; the pages that follow when they are wanted; and, in large rooms, the presence of those whom somebody looks at.
import type { Limits, MemberList } from "@verbatim/protocol";
import type { CallOptions, RoomMember } from "../api.ts";
import { ProtocolError } from "../errors.ts";
import { SingleFlight } from "../single-flight.ts";
import type { WhoValue } from "./ask.ts";
import { type EntriesAbove, Members } from "./members.ts";

/** A page is asked for again where the timeline jumps while it is on its way, a list where it changes unseen; nothing does so often. */
const TRIES_MAX = 5;

export interface MemberPagesPort {
	who(value: WhoValue, options?: CallOptions): Promise<MemberList>;
	/** Runs `task` within a caller's bounds; its signal ends with them. */
	bounded<T>(options: CallOptions, task: (signal: AbortSignal) => Promise<T>): Promise<T>;
	/** The entries of the timeline above a seq of the log with this epoch. */
	above(epoch: number): EntriesAbove;
	changed(): void;
}

export class MemberPages {
	readonly people = new Members();
	private readonly port: MemberPagesPort;
	private readonly limits: Pick<Limits, "membersPageMax" | "presenceUsersMax">;
	/** Everybody was asked for, and is from now on. */
	private wantsAll = false;
	/** Each member's presence comes with the list. */
	private presenceTold = false;
	/** Those whom somebody looks at. */
	private looked: readonly string[] = [];
	private readonly loading = new SingleFlight<number>();

	constructor(port: MemberPagesPort, limits: Pick<Limits, "membersPageMax" | "presenceUsersMax">) {
		this.port = port;
		this.limits = limits;
	}

	/** How many are online: where each member's presence is told, as it is now. */
	get online(): number | undefined {
		const { people } = this;
		if (!this.presenceTold || !people.complete) return people.online;
		let online = 0;
		for (const member of people.map.values()) if (member.online === true) online++;
		return online;
	}

	/** Everybody, as it is now. */
	async all(options?: CallOptions): Promise<readonly RoomMember[]> {
		this.wantsAll = true;
		await this.first(options);
		if (!(await this.rest(options))) throw new ProtocolError("the list of members changes faster than it can be read");
		await this.lookAt(this.looked, options);
		return [...this.people.map.values()];
	}

	/** The next page, of at most `limit`; gives how many are on it, 0 where all are here. Who asks while it is on its way has part in it. */
	more(limit: number, options: CallOptions = {}): Promise<number> {
		// The page itself has no time-out: each who waits for it has one.
		const load = (signal: AbortSignal) => this.nextPage(limit, { signal, timeoutMs: Number.POSITIVE_INFINITY });
		return this.port.bounded(options, (signal) => this.loading.join(load, signal));
	}

	/** Asks who of these is online, where that does not come by itself; at most `presenceUsersMax`, the first of them. */
	async lookAt(users: readonly string[], options?: CallOptions): Promise<void> {
		this.looked = [...new Set(users)].slice(0, this.limits.presenceUsersMax);
		this.people.lookAt(this.looked);
		if (this.presenceTold || this.looked.length === 0) return;
		const asked = this.looked;
		const list = await this.port.who({ ...NOTHING, users: asked.map((id) => ({ id })) }, options);
		if (this.people.told(asked, list.here, list.online)) this.port.changed();
	}

	/**
	 * What is here may be old: asks for what has changed. Only where somebody has asked before. False: it has changed faster than it
	 * could be read, and has to be asked for again.
	 */
	async refresh(): Promise<boolean> {
		if (!this.people.isAsked) return true;
		await this.first();
		if (this.wantsAll) await this.rest();
		await this.lookAt(this.looked);
		return this.wantsAll ? this.people.complete : this.people.isCurrent;
	}

	/** False: it has changed too often meanwhile. */
	private async rest(options?: CallOptions): Promise<boolean> {
		for (let restarts = 0; !this.people.complete; ) {
			if ((await this.more(this.limits.membersPageMax, options)) > 0) continue;
			if (++restarts > TRIES_MAX) return false;
		}
		return true;
	}

	/** Takes the first page, or hears that it is the one that is here. */
	private async first(options?: CallOptions, limit = this.limits.membersPageMax): Promise<void> {
		for (let tries = 0; tries < TRIES_MAX; tries++) {
			const list = await this.port.who({ ...NOTHING, limit, ...this.people.version }, options);
			if (this.take(list, "") !== "again") return;
		}
	}

	private async nextPage(limit: number, options?: CallOptions): Promise<number> {
		const { people } = this;
		for (let tries = 0; tries < TRIES_MAX && !people.complete; tries++) {
			const after = people.isCurrent ? people.next : "";
			if (after === "") {
				await this.first(options, limit);
				return people.map.size;
			}
			const list = await this.port.who({ ...NOTHING, after, limit }, options);
			if (this.take(list, after) === "taken") return list.members.length;
		}
		return 0;
	}

	private take(list: MemberList, after: string): ReturnType<Members["take"]> {
		const taken = this.people.take(list, after, this.port.above(list.epoch));
		this.presenceTold = list.presence;
		this.port.changed();
		return taken;
	}
}

const NOTHING: WhoValue = { after: "", limit: 0, epoch: 0, version: 0, users: [] };
