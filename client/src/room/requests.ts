// The requests of a room, with typed answers. An answer of an unexpected kind is a `ProtocolError`.
import type { Down, Limits, MemberList, Page as WirePage } from "@verbatim/protocol";
import type { CallOptions, HistoryBound } from "../api/api.ts";
import { type Page, withText } from "../base/entry.ts";
import { ProtocolError } from "../base/errors.ts";
import { type Run, runOfPage } from "./log-window.ts";

/** A command of a room. */
export type RoomCommand =
	| { readonly case: "history"; readonly value: { room: string } & HistoryValue }
	| { readonly case: "who"; readonly value: { room: string } & WhoValue }
	| { readonly case: "leave"; readonly value: { room: string } }
	| { readonly case: "rename"; readonly value: { room: string; name: string } }
	| { readonly case: "invite"; readonly value: { room: string; user: string } };

/** A request for a page of members, or for the presence of `users`. */
export interface WhoValue {
	readonly after: string;
	readonly limit: number;
	readonly epoch: number;
	readonly version: number;
	readonly users: { id: string }[];
}

export interface RoomRequestsPort {
	call(command: RoomCommand, options?: CallOptions): Promise<Down["body"]>;
	/** Runs `task` within the bounds of a call; its signal aborts with them. */
	bounded<T>(what: string, options: CallOptions, task: (signal: AbortSignal, leftMs: () => number) => Promise<T>): Promise<T>;
	/**
	 * As `call`, with any number of retries; rejects for errors that are not retryable. `command` is called before each try, with the
	 * number of answers lost so far.
	 */
	persist(command: (lost: number) => RoomCommand, signal: AbortSignal): Promise<Down["body"]>;
}

interface HistoryValue {
	readonly before: number;
	readonly after: number;
	readonly first: boolean;
	readonly around?: number;
	readonly atMs?: number;
	readonly limit: number;
}

export class RoomRequests {
	private readonly room: string;
	private readonly port: RoomRequestsPort;
	private readonly limits: Limits;
	/** Page size of `after`; halved for each lost answer and doubled for each page: a lossy link may pass short frames only. */
	private pageEntries: number;

	constructor(room: string, port: RoomRequestsPort, limits: Limits) {
		this.room = room;
		this.port = port;
		this.limits = limits;
		this.pageEntries = limits.historyEntriesMax;
	}

	/** A page of the server's log. */
	async history(bound: HistoryBound, options: CallOptions = {}): Promise<Page> {
		const limit = Math.min(bound.limit ?? this.limits.historyEntriesDefault, this.limits.historyEntriesMax);
		const { before = 0, after, around = 0, atMs = 0 } = bound;
		const page = await this.page({ before, ...afterOf(after), around, atMs, limit }, options);
		return { ...page, entries: withText(page.entries) };
	}

	/** The next page of entries after `seq`, with any number of retries. */
	async after(seq: number, signal: AbortSignal): Promise<Run> {
		const bound = { before: 0, ...afterOf(seq) };
		let known = 0;
		const command = (lost: number): RoomCommand => {
			if (lost > known) this.pageEntries = Math.max(1, this.pageEntries >> 1);
			known = lost;
			return { case: "history", value: { room: this.room, ...bound, limit: this.pageEntries } };
		};
		const body = await this.port.persist(command, signal);
		this.pageEntries = Math.min(this.limits.historyEntriesMax, this.pageEntries * 2);
		if (body.case !== "page") throw unexpected("history", body);
		return mustBeRun(body.value);
	}

	async who(value: WhoValue, options?: CallOptions): Promise<MemberList> {
		const body = await this.port.call({ case: "who", value: { room: this.room, ...value } }, options);
		if (body.case !== "memberList") throw unexpected("who", body);
		return body.value;
	}

	async done(command: Extract<RoomCommand, { case: "leave" | "rename" | "invite" }>, options?: CallOptions): Promise<void> {
		const body = await this.port.call(command, options);
		if (body.case !== "done") throw unexpected(command.case, body);
	}

	private async page(bound: HistoryValue, options: CallOptions): Promise<WirePage> {
		const body = await this.port.call({ case: "history", value: { room: this.room, ...bound } }, options);
		if (body.case !== "page") throw unexpected("history", body);
		return body.value;
	}
}

/** The page as a run; throws `ProtocolError` if it is not dense. */
export function mustBeRun(page: Parameters<typeof runOfPage>[0]): Run {
	const run = runOfPage(page);
	if (run === undefined) throw new ProtocolError("a page of history was not dense");
	return run;
}

function unexpected(what: string, body: Down["body"]): ProtocolError {
	return new ProtocolError(`${what} was answered by ${body.case ?? "something unknown"}`);
}

/** On the wire `after` 0 means no bound; `first` asks for the entries after 0. */
function afterOf(seq: number | undefined): { after: number; first: boolean } {
	return { after: seq ?? 0, first: seq === 0 };
}
