// What a room asks of the server, and the answers as values. Answers of another kind than was asked for are the server's
// mistake, and said as such.
import type { Down, Limits, MemberList, Page as WirePage } from "@verbatim/protocol";
import type { CallOptions, HistoryBound } from "../api.ts";
import { type Page, withText } from "../entry.ts";
import { ProtocolError } from "../errors.ts";
import { type Run, runOfPage } from "./window.ts";

/** A command that a room may ask for; each is answered, or rejects within the bounds of the call. */
export type RoomCommand =
	| { readonly case: "history"; readonly value: { room: string } & HistoryValue }
	| { readonly case: "who"; readonly value: { room: string } & WhoValue }
	| { readonly case: "leave"; readonly value: { room: string } }
	| { readonly case: "rename"; readonly value: { room: string; name: string } }
	| { readonly case: "invite"; readonly value: { room: string; user: string } };

/** What is asked about the members: a page, or who of `users` is online. */
export interface WhoValue {
	readonly after: string;
	readonly limit: number;
	readonly epoch: number;
	readonly version: number;
	readonly users: { id: string }[];
}

export interface AskPort {
	call(command: RoomCommand, options?: CallOptions): Promise<Down["body"]>;
	/** Runs `task` within the bounds of a call; its signal ends with them. */
	bounded<T>(what: string, options: CallOptions, task: (signal: AbortSignal) => Promise<T>): Promise<T>;
	/**
	 * As `call`, over any number of tries; rejects only for good. `command` is asked before each try for what to ask, and
	 * told how many answers got lost so far.
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

export class Ask {
	private readonly room: string;
	private readonly port: AskPort;
	private readonly limits: Limits;
	/** Asked for at once where all is wanted. A line that damages every long frame may let short ones pass, so it follows how that goes. */
	private pageEntries: number;

	constructor(room: string, port: AskPort, limits: Limits) {
		this.room = room;
		this.port = port;
		this.limits = limits;
		this.pageEntries = limits.historyEntriesMax;
	}

	/** A page as it lies on the server. */
	async history(bound: HistoryBound, options: CallOptions = {}): Promise<Page> {
		const limit = Math.min(bound.limit ?? this.limits.historyEntriesDefault, this.limits.historyEntriesMax);
		const { before = 0, after, around = 0, atMs = 0 } = bound;
		const page = await this.page({ before, ...afterOf(after), around, atMs, limit }, options);
		return { ...page, entries: withText(page.entries) };
	}

	/** The entries after `seq`, however long it takes. */
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

/** On the wire 0 means no bound: what comes after 0 is asked for as the first. */
function afterOf(seq: number | undefined): { after: number; first: boolean } {
	return { after: seq ?? 0, first: seq === 0 };
}
