// A client process that uses the SDK as an application does: it sends at its own rate, reads its rooms, requests pages of history, and
// records every result in its journal. After a kill it restarts with its outbox, tokens and cursors from files.
import { join } from "node:path";
import {
	type Client,
	connect,
	fileOutbox,
	fileTokens,
	OutboxError,
	type Room,
	type SkippedRange,
	tcpTransport,
	VerbatimError,
	webSocketTransport,
} from "@verbatim/client/node";
import { type CodecName, Room_Standing, type Timing } from "@verbatim/protocol";
import { SeededRandom } from "../random.ts";
import { factsOf } from "../sim/recorder.ts";
import { checkedTransport } from "./checked-transport.ts";
import { Journal, type JournalLine, readJournal } from "./journal.ts";
import { SentLog } from "./sent-log.ts";

/** How it reads: every entry, gaps filled; gaps reported as `skipped`; by events. */
export type ReadMode = "fill" | "gaps" | "events";

export interface SdkClientOptions {
	readonly name: string;
	/** Unlike that of any other client, below 1,000. */
	readonly index: number;
	/** Counts from 1. */
	readonly incarnation: number;
	readonly user: string;
	readonly password: string;
	readonly endpoint: string;
	readonly codec: CodecName;
	/** For its outbox, identity and journal. */
	readonly folder: string;
	/** Names of channels. */
	readonly rooms: readonly string[];
	readonly read: ReadMode;
	readonly actionsPerSecond: number;
	readonly seed: number;
	readonly timing: Partial<Timing>;
}

const RETRY_MS = 150;
/** Every n-th action requests a page of history instead of sending. */
const PAGE_EVERY = 20;
const PAGE_ENTRIES_MAX = 50;
/** Bounds what a long disconnection queues: a full outbox refuses further sends. */
const OUTBOX_MAX = 200;

export class SdkClient {
	private readonly options: SdkClientOptions;
	private readonly journal: Journal;
	private readonly sentLog: SentLog;
	private readonly client: Client;
	private readonly random: SeededRandom;
	/** The application's cursor in each room, by the room's name. */
	private readonly cursors = new Map<string, number>();
	private sending = true;
	private actions = 0;

	constructor(options: SdkClientOptions) {
		this.options = options;
		const { folder, incarnation, name, rooms } = options;
		this.journal = new Journal(folder, incarnation);
		const past = readJournal(folder);
		this.restoreCursors(past);
		this.sentLog = new SentLog(name, this.journal, past);
		this.random = new SeededRandom(options.seed + incarnation * 7_919);
		this.client = connect({
			endpoints: options.endpoint,
			codec: options.codec,
			credential: { login: { name: options.user, password: options.password } },
			outbox: this.sentLog.outbox(fileOutbox(join(folder, "outbox")), () => this.sentLog.trackAll(this.client)),
			tokens: fileTokens(join(folder, "tokens.json")),
			transports: [webSocketTransport(), tcpTransport()].map((each) => checkedTransport(each, (words) => fail(new Error(words)))),
			timing: options.timing,
			outboxMax: OUTBOX_MAX,
		});
		this.client.on("status", (status) => {
			if (status.state === "stopped" && status.why !== "closed") fail(status.why);
		});
		this.client.on("roomAdded", (room) => this.read(room));
		for (const room of rooms) void this.join(room);
		void this.sendLoop();
	}

	stopSending(): void {
		this.sending = false;
	}

	/** What is still outstanding, as text; empty once every send is settled and every room is read to its head. `heads`: by room name. */
	pending(heads: ReadonlyMap<string, number>): string {
		const { status } = this.client;
		if (status.state !== "live") return `it is ${status.state}${"why" in status ? ` (${String(status.why)})` : ""}`;
		const open = this.client.outbox.filter(({ status: { state } }) => state === "waiting" || state === "sent");
		if (open.length > 0) return `${open.length} sends are not answered`;
		for (const name of this.options.rooms) {
			const room = this.room(name);
			if (room === undefined) return `it is not in ${name}`;
			const head = heads.get(name) ?? 0;
			const at = this.options.read === "events" ? room.to : (this.cursors.get(name) ?? 0);
			if (room.to < head || at < head) return `it has read ${name} up to ${at}, its timeline ends at ${room.to} of ${head}`;
		}
		return "";
	}

	/** Records the state of its rooms once exactly `online` are shown as online, or after `withinMs`. */
	async recordState(online: readonly string[], withinMs: number): Promise<void> {
		const endMs = performance.now() + withinMs;
		for (const name of this.options.rooms) {
			const room = this.room(name);
			if (room === undefined) throw new Error(`${this.options.name} is not in ${name}`);
			for (;;) {
				const who = await room.who({ timeoutMs: withinMs });
				const there = who.filter(isMember);
				const shown = there.filter((each) => each.online).map(({ user }) => user.id);
				const same = there.every((each) => each.online === online.includes(each.user.id));
				if (!same && performance.now() < endMs) {
					await Bun.sleep(RETRY_MS);
					continue;
				}
				const members = [...room.members.values()].filter(isMember).map(({ user }) => user.id);
				const { id, epoch, to: asOf } = room;
				const { name: session } = this.options;
				this.journal.add({ kind: "state", session, room: id, epoch, asOf, name: room.name, members });
				this.journal.add({ kind: "presence", session, room: id, online: shown });
				break;
			}
		}
	}

	async close(): Promise<void> {
		await this.client.close();
		this.journal.close();
	}

	private room(name: string): Room | undefined {
		for (const room of this.client.rooms.values()) if (room.name === name) return room;
		return undefined;
	}

	private async join(name: string): Promise<void> {
		for (;;) {
			try {
				await this.client.join(`#${name}`, { create: true });
				return;
			} catch (cause) {
				rethrowUnexpected(cause);
				await Bun.sleep(RETRY_MS);
			}
		}
	}

	private async sendLoop(): Promise<void> {
		const { name, incarnation, rooms, actionsPerSecond } = this.options;
		for (;;) {
			await Bun.sleep((this.random.float() * 2_000) / actionsPerSecond);
			if (!this.sending) return;
			const room = this.room(rooms[this.random.below(rooms.length)] ?? "");
			// The room is not known before the server announces it.
			if (room === undefined) continue;
			this.actions++;
			if (this.actions % PAGE_EVERY === 0) {
				void this.page(room);
				continue;
			}
			try {
				this.sentLog.track(room.send(`${name}-${incarnation}-${this.actions}`));
			} catch (cause) {
				if (!(cause instanceof OutboxError)) throw cause;
			}
		}
	}

	private async page(room: Room): Promise<void> {
		const { name: session, index, incarnation } = this.options;
		// Unique over all clients and incarnations.
		const ask = (index * 1e6 + incarnation) * 1e6 + this.actions;
		const bound = this.random.float() < 0.5 ? {} : { after: this.random.below(Math.max(1, room.head)) };
		const { journal, client } = this;
		journal.add({ kind: "ask", session, ask, room: room.id });
		try {
			const page = await room.history({ ...bound, limit: 1 + this.random.below(PAGE_ENTRIES_MAX) });
			const { room: id, epoch, from, to, head } = page;
			const user = client.user?.id ?? "";
			journal.add({ kind: "page", session, user, ask, room: id, epoch, from, to, head, entries: page.entries.map(factsOf) });
		} catch (cause) {
			rethrowUnexpected(cause);
		}
	}

	// ------------------------------------------------------------ reading

	private read(room: Room): void {
		const reading = `${this.options.name}/${room.name}`;
		if (this.options.read !== "events") {
			void this.readEntries(reading, room);
			return;
		}
		this.resume(reading, room, room.to);
		room.on("entry", (entry) => this.recv(reading, room, entry));
		room.on("skipped", (range) => this.skipped(reading, room, range));
	}

	private async readEntries(reading: string, room: Room): Promise<void> {
		const after = this.cursors.get(room.name) ?? 0;
		const fill = this.options.read === "fill";
		this.resume(reading, room, after);
		for await (const item of room.entries({ after, fill })) {
			if (!("skipped" in item)) this.recv(reading, room, item);
			else if (fill) throw new Error("entries() with fill reported a skipped range");
			else this.skipped(reading, room, item.skipped);
		}
	}

	private resume(reading: string, { id: room, epoch, name }: Room, after: number): void {
		const { name: session } = this.options;
		this.cursors.set(name, after);
		this.journal.add({ kind: "resume", reading, session, user: this.client.user?.id ?? "", room, epoch, after });
	}

	private recv(reading: string, { id: room, epoch, name }: Room, entry: Parameters<typeof factsOf>[0]): void {
		this.journal.add({ kind: "recv", reading, room, epoch, entry: factsOf(entry) });
		this.cursors.set(name, entry.seq);
	}

	private skipped(reading: string, { id: room, epoch, name }: Room, { from, to, reason: why }: SkippedRange): void {
		this.journal.add({ kind: "skipped", reading, room, epoch, from, to, why });
		this.cursors.set(name, to);
	}

	private restoreCursors(past: readonly JournalLine[]): void {
		for (const line of past) {
			if (line.kind !== "resume" && line.kind !== "recv" && line.kind !== "skipped") continue;
			const room = line.reading.slice(this.options.name.length + 1);
			this.cursors.set(room, line.kind === "recv" ? line.entry.seq : line.kind === "skipped" ? line.to : line.after);
		}
	}
}

/** Ends the process at once with `cause` on stderr. Not thrown: a listener or a socket might catch it. */
export function fail(cause: unknown): never {
	process.stderr.write(`${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`);
	process.exit(1);
}

function isMember({ standing }: { readonly standing: Room_Standing }): boolean {
	return standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER;
}

/** The SDK's own errors are expected under faults; anything else is a bug and ends the process. */
function rethrowUnexpected(cause: unknown): void {
	if (!(cause instanceof VerbatimError)) throw cause;
}
