import { describe, expect, test } from "bun:test";
import { type Command, Refusal, Room_Kind, Room_Standing } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import { leaveDraft, messageDraft, renameDraft } from "../../src/log/draft.ts";
import { newMemoryDisk } from "../../src/store/memory/disk.ts";
import { createMemoryStore } from "../../src/store/memory/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { Harness, type TestClient } from "./harness.ts";
import { join, joined, say, texts } from "./helpers.ts";

const leave = (room: string): Command => ({ case: "leave", value: { room } });
const invite = (room: string, user: string): Command => ({ case: "invite", value: { room, user } });

/** The messages about invitations and memberships that the client was sent, in order. */
function invitationsTold({ received }: TestClient): string[] {
	return received.flatMap(({ body }) =>
		body.case === "invited" || body.case === "roomRemoved" || body.case === "roomAdded" ? [body.case] : [],
	);
}

describe("membership", () => {
	test("a user who leaves gets the entry of the leave and nothing after it", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const { id } = await joined(ann, "#tea");
		await joined(bob, "#tea");
		ann.put(say(id, "before"));
		bob.put(leave(id));
		// The leave has reached the store; the batch has not begun.
		await new Promise((resolve) => setImmediate(resolve));
		ann.put(say(id, "after"));
		await harness.clock.settle();
		expect(texts(bob, id)).toEqual(["before"]);
		expect(bob.entries(id).at(-1)?.body.case).toBe("left");
		expect(bob.pushed("roomRemoved")).toHaveLength(1);
		expect(await bob.refusal(say(id, "am I heard?"))).toBe("not_member");
	});

	test("a user's other sessions enter a joined room too, from the entry of the join", async () => {
		const harness = new Harness();
		const host = await harness.guest("host");
		const { id } = await joined(host, "#tea");
		await host.want("sent", say(id, "1"));
		const phone = await harness.guest("ann");
		const laptop = await harness.guest("ann");
		const { to } = await joined(phone, "#tea");
		expect(laptop.pushed("roomAdded")[0]?.room).toMatchObject({ id, head: to - 1 });
		await host.want("sent", say(id, "2"));
		expect(laptop.seqs(id)).toEqual([to, to + 1]);
		expect(phone.seqs(id)).toEqual([to + 1]);
	});

	test("a room joined during the welcome of another session of the user is announced to that session", async () => {
		const harness = new Harness();
		const phone = await harness.guest("ann");
		const laptop = harness.client();
		phone.put(join("#tea"));
		laptop.put({ case: "hello", value: { credential: { case: "guest", value: { name: "ann" } } } });
		await harness.clock.settle();
		const answer = phone.received.find((down) => down.body.case === "joined")?.body;
		const id = answer?.case === "joined" ? (answer.value.room?.id ?? "") : "";
		await phone.want("sent", say(id, "hello"));
		expect(texts(laptop, id)).toEqual(["hello"]);
	});

	test("invitations and conversations by others do not use up a user's own limits, and each refusal is true for its sender", async () => {
		const harness = new Harness({ limits: { roomsPerUserMax: 2, invitationsPerUserMax: 4 } });
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		await ann.want("joined", join("@bob"));
		for (const name of ["cat", "dan"]) {
			const stranger = await harness.guest(name);
			await stranger.want("sent", { case: "send", value: { room: "@ann", cid: name, text: "buy" } });
		}
		const eve = await harness.guest("eve");
		const full = await eve.want("failure", { case: "send", value: { room: "@ann", cid: "e", text: "buy" } });
		expect(full).toMatchObject({ code: "invitations_full", retry: false });
		expect(full.message).toBe("this user takes no further invitations and conversations for now");
		// Her friend can still invite her, once: the rest of the limit is for others.
		for (const name of ["den", "lair"]) await bob.want("joined", { case: "create", value: { name, kind: Room_Kind.PRIVATE } });
		await bob.want("done", invite("#den", "ann"));
		const again = await bob.want("failure", invite("#lair", "ann"));
		expect(again).toMatchObject({ code: "too_many_invitations", message: expect.stringContaining("your invitations are open") });
		// The number of her rooms is unchanged.
		await ann.want("joined", join("#den"));
		expect(await ann.refusal(join("#tea"))).toBe("too_many_rooms");
		expect(await ann.refusal({ case: "send", value: { room: "@cat", cid: "a", text: "no" } })).toBe("too_many_rooms");
		const { rooms } = await ann.want("roomList", { case: "rooms", value: {} });
		expect(rooms).toHaveLength(4);
	});

	test("a private room is indistinguishable from none until the user is invited", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const made = await ann.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } });
		const id = made.room?.id ?? "";
		for (const ref of [id, "#den"]) {
			for (const command of [
				{ case: "join", value: { room: ref } },
				{ case: "history", value: { room: ref } },
				{ case: "who", value: { room: ref } },
				{ case: "leave", value: { room: ref } },
				{ case: "rename", value: { room: ref, name: "mine" } },
				{ case: "invite", value: { room: ref, user: "bob" } },
				say(ref, "hello"),
			] satisfies Command[]) {
				const room = ref.startsWith("#") ? "#nowhere" : "r00000000000000000000000000";
				// Of one cid, the second is told that there was a first.
				const cid = command.case === "send" ? { cid: `${command.value.cid}-nowhere` } : {};
				const nowhere = { ...command, value: { ...command.value, room, ...cid } } as Command;
				expect(await bob.ask(command)).toEqual(await bob.ask(nowhere));
				expect(await bob.refusal(command)).toBe("no_such_room");
			}
		}
		for (const room of [id, "#den", "#nowhere", "r00000000000000000000000000"])
			expect(await bob.refusal({ case: "typing", value: { room } })).toBe("not_member");
		const list = await bob.want("roomList", { case: "rooms", value: {} });
		expect(list.rooms).toEqual([]);
		await ann.want("done", invite(id, "bob"));
		expect(bob.pushed("invited")[0]).toMatchObject({
			room: { id, name: "den", standing: Room_Standing.INVITED },
			by: { name: "ann" },
		});
		await bob.want("joined", join("#den"));
		await ann.want("sent", say(id, "welcome"));
		expect(texts(bob, id)).toEqual(["welcome"]);
	});

	test("the name of a private channel is taken, whichever way it is to be created", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		await ann.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } });
		for (const ref of ["#den", "#DEN"]) {
			expect(await bob.refusal({ case: "create", value: { name: ref } })).toBe("room_taken");
			expect(await bob.refusal(join(ref))).toBe("room_taken");
			expect(await bob.refusal({ case: "join", value: { room: ref } })).toBe("no_such_room");
		}
		await bob.want("joined", join("#tea"));
		await ann.want("joined", join("#tea"));
	});

	test("an invited user may read the log and the members before joining, and not after declining", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const made = await ann.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } });
		const room = made.room?.id ?? "";
		await ann.want("sent", say(room, "come in"));
		await ann.want("done", invite(room, "bob"));
		const page = await bob.want("page", { case: "history", value: { room } });
		expect(page.entries.map(({ body }) => body.case)).toEqual(["created", "message", "invited"]);
		const list = await bob.want("memberList", { case: "who", value: { room } });
		expect(list.members.map(({ user, standing }) => `${user?.name} ${standing}`)).toEqual([
			`ann ${Room_Standing.OWNER}`,
			`bob ${Room_Standing.INVITED}`,
		]);
		expect(await bob.refusal(say(room, "not yet"))).toBe("not_member");
		expect(await bob.refusal({ case: "typing", value: { room } })).toBe("not_member");
		await ann.want("sent", say(room, "live"));
		expect(texts(bob, room)).toEqual([]);
		await bob.want("done", leave(room));
		expect(await bob.refusal({ case: "history", value: { room } })).toBe("no_such_room");
	});

	test("declining an invitation is notified to all sessions of the user, once, and declining nothing is not", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const [bob, other] = [await harness.guest("bob"), await harness.guest("bob")];
		const made = await ann.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } });
		const room = made.room?.id ?? "";
		await ann.want("done", invite(room, "bob"));
		expect(other.pushed("invited")).toHaveLength(1);
		await bob.want("done", leave(room));
		for (const each of [bob, other]) expect(each.pushed("roomRemoved")).toEqual([expect.objectContaining({ room })]);
		const tea = await joined(ann, "#tea");
		await bob.want("done", leave(tea.id));
		for (const each of [ann, bob, other]) expect(each.pushed("roomRemoved").map((removed) => removed.room)).not.toContain(tea.id);
	});

	test("an invitation that is declined or accepted before its notification is not notified", async () => {
		let unreadable = false;
		const harness = new Harness({
			wrap: (store) => ({
				...store,
				room: (id, user) => (unreadable && user !== "" ? Promise.reject(new Refusal("unavailable")) : store.room(id, user)),
			}),
		});
		const ann = await harness.guest("ann");
		const [bob, other] = [await harness.guest("bob"), await harness.guest("bob")];
		for (const { answer, name } of [
			{ name: "den", answer: (room: string): Command => leave(room) },
			{ name: "pit", answer: (room: string): Command => ({ case: "join", value: { room } }) },
		]) {
			const made = await ann.want("joined", { case: "create", value: { name, kind: Room_Kind.PRIVATE } });
			const room = made.room?.id ?? "";
			unreadable = true;
			await ann.want("done", invite(room, "bob"));
			unreadable = false;
			await bob.ask(answer(room));
			await harness.clock.advance(10_000);
			for (const each of [bob, other]) expect(each.pushed("invited")).toEqual([]);
		}
	});

	test("an invitation that is declined and renewed in one commit is open, for every session of the user", async () => {
		const clock = new VirtualClock();
		const store = createMemoryStore({ clock });
		const harness = new Harness({ clock, wrap: () => store });
		const ann = await harness.guest("ann");
		const [bob, other] = [await harness.guest("bob"), await harness.guest("bob")];
		const made = await ann.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } });
		const room = made.room?.id ?? "";
		await ann.want("done", invite(room, "bob"));
		for (const readMs of [0, 5]) {
			store.faults.delayCommits(10);
			store.faults.delayReads(readMs);
			// While this is committed the two wait for the next commit.
			void store.append(renameDraft({ room, sender: { id: "u-ann", name: "ann" }, name: "lair", skeleton: "lair", atMs: 0 }));
			await clock.settle();
			bob.put(leave(room));
			await clock.settle();
			ann.put(invite(room, "bob"));
			await clock.advance(100);
			store.faults.delayCommits(0);
			store.faults.delayReads(0);
			expect((await store.room(room, "u-bob"))?.standing).toBe(Room_Standing.INVITED);
			for (const each of [bob, other]) expect(invitationsTold(each)).toEqual(["invited"]);
		}
		await bob.want("done", leave(room));
		for (const each of [bob, other]) expect(invitationsTold(each)).toEqual(["invited", "roomRemoved"]);
	});

	test("a notified invitation is withdrawn when it is accepted and the room left in one commit", async () => {
		const clock = new VirtualClock();
		const store = createMemoryStore({ clock });
		const harness = new Harness({ clock, wrap: () => store });
		const ann = await harness.guest("ann");
		const sessions = [await harness.guest("bob"), await harness.guest("bob"), await harness.guest("bob")] as const;
		const [joins, leaves, other] = sessions;
		const made = await ann.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } });
		const room = made.room?.id ?? "";
		await ann.want("done", invite(room, "bob"));
		store.faults.delayCommits(10);
		// While this is committed the two wait for the next commit.
		ann.put(say(room, "one moment"));
		await clock.settle();
		joins.put({ case: "join", value: { room } });
		await clock.settle();
		leaves.put(leave(room));
		await clock.advance(100);
		expect((await store.room(room, "u-bob"))?.standing).toBe(Room_Standing.NONE);
		for (const each of [leaves, other, joins]) expect(invitationsTold(each)).toEqual(["invited", "roomRemoved"]);
	});

	test("roomRemoved is sent only to sessions that knew of the invitation, once", async () => {
		let unreadable = false;
		const harness = new Harness({
			wrap: (store) => ({
				...store,
				room: (id, user) => (unreadable && user !== "" ? Promise.reject(new Refusal("unavailable")) : store.room(id, user)),
			}),
		});
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const made = await ann.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } });
		const room = made.room?.id ?? "";
		unreadable = true;
		await ann.want("done", invite(room, "bob"));
		await bob.want("done", leave(room));
		unreadable = false;
		await harness.clock.advance(10_000);
		expect(invitationsTold(bob)).toEqual([]);
		await ann.want("done", invite(room, "bob"));
		const back = await harness.guest("bob");
		await bob.want("done", leave(room));
		expect(invitationsTold(bob)).toEqual(["invited", "roomRemoved"]);
		// It knows it from its welcome.
		expect(invitationsTold(back)).toEqual(["roomRemoved"]);
	});

	test("a page of history around an entry, or around the first one of a time", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id: room } = await joined(ann, "#tea");
		for (let i = 2; i <= 30; i++) {
			await harness.clock.advance(1_000);
			await ann.want("sent", say(room, `${i}`));
		}
		const seqs = async (bound: object) => {
			const { from, to } = await ann.want("page", { case: "history", value: { room, limit: 5, ...bound } });
			return [from, to];
		};
		const { entries } = await ann.want("page", { case: "history", value: { room, first: true, limit: 30 } });
		expect(await seqs({ around: 10 })).toEqual([8, 12]);
		expect(await seqs({ around: 99 })).toEqual([26, 30]);
		expect(await seqs({ atMs: entries[19]?.atMs })).toEqual([18, 22]);
		expect(await seqs({ atMs: (entries[19]?.atMs ?? 0) + 1 })).toEqual([19, 23]);
		expect(await seqs({ atMs: 1 })).toEqual([1, 5]);
		expect(await seqs({ atMs: 8e15 })).toEqual([26, 30]);
		for (const bound of [{ around: 1, before: 2 }, { atMs: 1, around: 1 }, { atMs: Number.NaN }, { atMs: -1 }])
			expect(await ann.refusal({ case: "history", value: { room, ...bound } })).toBe("invalid");
	});

	test("an open invitation is in the welcome of a user who was offline", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		await bob.lose();
		const made = await ann.want("joined", { case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } });
		await ann.want("done", invite(made.room?.id ?? "", "bob"));
		const back = harness.client();
		const welcome = await back.want("welcome", {
			case: "hello",
			value: { credential: { case: "guest", value: { name: "bob" } } },
		});
		expect(welcome.rooms).toMatchObject([{ name: "den", standing: Room_Standing.INVITED }]);
		await ann.want("sent", say(made.room?.id ?? "", "secret"));
		expect(texts(back, made.room?.id ?? "")).toEqual([]);
	});

	test("a join that would create a channel named without its # is refused with how channels are named", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const failure = await ann.want("failure", { case: "join", value: { room: "tea", create: true } });
		expect([failure.code, failure.message]).toEqual(["no_such_room", expect.stringContaining('"#tea"')]);
	});

	test("a failed join of a room that the session is in leaves its stream unchanged, also when joined by name", async () => {
		const clock = new VirtualClock();
		const store = createMemoryStore({ clock });
		let isReadable = true;
		const page: Store["page"] = (...args) => (isReadable ? store.page(...args) : Promise.reject(new Refusal("unavailable")));
		const harness = new Harness({ clock, wrap: () => ({ ...store, page }) });
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const direct = (await ann.want("sent", say("@bob", "one"))).room;
		const { id: channel } = await joined(ann, "#tea");
		await joined(bob, "#tea");
		isReadable = false;
		expect([await bob.refusal(join("@ann")), await bob.refusal(join("#tea"))]).toEqual(["unavailable", "unavailable"]);
		isReadable = true;
		await ann.want("sent", say(direct, "two"));
		await ann.want("sent", say(channel, "two"));
		await clock.settle();
		expect([texts(bob, direct), texts(bob, channel)]).toEqual([["one", "two"], ["two"]]);
	});

	test("a direct conversation is created by the first message, and notified to the other user at once", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const sent = await ann.want("sent", say("@bob", "psst"));
		expect(bob.pushed("roomAdded")[0]?.room).toMatchObject({ id: sent.room, kind: Room_Kind.DIRECT, peer: { name: "ann" } });
		expect(texts(bob, sent.room)).toEqual(["psst"]);
		const back = await bob.want("sent", say("@ann", "yes?"));
		expect(back.room).toBe(sent.room);
		expect(texts(ann, sent.room)).toEqual(["psst", "yes?"]);
		expect(await ann.refusal(leave(sent.room))).toBe("forbidden");
	});

	test("a repeated send gets the first result; the same cid with another text is refused", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		const first = await ann.want("sent", say(id, "once", "cid-1"));
		const again = await ann.want("sent", say(id, "once", "cid-1"));
		expect(again).toMatchObject({ seq: first.seq, atMs: first.atMs, repeated: true });
		expect(await ann.refusal(say(id, "other", "cid-1"))).toBe("cid_reused");
		expect(texts(ann, id)).toEqual(["once"]);
	});

	test("a join that fails while another session of the user joins is notified like any other join: first the room, then its entries", async () => {
		const clock = new VirtualClock();
		const store = createMemoryStore({ clock });
		const harness = new Harness({ clock, wrap: () => store });
		const host = await harness.guest("host");
		const { id } = await joined(host, "#tea");
		const phone = await harness.guest("ann");
		const laptop = await harness.guest("ann");
		store.faults.delayCommits(10);
		phone.put(join(id));
		await clock.settle();
		const asked = laptop.put(join(id));
		await clock.advance(10);
		// The phone has joined; the laptop's own join is in the next batch.
		store.faults.failCommits(1);
		await clock.advance(20);
		store.faults.delayCommits(0);
		await host.want("sent", say(id, "hello"));
		expect(laptop.received.find((down) => down.id === asked)?.body).toMatchObject({
			case: "failure",
			value: { code: "unavailable" },
		});
		const ofRoom = laptop.received.filter(({ body }) => body.case === "roomAdded" || body.case === "entries");
		expect(ofRoom[0]?.body).toMatchObject({ case: "roomAdded", value: { room: { id, head: 1 } } });
		expect(laptop.seqs(id)).toEqual([2, 3]);
	});

	test("a join answered after another session of the user has left begins no stream", async () => {
		const clock = new VirtualClock();
		const store = createMemoryStore({ clock });
		const harness = new Harness({ clock, wrap: () => store });
		const host = await harness.guest("host");
		const { id } = await joined(host, "#tea");
		const phone = await harness.guest("ann");
		const laptop = await harness.guest("ann");
		await joined(phone, "#tea");
		store.faults.delayReads(50);
		const asked = laptop.put(join(id));
		await clock.settle();
		await phone.want("done", leave(id));
		await clock.advance(100);
		expect(laptop.received.find((down) => down.id === asked)?.body.case).toBe("joined");
		expect(laptop.received.at(-1)?.body).toMatchObject({ case: "roomRemoved", value: { room: id } });
		await host.want("sent", say(id, "among us"));
		expect(texts(laptop, id)).toEqual([]);
	});

	test("a session welcomed while its user's leave is not notified yet gets nothing after the leave, also when others know of it", async () => {
		const clock = new VirtualClock();
		const disk = newMemoryDisk();
		const before = new Harness({ clock, wrap: () => createMemoryStore({ clock, disk }) });
		const { id, epoch, to } = await joined(await before.guest("host"), "#tea");
		await joined(await before.guest("ann"), "#tea");
		const cursors = [{ room: id, epoch, seq: to }];
		// A server that has just started: no room is live.
		let news: (() => void)[] | undefined;
		let answers: (() => void)[] | undefined;
		const store = createMemoryStore({ clock, disk });
		const late: Partial<Store> = {
			listen: (events) =>
				store.listen({
					...events,
					committed: (batch) => (news === undefined ? events.committed(batch) : void news.push(() => events.committed(batch))),
				}),
			roomsOf: async (user) => {
				const views = await store.roomsOf(user);
				if (user === "u-ann") await new Promise<void>((resolve) => (answers === undefined ? resolve() : answers.push(resolve)));
				return views;
			},
		};
		const harness = new Harness({ clock, wrap: () => ({ ...store, ...late }) });
		[news, answers] = [[], []];
		const ann = harness.client();
		const credential = { case: "guest", value: { name: "ann" } } as const;
		ann.put({ case: "hello", value: { credential, client: "test", cursors } });
		await clock.settle();
		expect(answers).toHaveLength(1);
		// She leaves without a session here, and the host sends a message: committed, and not notified yet.
		const by = { id: "u-ann", name: "ann" };
		const host = { id: "u-host", name: "host" };
		void store.append(leaveDraft({ room: id, sender: by, atMs: 0 }));
		void store.append(messageDraft({ room: id, sender: host, cid: "c", text: "among us", atMs: 0 }));
		await clock.settle();
		const other = await harness.guest("host", cursors);
		for (const answer of answers) answer();
		await clock.settle();
		for (const tell of news) tell();
		await clock.settle();
		expect(ann.seqs(id)).toEqual([to + 1, to + 2]);
		expect(texts(other, id)).toEqual(["among us"]);
		expect(harness.logged.filter(({ level }) => level === "error")).toEqual([]);
	});

	test("a join that its answer has reported is not announced again", async () => {
		const clock = new VirtualClock();
		const store = createMemoryStore({ clock });
		const harness = new Harness({ clock, wrap: () => store });
		const host = await harness.guest("host");
		const { id } = await joined(host, "#tea");
		const phone = await harness.guest("ann");
		const laptop = await harness.guest("ann");
		// The laptop is about to be notified of the phone's join, and joins meanwhile.
		store.faults.delayReads(50);
		phone.put(join(id));
		await clock.settle();
		store.faults.delayReads(1);
		laptop.put(join(id));
		await clock.advance(100);
		await host.want("sent", say(id, "hello"));
		expect(laptop.pushed("roomAdded")).toEqual([]);
		expect(laptop.seqs(id)).toEqual([3]);
	});

	test("sends behind a refused send are refused, so that a retry cannot reorder", async () => {
		const harness = new Harness({ limits: { sendsPerSecond: 10, sendsBurst: 1 } });
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		await ann.want("sent", say(id, "0", "c0"));
		expect(await ann.refusal(say(id, "1", "c-1"))).toBe("rate_limited");
		await harness.clock.advance(100);
		expect(await ann.refusal(say(id, "2", "c-2", "c-1"))).toBe("out_of_order");
		await harness.clock.advance(100);
		await ann.want("sent", say(id, "1", "c-1"));
		await harness.clock.advance(100);
		await ann.want("sent", say(id, "2", "c-2", "c-1"));
		expect(texts(ann, id)).toEqual(["0", "1", "2"]);
	});

	test("a session that is never welcomed neither keeps its user online nor hides that another was", async () => {
		const clock = new VirtualClock();
		const store = createMemoryStore({ clock });
		const harness = new Harness({ clock, wrap: () => store });
		const ann = await harness.guest("ann");
		const { id } = await joined(ann, "#tea");
		const bob = await harness.guest("bob");
		await joined(bob, "#tea");
		const before = ann.pushed("presence").length;
		const told = () =>
			ann
				.pushed("presence")
				.slice(before)
				.map(({ online }) => online);
		const credential = { case: "guest", value: { name: "bob" } } as const;
		// One is being welcomed as the other ends, and then ends as well.
		store.faults.delayReads(50);
		const never = harness.client();
		never.put({ case: "hello", value: { credential, client: "test", cursors: [] } });
		await clock.settle();
		await bob.lose();
		await never.lose();
		await clock.advance(10_000);
		expect(told()).toEqual([false]);
		// One is being welcomed while another is welcomed.
		const again = harness.client();
		again.put({ case: "hello", value: { credential, client: "test", cursors: [] } });
		await clock.settle();
		store.faults.delayReads(0);
		await harness.guest("bob");
		await again.lose();
		await clock.advance(10_000);
		expect(told()).toEqual([false, true]);
		expect(ann.entries(id)).toHaveLength(1);
	});

	test("a user whose session ends before the join is committed goes offline in that room too", async () => {
		const clock = new VirtualClock();
		const store = createMemoryStore({ clock });
		const harness = new Harness({ clock, wrap: () => store });
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const { id } = await joined(ann, "#tea");
		store.faults.delayCommits(50);
		bob.put(join(id));
		await clock.settle();
		await bob.lose();
		await clock.advance(100);
		expect(ann.seqs(id)).toEqual([2]);
		// In the grace period a user counts as online.
		const online = { user: { name: "bob" }, online: true };
		expect(ann.pushed("presence")).toMatchObject([online]);
		await clock.advance(10_000);
		expect(ann.pushed("presence")).toMatchObject([online, { ...online, online: false }]);
	});

	test("an absence is notified in a room that was evicted and is live again before the grace period ends", async () => {
		const harness = new Harness({ timing: { offlineGraceMs: 300_000 } });
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		await joined(ann, "#tea");
		await joined(bob, "#tea");
		await ann.lose();
		await bob.lose();
		await harness.clock.advance(290_000);
		expect(harness.metrics.families.find(({ name }) => name === "verbatim_rooms_live")?.samples()).toEqual([{ value: 0 }]);
		const back = await harness.guest("ann");
		await harness.clock.advance(5_000);
		expect(back.pushed("presence")).toEqual([]);
		await harness.clock.advance(6_000);
		expect(back.pushed("presence")).toMatchObject([{ user: { name: "bob" }, online: false }]);
	});

	test("presence is notified to users who share a room, and absence only after the grace period", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const { id } = await joined(ann, "#tea");
		await joined(bob, "#tea");
		const before = ann.pushed("presence").length;
		const online = async (): Promise<string[]> => {
			const { members } = await ann.want("memberList", { case: "who", value: { room: id } });
			return members.flatMap(({ user, online: is }) => (is && user !== undefined ? [user.name] : []));
		};
		await bob.lose();
		await harness.clock.advance(1_000);
		expect(ann.pushed("presence")).toHaveLength(before);
		// Member lists agree with the notifications.
		expect(await online()).toEqual(["ann", "bob"]);
		const back = await harness.guest("bob");
		await harness.clock.advance(10_000);
		expect(ann.pushed("presence")).toHaveLength(before);
		await back.lose();
		await harness.clock.advance(10_000);
		expect(ann.pushed("presence").slice(before)).toMatchObject([{ user: { name: "bob" }, online: false }]);
		expect(await online()).toEqual(["ann"]);
	});
});
