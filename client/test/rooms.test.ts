import { describe, expect, test } from "bun:test";
import { LIMITS, Room_Standing, Skipped_Reason, TIMING } from "@verbatim/protocol";
import { type Client, type Room, type SkippedRange, webStorageMarks } from "../src/mod.ts";
import { type Bench, liveClient } from "./support/bench.ts";
import { FakeServer, heard, refusal, userOf } from "./support/fake-server.ts";

function roomIn(client: Client, id = "r_tea"): Room {
	const room = client.rooms.get(id);
	if (room === undefined) throw new Error(`no room ${id}`);
	return room;
}

/** What the application was told of a room, in order: seqs, and ranges that were skipped. */
function follow(room: Room): Array<number | string> {
	const told: Array<number | string> = [];
	room.on("entry", ({ seq }) => told.push(seq));
	room.on("skipped", ({ from, to, reason }) => told.push(`${reason} ${from}-${to}`));
	return told;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const seqs = (room: Room): number[] => room.timeline.map(({ seq }) => seq);

async function inTea(messages: number, options: Parameters<typeof liveClient>[0] = {}) {
	const server = new FakeServer();
	const tea = server.room("tea", ["ann", "bob"], messages);
	const bench = await liveClient(options, server);
	const room = roomIn(bench.client);
	return { ...bench, tea, room, told: follow(room) };
}

/** Invited to a room, and told so. */
async function withInvitation() {
	const bench = await inTea(1);
	const { server, clock, client } = bench;
	const invited = server.room("vault", [], 2);
	invited.invited.add("ann");
	const closed: string[] = [];
	client.on("invitationClosed", ({ id }) => closed.push(id));
	server.session.push({ case: "invited", value: { room: server.info(invited, "ann"), by: userOf("bob") } });
	await clock.settle();
	expect([...client.invitations.keys()]).toEqual([invited.id]);
	return { ...bench, invited, closed };
}

async function reconnect({ server, clock }: Bench): Promise<void> {
	await clock.advance(TIMING.stableMs);
	server.cut();
	await clock.advance(0);
}

describe("the stream of a room", () => {
	test("begins at the head that the welcome names, empty, and goes on from there", async () => {
		const { server, clock, tea, room, told } = await inTea(5);
		expect([room.from, room.to, room.head, room.title]).toEqual([6, 5, 5, "#tea"]);
		server.say(tea, "bob", "six");
		await clock.settle();
		expect(told).toEqual([6]);
		expect(seqs(room)).toEqual([6]);
	});

	test("join gives history up to N and live from N+1, each entry once", async () => {
		const server = new FakeServer();
		const tea = server.room("tea", [], 80);
		const { client, clock } = await liveClient({}, server);
		const joining = client.join("#tea", { history: 10 });
		await clock.settle();
		const room = await joining;
		const told = follow(room);
		expect(seqs(room)).toEqual(range(72, 81));
		server.say(tea, "bob", "next");
		await clock.settle();
		expect(told).toEqual([82]);
		expect(await client.join("#tea")).toBe(room);
		expect(heard(server, "join").length).toBe(1);
	});

	test("resumes at its cursor after a reconnect: what was missed comes once, in order", async () => {
		const bench = await inTea(5);
		const { server, tea, told, room } = bench;
		server.say(tea, "bob", "six");
		await bench.clock.advance(TIMING.stableMs);
		server.accepting = () => false;
		server.cut();
		await bench.clock.advance(60_000);
		for (let i = 0; i < 20; i++) server.say(tea, "bob", "missed");
		server.accepting = () => true;
		await bench.clock.advance(60_000);
		expect(told).toEqual(range(6, 26));
		await reconnect(bench);
		await reconnect(bench);
		expect(told).toEqual(range(6, 26));
		expect(roomIn(bench.client)).toBe(room);
	});

	test("what comes twice is shown once", async () => {
		const { server, clock, tea, told } = await inTea(5);
		server.say(tea, "bob", "six");
		server.session.push({ case: "entries", value: { room: tea.id, epoch: 1, entries: tea.entries.slice(2) } });
		server.session.push({ case: "entries", value: { room: tea.id, epoch: 1, entries: tea.entries.slice(0, 2) } });
		await clock.settle();
		expect(told).toEqual([6]);
	});

	test("never shows a hole: what a lost frame carried is fetched, and what came meanwhile follows", async () => {
		const { server, clock, tea, told, room } = await inTea(5);
		server.session.passes = (down) => down.body.case !== "entries";
		for (let i = 0; i < 120; i++) server.say(tea, "bob", "lost");
		server.session.passes = () => true;
		server.say(tea, "bob", "found");
		await clock.settle();
		server.say(tea, "bob", "and on");
		await clock.advance(1_000);
		expect(told).toEqual(range(6, 127));
		expect(seqs(room)).toEqual(range(6, 127));
		expect(server.dialled.length).toBe(1);
	});

	test("a frame known to be damaged is made good although nothing follows it", async () => {
		const { server, clock, tea, told, problems } = await inTea(5);
		server.session.passes = () => "damaged";
		server.say(tea, "bob", "lost");
		server.session.passes = () => true;
		await clock.advance(1_000);
		expect(told).toEqual([6]);
		expect(problems.length).toBe(1);
		expect(server.dialled.length).toBe(1);
	});

	test("what was lost last is fetched when a ping tells how far the server has sent", async () => {
		const { server, clock, tea, told } = await inTea(5);
		const ping = (seq: number, epoch = 1) =>
			server.session.push({ case: "ping", value: { nonce: 1, intervalMs: 30_000, heads: [{ room: tea.id, epoch, seq }] } });
		ping(5);
		server.session.passes = (down) => down.body.case !== "entries";
		server.say(tea, "bob", "lost");
		server.say(tea, "bob", "lost too");
		server.session.passes = () => true;
		await clock.advance(1_000);
		expect(told).toEqual([]);
		ping(7);
		await clock.advance(1_000);
		expect(told).toEqual([6, 7]);
		expect(heard(server, "history").length).toBe(1);
		expect(server.dialled.length).toBe(1);
		ping(7, 2);
		await clock.advance(1_000);
		expect(server.dialled.length).toBe(2);
	});

	test("a room whose telling was lost is found by the next ping; more than a few rooms behind are set right by a new session", async () => {
		const server = new FakeServer();
		const tea = Array.from({ length: 12 }, (_, i) => server.room(`tea${i}`, ["ann"], 3));
		const { clock, client } = await liveClient({}, server);
		const cake = server.room("cake", ["ann"], 3);
		const ping = (rooms: typeof tea) => {
			const heads = rooms.map(({ id, epoch, entries }) => ({ room: id, epoch, seq: entries.length }));
			server.session.push({ case: "ping", value: { nonce: 1, intervalMs: 30_000, heads } });
		};
		server.session.sentTo.set(cake.id, 3);
		ping([cake]);
		await clock.advance(TIMING.stableMs);
		expect(client.rooms.has(cake.id)).toBe(true);
		expect(server.dialled.length).toBe(2);
		server.session.passes = (down) => down.body.case !== "entries";
		for (const room of tea) server.say(room, "bob", "lost");
		server.session.passes = () => true;
		ping(tea);
		await clock.advance(1_000);
		expect(server.dialled.length).toBe(3);
		expect(heard(server, "history").length).toBe(0);
		for (const room of tea) expect(client.rooms.get(room.id)?.to).toBe(room.entries.length);
	});

	test("a room whose telling was lost is found by the damage, and by its first entry", async () => {
		for (const damage of ["damaged", false] as const) {
			const { server, clock, client } = await inTea(5);
			const cake = server.room("cake", ["ann"], 3);
			server.session.passes = () => damage;
			server.session.push({ case: "roomAdded", value: { room: server.info(cake, "ann") } });
			server.session.passes = () => true;
			server.session.sentTo.set(cake.id, 3);
			if (damage === false) server.say(cake, "bob", "who is there?");
			await clock.advance(5_000);
			expect(client.rooms.has(cake.id)).toBe(true);
			expect(client.status.state).toBe("live");
		}
	});

	test("too far behind: the newest page, and word of exactly what was left out", async () => {
		const bench = await inTea(5);
		const { server, tea, told, room } = bench;
		server.say(tea, "bob", "six");
		server.catchUpMax = 100;
		await bench.clock.advance(TIMING.stableMs);
		server.accepting = () => false;
		server.cut();
		for (let i = 0; i < 500; i++) server.say(tea, "bob", "missed");
		server.accepting = () => true;
		await bench.clock.advance(60_000);
		expect(told).toEqual([6, "far 7-456", ...range(457, 506)]);
		expect(seqs(room)).toEqual(range(457, 506));
		server.say(tea, "bob", "live");
		await bench.clock.settle();
		expect(told.at(-1)).toBe(507);
	});

	test("a log of another epoch is told as such, never rewound in silence", async () => {
		const bench = await inTea(30);
		const { server, tea, told, room } = bench;
		server.say(tea, "bob", "will be forgotten");
		await bench.clock.settle();
		tea.epoch = 2;
		tea.entries.length = 20;
		await reconnect(bench);
		expect(told).toEqual([31, "epoch 1-0", ...range(1, 20)]);
		expect([room.epoch, room.head, room.to]).toEqual([2, 20, 20]);
		server.say(tea, "bob", "new");
		await bench.clock.settle();
		expect(told.at(-1)).toBe(21);
	});

	test("fetching what is missing is given up when the server says where the stream goes on", async () => {
		const { server, clock, tea, told } = await inTea(30);
		server.react = (command) => (command.case === "history" ? "silent" : undefined);
		server.session.passes = (down) => down.body.case !== "entries";
		server.say(tea, "bob", "lost");
		server.session.passes = () => true;
		server.say(tea, "bob", "found");
		await clock.settle();
		tea.epoch = 2;
		tea.entries.length = 3;
		const page = server.newest(tea, 50);
		server.session.push({ case: "skipped", value: { room: tea.id, from: 1, to: 0, reason: Skipped_Reason.EPOCH, page } });
		server.react = () => undefined;
		await clock.advance(TIMING.answerMs * 2);
		expect(told).toEqual(["epoch 1-0", 1, 2, 3]);
		expect(server.dialled.length).toBe(1);
	});

	test("entries of an epoch that nobody announced are not believed: a new session sorts it out", async () => {
		const { server, clock, tea, told } = await inTea(5);
		tea.epoch = 2;
		server.say(tea, "bob", "from another world");
		await clock.advance(5_000);
		expect(server.dialled.length).toBe(2);
		expect(told).toEqual(["epoch 1-0", ...range(1, 6)]);
	});

	test("entries that are not dense are not believed either", async () => {
		const { server, clock, tea, told } = await inTea(5);
		for (const text of ["a", "b", "c"])
			server.append({ ...tea, id: "elsewhere", entries: tea.entries } as never, "bob", { case: "message", value: { text } });
		const [six, , eight] = tea.entries.slice(5);
		if (six === undefined || eight === undefined) throw new Error("no entries");
		server.session.push({ case: "entries", value: { room: tea.id, epoch: 1, entries: [six, eight] } });
		await clock.advance(5_000);
		expect(server.dialled.length).toBe(2);
		expect(told).toEqual(range(6, 8));
	});
});

describe("rooms come and go", () => {
	test("a room told by another device is there, with its stream", async () => {
		const { server, clock, client } = await inTea(1);
		const added: string[] = [];
		client.on("roomAdded", ({ title }) => added.push(title));
		const cake = server.room("cake", ["ann"], 3);
		server.session.push({ case: "roomAdded", value: { room: server.info(cake, "ann") } });
		server.session.sentTo.set(cake.id, 3);
		server.say(cake, "bob", "hi");
		await clock.settle();
		expect(added).toEqual(["#cake"]);
		expect(seqs(roomIn(client, cake.id))).toEqual([4]);
		expect(roomIn(client, cake.id).unread).toBe(1);
	});

	test("a room that is missing from the next welcome is gone, and its iterations end", async () => {
		const bench = await inTea(1);
		const { server, client, room } = bench;
		const removed: string[] = [];
		client.on("roomRemoved", ({ id }) => removed.push(id));
		const reading = room.entries().next();
		server.rooms.delete("r_tea");
		await reconnect(bench);
		expect(removed).toEqual(["r_tea"]);
		expect(client.rooms.size).toBe(0);
		expect((await reading).done).toBe(true);
		expect(room.standing).toBe(Room_Standing.NONE);
	});

	test("leaving removes the room; joining again brings it anew", async () => {
		const { client, clock, room } = await inTea(3);
		const leaving = room.leave();
		await clock.settle();
		await leaving;
		expect(client.rooms.size).toBe(0);
		const back = client.join("#tea");
		await clock.settle();
		expect(seqs(await back)).toEqual(range(1, 5));
	});

	test("an invitation is told and kept until it is accepted", async () => {
		const { server, clock, client } = await inTea(1);
		const vault = server.room("vault", [], 2);
		const told: string[] = [];
		client.on("invited", ({ room, by }) => told.push(`${by?.name} invites to ${room.name}`));
		const info = { ...server.info(vault, "ann"), standing: Room_Standing.INVITED };
		server.session.push({ case: "invited", value: { room: info, by: userOf("bob") } });
		await clock.settle();
		expect(told).toEqual(["bob invites to vault"]);
		expect([...client.invitations.keys()]).toEqual([vault.id]);
		const joining = client.join(vault.id);
		await clock.settle();
		await joining;
		expect(client.invitations.size).toBe(0);
	});

	for (const by of ["id", "name"] as const) {
		test(`an invitation is declined by its room's ${by}, and gone when the call resolves`, async () => {
			const { server, clock, client, invited, closed } = await withInvitation();
			const declined = client.decline(by === "id" ? invited.id : "#Vault").then(() => client.invitations.size);
			await clock.settle();
			expect(heard(server, "leave")).toEqual([expect.objectContaining({ room: invited.id })]);
			expect(await declined).toBe(0);
			expect(closed).toEqual([invited.id]);
			await client.decline(invited.id);
			expect(heard(server, "leave").length).toBe(1);
		});
	}

	test("declining asks for nothing where no invitation is open, least of all to leave a room", async () => {
		const { server, client, room } = await inTea(1);
		await client.decline(room.id);
		await client.decline("#tea");
		await client.decline("#nowhere");
		expect(heard(server, "leave")).toEqual([]);
		expect(client.rooms.has(room.id)).toBe(true);
	});

	test("an invitation that is declined already, the answer lost, is declined", async () => {
		const { server, clock, client, invited } = await withInvitation();
		server.react = (command) => (command.case === "leave" ? refusal("no_such_room") : undefined);
		const declined = client.decline(invited.id);
		await clock.advance(1_000);
		await declined;
	});

	test("a declined invitation that is renewed at once stays open", async () => {
		const { server, clock, client, invited, closed } = await withInvitation();
		server.react = (command) => (command.case === "leave" ? { case: "done", value: {} } : undefined);
		const declined = client.decline(invited.id);
		await clock.advance(1_000);
		await declined;
		expect([...client.invitations.keys()]).toEqual([invited.id]);
		expect(closed).toEqual([]);
	});

	test("an invitation that another session of the user declines is gone at once, and told as closed", async () => {
		const { server, clock, client, invited, closed } = await withInvitation();
		server.session.push({ case: "roomRemoved", value: { room: invited.id } });
		await clock.settle();
		expect(client.invitations.size).toBe(0);
		expect(closed).toEqual([invited.id]);
	});

	test("an invitation that was declined or accepted while one was away is told as closed at the welcome; one that is open stays", async () => {
		const bench = await withInvitation();
		const { client, invited, closed } = bench;
		await reconnect(bench);
		expect([...client.invitations.keys()]).toEqual([invited.id]);
		expect(closed).toEqual([]);
		invited.invited.delete("ann");
		await reconnect(bench);
		expect(client.invitations.size).toBe(0);
		expect(closed).toEqual([invited.id]);
	});

	test("an invitation of whose end the news was damaged on its way is told as closed", async () => {
		const { server, clock, client, invited, closed } = await withInvitation();
		server.session.passes = () => "damaged";
		invited.invited.delete("ann");
		server.session.push({ case: "roomRemoved", value: { room: invited.id } });
		server.session.passes = () => true;
		await clock.advance(1_000);
		expect(client.invitations.size).toBe(0);
		expect(closed).toEqual([invited.id]);
	});
});

describe("what a room shows", () => {
	test("older pages come before the window, until the beginning", async () => {
		const { clock, room, told } = await inTea(120);
		const counts: number[] = [];
		for (let i = 0; i < 4; i++) {
			const loading = room.loadOlder(50);
			await clock.settle();
			counts.push(await loading);
		}
		expect(counts).toEqual([50, 50, 20, 0]);
		expect(seqs(room)).toEqual(range(1, 120));
		expect(told).toEqual([]);
	});

	test("a page of the log can be had from anywhere, the beginning included, however the server cuts it", async () => {
		const { server, clock, room } = await inTea(120);
		const page = async (bound: Parameters<Room["history"]>[0]): Promise<number[]> => {
			const asking = room.history(bound);
			await clock.settle();
			const { from, to, entries } = await asking;
			expect(entries.map(({ seq }) => seq)).toEqual(range(from, to));
			return [from, to];
		};
		expect(await page({ limit: 30 })).toEqual([91, 120]);
		expect(await page({ before: 50, limit: 30 })).toEqual([20, 49]);
		expect(await page({ after: 50, limit: 30 })).toEqual([51, 80]);
		expect(await page({ after: 0, limit: 30 })).toEqual([1, 30]);
		server.pageMax = 7;
		expect(await page({ after: 0, limit: 30 })).toEqual([1, 7]);
		expect(await page({ after: 0, limit: 1 })).toEqual([1, 1]);
	});

	test("the window is bounded at the live end, what was loaded on purpose stays", async () => {
		const { server, clock, tea, room } = await inTea(300, { timelineMax: 200 });
		for (let i = 0; i < 1_000; i++) server.say(tea, "bob", "much");
		await clock.settle();
		expect(room.timeline.length).toBeLessThanOrEqual(300);
		expect(room.to).toBe(1_300);
		const { from } = room;
		const loading = room.loadOlder(50);
		await clock.settle();
		expect(await loading).toBe(50);
		server.say(tea, "bob", "more");
		await clock.settle();
		expect(room.from).toBe(from - 50);
		room.trim(10);
		expect(room.timeline.length).toBe(10);
	});

	test("unread counts others' messages after what was seen, and never goes back", async () => {
		const { server, clock, tea, room } = await inTea(5);
		expect([room.seen, room.unread]).toEqual([5, 0]);
		server.say(tea, "bob", "one");
		server.say(tea, "ann", "own");
		server.append(tea, "cyd", { case: "joined", value: {} });
		server.say(tea, "cyd", "two");
		await clock.settle();
		expect(room.unread).toBe(2);
		room.markSeen(6);
		expect(room.unread).toBe(1);
		room.markSeen(3);
		expect(room.seen).toBe(6);
		room.markSeen();
		expect(room.unread).toBe(0);
	});

	test("what was seen survives a reload where it is kept", async () => {
		const kept = new Map<string, string>();
		const storage = {
			getItem: (key: string) => kept.get(key) ?? null,
			setItem: (key: string, value: string) => void kept.set(key, value),
		};
		const first = await inTea(5, { marks: webStorageMarks(storage) });
		first.server.say(first.tea, "bob", "six");
		await first.clock.settle();
		first.room.markSeen();
		await first.client.close();
		for (let i = 0; i < 3; i++) first.server.say(first.tea, "bob", "while away");
		const again = await liveClient({ marks: webStorageMarks(storage) }, first.server, first.clock);
		await again.clock.settle();
		expect([roomIn(again.client).seen, roomIn(again.client).unread]).toEqual([6, 3]);
	});

	test("members are those whom `who` names and whom the entries since have changed", async () => {
		const { server, clock, tea, room } = await inTea(3);
		tea.members.add("bob");
		server.react = (command, session) => {
			if (command.case !== "who") return undefined;
			// The list is read before these, and answered after them.
			const list = server.memberList(tea, command.value);
			server.append(tea, "cyd", { case: "joined", value: {} });
			server.append(tea, "bob", { case: "left", value: {} });
			session.push({ case: "presence", value: { user: userOf("ann"), online: false } });
			return { case: "memberList", value: list };
		};
		const asking = room.who();
		await clock.settle();
		expect((await asking).map(({ user }) => user.name).sort()).toEqual(["ann", "cyd"]);
		expect([...room.members.values()].map(({ user }) => user.name).sort()).toEqual(["ann", "cyd"]);
		const before = room.members;
		server.session.push({ case: "presence", value: { user: userOf("cyd"), online: true } });
		await clock.settle();
		expect(room.members.get("u_cyd")?.online).toBe(true);
		expect(before.get("u_cyd")?.online).toBeUndefined();
	});

	test("who is here is asked for again after a reconnect and after one was too slow to be told, where the application wants to know", async () => {
		const bench = await inTea(3);
		const { server, clock, tea, room } = bench;
		let asked = 0;
		tea.members.add("bob");
		server.react = (command) => {
			if (command.case === "who") asked++;
			return undefined;
		};
		const sees = () => room.members.get("u_bob")?.online;
		await reconnect(bench);
		await clock.advance(TIMING.stableMs);
		expect(asked).toBe(0);
		const asking = room.who();
		await clock.settle();
		await asking;
		expect(sees()).toBe(true);
		server.away.add("bob");
		await reconnect(bench);
		await clock.advance(TIMING.stableMs);
		expect([sees(), asked]).toEqual([false, 2]);
		server.away.clear();
		server.session.push({ case: "behind", value: { behind: true } });
		server.session.push({ case: "behind", value: { behind: false } });
		await clock.advance(TIMING.stableMs);
		expect([sees(), asked]).toEqual([true, 3]);
	});

	test("renaming is seen by its entry", async () => {
		const { server, clock, tea, room } = await inTea(1);
		server.append(tea, "bob", { case: "renamed", value: { name: "chai" } });
		await clock.settle();
		expect(room.title).toBe("#chai");
	});

	test("a name is not taken back by a list that was made before it, and is asked for where its entry was left out", async () => {
		const { server, clock, tea, room } = await inTea(5);
		server.react = (command) => {
			if (command.case !== "rooms") return undefined;
			const rooms = [server.info(tea, "ann")];
			server.append(tea, "bob", { case: "renamed", value: { name: "chai" } });
			return { case: "roomList", value: { rooms } };
		};
		server.session.passes = () => "damaged";
		server.say(tea, "bob", "lost");
		server.session.passes = () => true;
		await clock.advance(1_000);
		expect([room.title, room.to]).toEqual(["#chai", 7]);
		server.react = () => undefined;
		server.session.passes = () => false;
		server.append(tea, "bob", { case: "renamed", value: { name: "mate" } });
		for (let i = 0; i < 9; i++) server.say(tea, "bob", `${i}`);
		Object.assign(tea, { name: "mate" });
		server.session.passes = () => true;
		const page = server.newest(tea, 1);
		server.session.push({ case: "skipped", value: { room: tea.id, from: 8, to: 16, reason: Skipped_Reason.FAR, page } });
		await clock.advance(1_000);
		expect([room.title, room.to]).toEqual(["#mate", 17]);
	});

	test("who writes is shown until the message comes, or for a while", async () => {
		const { server, clock, tea, room } = await inTea(1);
		const names = (): string[] => room.typing.map(({ name }) => name);
		const typist = (name: string): void => server.session.push({ case: "typist", value: { room: tea.id, user: userOf(name) } });
		typist("bob");
		typist("cyd");
		typist("ann");
		await clock.settle();
		expect(names()).toEqual(["bob", "cyd"]);
		server.say(tea, "bob", "there");
		await clock.settle();
		expect(names()).toEqual(["cyd"]);
		await clock.advance(6_000);
		expect(names()).toEqual([]);
	});

	test("one's own writing is told at most once in three seconds, and not while offline", async () => {
		const { server, clock, room } = await inTea(1);
		for (let i = 0; i < 10; i++) {
			room.sendTyping();
			await clock.advance(500);
		}
		expect(heard(server, "typing").length).toBe(2);
		server.accepting = () => false;
		server.cut();
		await clock.advance(10_000);
		room.sendTyping();
		await clock.settle();
		expect(heard(server, "typing").length).toBe(2);
	});

	test("a change is told once per turn, however much comes", async () => {
		const { server, clock, tea, room } = await inTea(1);
		let changes = 0;
		room.on("changed", () => changes++);
		server.session.push({
			case: "entries",
			value: { room: tea.id, epoch: 1, entries: [server.say(tea, "bob", "a"), server.say(tea, "bob", "b")] },
		});
		await clock.settle();
		expect(changes).toBeLessThanOrEqual(3);
		expect(changes).toBeGreaterThan(0);
	});
});

describe("iterating over a room", () => {
	async function collect(iteration: AsyncIterableIterator<unknown>, count: number, clock: Bench["clock"]): Promise<unknown[]> {
		const items: unknown[] = [];
		for (let i = 0; i < count; i++) {
			const next = iteration.next();
			await clock.advance(1);
			const result = await next;
			if (result.done) break;
			const value = result.value as { seq?: number; skipped?: SkippedRange };
			items.push(value.seq ?? value.skipped);
		}
		return items;
	}

	test("gives live entries by default, each once", async () => {
		const { server, clock, tea, room } = await inTea(5);
		const iteration = room.entries();
		for (let i = 0; i < 3; i++) server.say(tea, "bob", "x");
		await clock.settle();
		expect(await collect(iteration, 3, clock)).toEqual([6, 7, 8]);
		await iteration.return?.();
	});

	test("from the beginning of the log: everything, page by page, then live", async () => {
		const { server, clock, tea, room } = await inTea(130);
		const iteration = room.entries({ after: 0 });
		expect(await collect(iteration, 130, clock)).toEqual(range(1, 130));
		server.say(tea, "bob", "live");
		await clock.settle();
		expect(await collect(iteration, 1, clock)).toEqual([131]);
	});

	test("waits as long as a busy server says, and then asks for pages as long as before", async () => {
		const { server, clock, room } = await inTea(130);
		let refusals = 0;
		server.react = (command) => (command.case === "history" && refusals++ < 6 ? refusal("busy", 3_000) : undefined);
		const first = room.entries({ after: 0 }).next();
		await clock.advance(6 * 3_300);
		expect((await first).value).toMatchObject({ seq: 1 });
		expect(heard(server, "history").map(({ limit }) => limit)).toEqual(Array<number>(7).fill(LIMITS.historyEntriesMax));
	});

	test("fills what was skipped, over a reconnect in the middle", async () => {
		const bench = await inTea(5);
		const { server, clock, tea, room } = bench;
		const iteration = room.entries();
		server.catchUpMax = 50;
		await clock.advance(TIMING.stableMs);
		server.accepting = () => false;
		server.cut();
		for (let i = 0; i < 400; i++) server.say(tea, "bob", "missed");
		server.accepting = () => true;
		await clock.advance(60_000);
		const first = await collect(iteration, 100, clock);
		server.accepting = () => false;
		server.cut();
		const next = iteration.next();
		server.accepting = () => true;
		await clock.advance(60_000);
		const value = (await next).value as { seq: number };
		expect([...first, value.seq, ...(await collect(iteration, 299, clock))]).toEqual(range(6, 405));
	});

	test("without filling, says what is left out, also when it is slower than the window", async () => {
		const { server, clock, tea, room } = await inTea(5, { timelineMax: 10 });
		const iteration = room.entries({ fill: false });
		for (let i = 0; i < 500; i++) server.say(tea, "bob", "fast");
		await clock.settle();
		const { from } = room;
		expect(await collect(iteration, 2, clock)).toEqual([{ from: 6, to: from - 1, reason: "trimmed" }, from]);
	});

	test("ends also where a room was left while its past was fetched, and its log restored before the answer came", async () => {
		const bench = await inTea(30);
		const { tea, room, clock, server, client } = bench;
		server.react = (command) => (command.case === "history" ? "silent" : undefined);
		const reading = room.entries({ after: 0 });
		const first = reading.next().catch((error: unknown) => error);
		await clock.settle();
		server.session.push({ case: "roomRemoved", value: { room: tea.id } });
		tea.epoch = 2;
		tea.entries.length = 20;
		server.react = () => undefined;
		await clock.advance(60_000);
		expect(await first).toMatchObject({ name: "EpochError" });
		expect(client.status.state).toBe("live");
	});

	test("says that the log was restored: with a marker, or by throwing where nothing may be missed", async () => {
		const bench = await inTea(30);
		const { tea, room, clock } = bench;
		const marked = room.entries({ after: 25, fill: false });
		expect(await collect(marked, 1, clock)).toEqual([{ from: 26, to: 30, reason: "trimmed" }]);
		const filled = room.entries();
		tea.epoch = 2;
		tea.entries.length = 20;
		await reconnect(bench);
		expect(await collect(marked, 2, clock)).toEqual([{ from: 1, to: 0, reason: "epoch" }, 1]);
		await expect(filled.next()).rejects.toMatchObject({ name: "EpochError", head: 20 });
	});

	test("ends by its signal, by return and by close, also while it waits", async () => {
		const { client, clock, room } = await inTea(5);
		const control = new AbortController();
		const [bySignal, byReturn, byClose] = [room.entries({ signal: control.signal }), room.entries(), room.entries()];
		const waiting = [bySignal.next(), byReturn.next(), byClose.next()];
		await clock.settle();
		control.abort();
		void byReturn.return?.();
		await client.close();
		for (const next of waiting) expect((await next).done).toBe(true);
	});

	test("throws why the client has stopped", async () => {
		const { server, clock, room } = await inTea(5);
		const next = room.entries().next();
		next.catch(() => undefined);
		server.session.push({ case: "close", value: { code: 4102, reason: "no more", reconnect: false } });
		await clock.settle();
		await expect(next).rejects.toMatchObject({ closeName: "banned" });
	});

	test("all events of the client come as an iteration too, with the number of those that were too many", async () => {
		const { server, client, clock } = await inTea(1);
		const events = client.events();
		for (let i = 0; i < 1_100; i++) server.session.push({ case: "presence", value: { user: userOf(`u${i}`), online: true } });
		await clock.settle();
		expect((await events.next()).value).toEqual({ type: "lost", value: 1_100 - 1_024 });
		expect((await events.next()).value).toMatchObject({ type: "presence", value: { online: true } });
		await client.close();
		let last: unknown;
		for await (const event of events) last = event;
		expect(last).toEqual({ type: "status", value: { state: "stopped", why: "closed" } });
	});
});
