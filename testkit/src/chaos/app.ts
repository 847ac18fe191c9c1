// A client as an application is written: it says things at its own pace, reads its rooms, asks for a page now and then, and writes
// down what it was told. Killed at any moment, it comes back with its outbox, its identity and its places from files.
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
import { fail } from "./fail.ts";
import { Journal, type JournalLine, readJournal } from "./journal.ts";
import { overheard } from "./overheard.ts";
import { Said } from "./said.ts";

/** How it reads: every entry; told of what was left out; by events as they come. */
export type ReadMode = "fill" | "told" | "events";

export interface AppOptions {
	readonly name: string;
	/** Unlike that of any other client, below 1,000. */
	readonly index: number;
	/** Counts from 1. */
	readonly life: number;
	readonly user: string;
	readonly password: string;
	readonly endpoint: string;
	readonly codec: CodecName;
	/** For its outbox, identity and journal. */
	readonly folder: string;
	/** Names of channels. */
	readonly rooms: readonly string[];
	readonly read: ReadMode;
	readonly talkPerSecond: number;
	readonly seed: number;
	readonly timing: Partial<Timing>;
}

/** An application tries again after this, ms. */
const AGAIN_MS = 150;
/** One of so many doings is a page of history instead of a message. */
const PAGE_EVERY = 20;
const PAGE_ENTRIES_MAX = 50;
/** Nothing is piled up: who is cut off for long says no more. */
const OUTBOX_MAX = 200;

export class App {
	private readonly options: AppOptions;
	private readonly journal: Journal;
	private readonly said: Said;
	private readonly client: Client;
	private readonly random: SeededRandom;
	/** Where the application stands in each room, by the room's name. */
	private readonly places = new Map<string, number>();
	private talking = true;
	private doings = 0;

	constructor(options: AppOptions) {
		this.options = options;
		const { folder, life, name, rooms } = options;
		this.journal = new Journal(folder, life);
		const past = readJournal(folder);
		this.rememberPlaces(past);
		this.said = new Said(name, this.journal, past);
		this.random = new SeededRandom(options.seed + life * 7_919);
		this.client = connect({
			endpoints: options.endpoint,
			codec: options.codec,
			credential: { login: { name: options.user, password: options.password } },
			outbox: this.said.outbox(fileOutbox(join(folder, "outbox")), () => this.said.watchAll(this.client)),
			tokens: fileTokens(join(folder, "tokens.json")),
			transports: [webSocketTransport(), tcpTransport()].map((each) => overheard(each, (words) => fail(new Error(words)))),
			timing: options.timing,
			outboxMax: OUTBOX_MAX,
		});
		this.client.on("status", (status) => {
			if (status.state === "stopped" && status.why !== "closed") fail(status.why);
		});
		this.client.on("roomAdded", (room) => this.read(room));
		for (const room of rooms) void this.enter(room);
		void this.talk();
	}

	hush(): void {
		this.talking = false;
	}

	/** What it still waits for, in words; empty if everything is answered and read. `heads`: the logs' ends, by room name. */
	waitsFor(heads: ReadonlyMap<string, number>): string {
		const { status } = this.client;
		if (status.state !== "live") return `it is ${status.state}${"why" in status ? ` (${String(status.why)})` : ""}`;
		const open = this.client.outbox.filter(({ status: { state } }) => state === "waiting" || state === "sent");
		if (open.length > 0) return `${open.length} sends are not answered`;
		for (const name of this.options.rooms) {
			const room = this.room(name);
			if (room === undefined) return `it is not in ${name}`;
			const head = heads.get(name) ?? 0;
			const at = this.options.read === "events" ? room.to : (this.places.get(name) ?? 0);
			if (room.to < head || at < head) return `it has read ${name} up to ${at}, its timeline ends at ${room.to} of ${head}`;
		}
		return "";
	}

	/** Writes down how its rooms look, once `online` are shown as online or when it has waited for that long enough. */
	async look(online: readonly string[], withinMs: number): Promise<void> {
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
					await Bun.sleep(AGAIN_MS);
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

	private async enter(name: string): Promise<void> {
		for (;;) {
			try {
				await this.client.join(`#${name}`, { create: true });
				return;
			} catch (cause) {
				expected(cause);
				await Bun.sleep(AGAIN_MS);
			}
		}
	}

	private async talk(): Promise<void> {
		const { name, life, rooms, talkPerSecond } = this.options;
		for (;;) {
			await Bun.sleep((this.random.float() * 2_000) / talkPerSecond);
			if (!this.talking) return;
			const room = this.room(rooms[this.random.below(rooms.length)] ?? "");
			// Nobody may be sure of a room before it was told of it.
			if (room === undefined) continue;
			this.doings++;
			if (this.doings % PAGE_EVERY === 0) {
				void this.page(room);
				continue;
			}
			try {
				this.said.watch(room.send(`${name}-${life}-${this.doings}`));
			} catch (cause) {
				if (!(cause instanceof OutboxError)) throw cause;
			}
		}
	}

	private async page(room: Room): Promise<void> {
		const { name: session, index, life } = this.options;
		// A number that no other client and no other life has.
		const ask = (index * 1e6 + life) * 1e6 + this.doings;
		const bound = this.random.float() < 0.5 ? {} : { after: this.random.below(Math.max(1, room.head)) };
		const { journal, client } = this;
		journal.add({ kind: "ask", session, ask, room: room.id });
		try {
			const page = await room.history({ ...bound, limit: 1 + this.random.below(PAGE_ENTRIES_MAX) });
			const { room: id, epoch, from, to, head } = page;
			const user = client.user?.id ?? "";
			journal.add({ kind: "page", session, user, ask, room: id, epoch, from, to, head, entries: page.entries.map(factsOf) });
		} catch (cause) {
			expected(cause);
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
		const after = this.places.get(room.name) ?? 0;
		const fill = this.options.read === "fill";
		this.resume(reading, room, after);
		for await (const item of room.entries({ after, fill })) {
			if (!("skipped" in item)) this.recv(reading, room, item);
			else if (fill) throw new Error("a reading that was to miss nothing was told of a skip");
			else this.skipped(reading, room, item.skipped);
		}
	}

	private resume(reading: string, { id: room, epoch, name }: Room, after: number): void {
		const { name: session } = this.options;
		this.places.set(name, after);
		this.journal.add({ kind: "resume", reading, session, user: this.client.user?.id ?? "", room, epoch, after });
	}

	private recv(reading: string, { id: room, epoch, name }: Room, entry: Parameters<typeof factsOf>[0]): void {
		this.journal.add({ kind: "recv", reading, room, epoch, entry: factsOf(entry) });
		this.places.set(name, entry.seq);
	}

	private skipped(reading: string, { id: room, epoch, name }: Room, { from, to, reason: why }: SkippedRange): void {
		this.journal.add({ kind: "skipped", reading, room, epoch, from, to, why });
		this.places.set(name, to);
	}

	private rememberPlaces(past: readonly JournalLine[]): void {
		for (const line of past) {
			if (line.kind !== "resume" && line.kind !== "recv" && line.kind !== "skipped") continue;
			const room = line.reading.slice(this.options.name.length + 1);
			this.places.set(room, line.kind === "recv" ? line.entry.seq : line.kind === "skipped" ? line.to : line.after);
		}
	}
}

function isMember({ standing }: { readonly standing: Room_Standing }): boolean {
	return standing === Room_Standing.MEMBER || standing === Room_Standing.OWNER;
}

/** What the SDK throws on purpose is the world's doing; anything else is a bug, and ends the process. */
function expected(cause: unknown): void {
	if (!(cause instanceof VerbatimError)) throw cause;
}
