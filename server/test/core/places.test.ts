// A session's places in rooms, driven by commands, other sessions, and a store that is slow or fails.
import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { type Down, Refusal, Room_Kind, Room_Standing, Skipped_Reason } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import fc from "fast-check";
import { inviteDraft, messageDraft } from "../../src/log/draft.ts";
import { Places } from "../../src/session/places.ts";
import { createMemoryStore } from "../../src/store/memory/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { Harness, type TestClient } from "./harness.ts";
import { join, joined, say, texts } from "./helpers.ts";

const leave = (room: string) => ({ case: "leave", value: { room } }) as const;

describe("a place in a room", () => {
	const undo: (() => void)[] = [];
	afterEach(() => {
		for (const each of undo.splice(0)) each();
	});

	test("in which an illegal step is taken ends its session, resumable and counted, and no other", async () => {
		const harness = new Harness();
		const [host, ann] = [await harness.guest("host"), await harness.guest("ann")];
		const { id } = await joined(host, "#tea");
		await joined(ann, "#tea");
		const wrong = spyOn(Places.prototype, "memberLeft").mockImplementation(function (this: Places, room: string) {
			this.failJoin(room);
		});
		undo.push(() => wrong.mockRestore());
		await ann.want("done", leave(id)).catch(() => undefined);
		expect(ann.closedAs).toBe("internal");
		expect(ann.received.at(-1)?.body).toMatchObject({ case: "close", value: { reconnect: true } });
		await host.want("sent", say(id, "I am here"));
		const counted = harness.metrics.families.find(({ name }) => name === "verbatim_illegal_steps_total");
		expect(counted?.samples()).toEqual([{ value: 1 }]);
		expect(harness.logged.filter(({ level }) => level === "error")).toMatchObject([
			{ fields: { err: new Error("assertion violated: no step from live by failed") } },
		]);
	});

	test("whose cursor is stale stays so when a join fails: the client is notified, and misses nothing", async () => {
		const clock = new VirtualClock();
		const store = createMemoryStore({ clock });
		let isReadable = true;
		const page: Store["page"] = (...args) => (isReadable ? store.page(...args) : Promise.reject(new Refusal("unavailable")));
		const harness = new Harness({ clock, wrap: () => ({ ...store, page }) });
		const [host, before] = [await harness.guest("host"), await harness.guest("ann")];
		const { id, epoch } = await joined(host, "#tea");
		await joined(before, "#tea");
		await before.lose();
		isReadable = false;
		const ann = await harness.guest("ann", [{ room: id, epoch: epoch + 1, seq: 100 }]);
		expect(await ann.refusal(join("#tea"))).toBe("unavailable");
		await host.want("sent", say(id, "one"));
		isReadable = true;
		await clock.advance(2_000);
		await host.want("sent", say(id, "two"));
		expect(ann.pushed("skipped")).toMatchObject([{ room: id, reason: Skipped_Reason.EPOCH, page: { to: 3 } }]);
		expect(texts(ann, id)).toEqual(["two"]);
	});
});

/** Follows what one client was sent, message by message; throws where it is inconsistent. */
class Told {
	/** Its rooms with their newest seqs; undefined while the cursor is stale. */
	readonly rooms = new Map<string, number | undefined>();
	/** Its invitations. */
	readonly invitations = new Set<string>();
	private heard = 0;
	private readonly client: TestClient;
	private readonly cursors: ReadonlyMap<string, { readonly epoch: number; readonly seq: number }>;

	constructor(client: TestClient, cursors: Told["cursors"]) {
		this.client = client;
		this.cursors = cursors;
	}

	hear(): void {
		for (; this.heard < this.client.received.length; this.heard++) this.one(this.client.received[this.heard] as Down);
	}

	private one({ body }: Down): void {
		switch (body.case) {
			case "welcome":
				for (const { id, standing, head, epoch } of body.value.rooms) {
					if (standing === Room_Standing.INVITED) this.invitations.add(id);
					if (standing !== Room_Standing.MEMBER && standing !== Room_Standing.OWNER) continue;
					const cursor = this.cursors.get(id);
					const fits = cursor === undefined || (cursor.epoch === epoch && cursor.seq <= head);
					this.rooms.set(id, fits ? (cursor?.seq ?? head) : undefined);
				}
				return;
			case "joined":
				this.rooms.set(body.value.room?.id ?? "", body.value.page?.to ?? 0);
				this.invitations.delete(body.value.room?.id ?? "");
				return;
			case "invited": {
				const { id = "", standing } = body.value.room ?? {};
				if (standing !== Room_Standing.INVITED) throw new Error(`an invitation to ${id} with standing ${standing}`);
				if (body.value.by === undefined) throw new Error(`an invitation to ${id} by nobody`);
				if (this.invitations.has(id)) throw new Error(`it was invited to ${id} twice`);
				if (this.rooms.has(id)) throw new Error(`it was invited to ${id}, in which it is`);
				this.invitations.add(id);
				return;
			}
			case "roomAdded": {
				const { id = "", head = 0, standing } = body.value.room ?? {};
				if (this.rooms.has(id)) throw new Error(`${id} was added twice`);
				if (standing !== Room_Standing.MEMBER && standing !== Room_Standing.OWNER)
					throw new Error(`${id} was added with standing ${standing}`);
				this.rooms.set(id, head);
				this.invitations.delete(id);
				return;
			}
			case "roomRemoved":
				if (!this.rooms.delete(body.value.room) && !this.invitations.delete(body.value.room))
					throw new Error(`${body.value.room} was removed, and not there`);
				return;
			case "entries": {
				const { room, entries } = body.value;
				if (!this.rooms.has(room)) throw new Error(`entries of ${room}, in which it is not`);
				const at = this.rooms.get(room);
				if (at === undefined || entries[0]?.seq !== at + 1) throw new Error(`${room} ${entries[0]?.seq} after ${at}`);
				this.rooms.set(room, at + entries.length);
				return;
			}
			case "skipped":
				if (!this.rooms.has(body.value.room)) throw new Error(`a skip of ${body.value.room}, in which it is not`);
				this.rooms.set(body.value.room, body.value.page?.to);
				return;
			default:
		}
	}
}

const DEN = "#den";
const HOST = { id: "u-host", name: "host" };
const ROOMS = ["#tea", DEN] as const;
const room = fc.constantFrom(...ROOMS);
const whose = fc.nat(2);
const step = fc.oneof(
	{ weight: 5, arbitrary: fc.record({ do: fc.constant("join" as const), whose, room }) },
	{ weight: 4, arbitrary: fc.record({ do: fc.constant("leave" as const), whose, room }) },
	{ weight: 4, arbitrary: fc.record({ do: fc.constant("say" as const), room, times: fc.integer({ min: 1, max: 8 }) }) },
	{ weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(0, 1, 3, 10, 2_000) }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("read slowly" as const), ms: fc.constantFrom(0, 1, 5, 20) }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("answer slowly" as const), ms: fc.constantFrom(0, 1, 5, 20) }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("commit slowly" as const), ms: fc.constantFrom(0, 1, 5, 20) }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant("invite" as const) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("fail to commit" as const) }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("fail to read" as const), whether: fc.boolean() }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("notify late" as const), whether: fc.boolean() }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("stall" as const), whose, whether: fc.boolean() }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("come back" as const), whose, epochs: fc.constantFrom(0, 0, 1) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Three sessions of one user, in rooms in which a host sends messages. */
class Run {
	readonly clock = new VirtualClock();
	private readonly store = createMemoryStore({ clock: this.clock });
	private readonly late: (() => void)[] = [];
	private isLate = false;
	private isReadable = true;
	private answerMs = 0;
	private said = 0;
	readonly harness: Harness;
	readonly clients: { client: TestClient; told: Told }[] = [];
	readonly ids = new Map<string, string>();
	readonly epochs = new Map<string, number>();

	constructor() {
		const { store } = this;
		// What was read may be outdated when it arrives.
		const readable =
			<A extends unknown[], R>(read: (...args: A) => Promise<R>) =>
			async (...args: A): Promise<R> => {
				if (!this.isReadable) throw new Refusal("unavailable");
				const answer = await read(...args);
				if (this.answerMs > 0) await new Promise<void>((resolve) => this.clock.after(this.answerMs, resolve));
				return answer;
			};
		const wrapped: Store = {
			...store,
			page: readable(store.page),
			room: readable(store.room),
			roomsOf: readable(store.roomsOf),
			listen: (events) => store.listen({ ...events, committed: (batch) => this.notify(() => events.committed(batch)) }),
		};
		this.harness = new Harness({
			clock: this.clock,
			wrap: () => wrapped,
			limits: { catchUpEntriesMax: 6, historyEntriesDefault: 3, historyEntriesMax: 4, outboxBytesMax: 2_000 },
		});
	}

	async begin(): Promise<void> {
		const host = await this.harness.guest("host");
		await host.want("joined", { case: "create", value: { name: DEN, kind: Room_Kind.PRIVATE } });
		for (const name of ROOMS) {
			const { id, epoch } = await joined(host, name);
			this.ids.set(name, id);
			this.epochs.set(id, epoch);
		}
		await host.lose();
		for (let i = 0; i < 3; i++) await this.comeBack(i, 0);
	}

	async take(each: Step): Promise<void> {
		const id = "room" in each ? (this.ids.get(each.room) ?? "") : "";
		const client = "whose" in each ? this.clients[each.whose]?.client : undefined;
		switch (each.do) {
			case "join":
				client?.put(join(each.room, 2));
				return;
			case "leave":
				client?.put(leave(id));
				return;
			case "invite":
				void this.harness.store.append(
					inviteDraft({ room: this.ids.get(DEN) ?? "", sender: HOST, user: { id: "u-ann", name: "ann" }, atMs: 0 }),
				);
				return;
			case "say":
				for (let i = 0; i < each.times; i++) this.speak(id);
				return;
			case "wait":
				return this.clock.advance(each.ms);
			case "read slowly":
				return void this.store.faults.delayReads(each.ms);
			case "answer slowly":
				this.answerMs = each.ms;
				return;
			case "commit slowly":
				return void this.store.faults.delayCommits(each.ms);
			case "fail to commit":
				return void this.store.faults.failCommits(1);
			case "fail to read":
				this.isReadable = each.whether;
				return;
			case "notify late":
				return this.notifyLate(each.whether);
			case "stall":
				return this.stall(each.whose, each.whether);
			case "come back":
				return this.comeBack(each.whose, each.epochs);
		}
	}

	/** Faults end, and both rooms get a message. */
	async mend(): Promise<void> {
		this.store.faults.delayReads(0);
		this.store.faults.delayCommits(0);
		this.store.faults.failCommits(0);
		this.isReadable = true;
		this.answerMs = 0;
		this.notifyLate(false);
		for (const whose of this.clients.keys()) await this.stall(whose, false);
		await this.clock.advance(5_000);
		// Its hello was refused, or it was taken for dead.
		for (const [whose, { client }] of this.clients.entries()) {
			if (client.closedAs === undefined && client.received.some(({ body }) => body.case === "welcome")) continue;
			expect(client.closedAs).not.toBe("internal");
			await this.comeBack(whose, 0);
		}
		for (const id of this.ids.values()) this.speak(id);
		await this.clock.advance(5_000);
	}

	/** The host acts without a session here. */
	private speak(id: string): void {
		const text = "x".repeat(100);
		void this.harness.store.append(messageDraft({ room: id, sender: HOST, cid: `${++this.said}`, text, atMs: 0 }));
	}

	private notify(news: () => void): void {
		if (this.isLate) this.late.push(news);
		else news();
	}

	private notifyLate(whether: boolean): void {
		this.isLate = whether;
		if (!whether) for (const news of this.late.splice(0)) news();
	}

	private async stall(whose: number, whether: boolean): Promise<void> {
		const client = this.clients[whose]?.client;
		if (client === undefined) return;
		client.stalled = whether;
		if (!whether) await client.read();
	}

	/** On a new connection, with the cursors of the last one, or with those of another epoch. */
	private async comeBack(whose: number, epochs: number): Promise<void> {
		const before = this.clients[whose];
		before?.told.hear();
		const cursors = new Map<string, { epoch: number; seq: number }>();
		for (const [id, seq] of before?.told.rooms ?? [])
			if (seq !== undefined) cursors.set(id, { epoch: (this.epochs.get(id) ?? 0) + epochs, seq });
		await before?.client.lose();
		const client = this.harness.client();
		client.put({
			case: "hello",
			value: {
				credential: { case: "guest", value: { name: "ann" } },
				client: "test",
				cursors: Array.from(cursors, ([id, cursor]) => ({ room: id, ...cursor })),
			},
		});
		this.clients[whose] = { client, told: new Told(client, cursors) };
	}
}

describe("for any actions of a user's sessions, and any delay of notifications", () => {
	test("each session is notified of a room and an invitation once, of their removal once, and of entries only between; no step is illegal, and the end state is the store's", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
				const run = new Run();
				await run.begin();
				for (const each of steps) {
					await run.take(each);
					for (const { told } of run.clients) told.hear();
				}
				await run.mend();
				expect(run.harness.logged.filter(({ fields }) => "err" in fields)).toEqual([]);
				for (const { client, told } of run.clients) {
					told.hear();
					expect(client.closedAs).toBeUndefined();
					const truth = await run.harness.store.roomsOf("u-ann");
					const isInvited = ({ standing }: { standing: Room_Standing }) => standing === Room_Standing.INVITED;
					const member = truth.filter((each) => !isInvited(each)).map(({ id, head }) => [id, head]);
					expect([...told.rooms].sort()).toEqual(member.sort() as [string, number][]);
					expect([...told.invitations]).toEqual(truth.filter(isInvited).map(({ id }) => id));
				}
			}),
			{ numRuns: 400 },
		);
	}, 60_000);
});
