// The list of a room's members, as a client keeps it: by pages, by the log, and by asking for what has changed.
import { describe, expect, test } from "bun:test";
import { Skipped_Reason, TIMING, type Who } from "@verbatim/protocol";
import fc from "fast-check";
import { type Room, TimeoutError } from "../src/mod.ts";
import { type Bench, failure, liveClient } from "./support/bench.ts";
import { FakeServer, refusal, userOf } from "./support/fake-server.ts";

const COUNT = 250;
const nameOf = (n: number): string => `m${String(n).padStart(3, "0")}`;

/** Ann in a room with 250 others, where presence is not told. */
async function inCrowd(count = COUNT, membersPageMax = 100) {
	const server = new FakeServer();
	const tea = server.room("tea", ["ann", ...Array.from({ length: count }, (_, n) => nameOf(n))], 3);
	const bench = await liveClient({ limits: { membersPageMax } }, server);
	const room = bench.client.rooms.get(tea.id) as Room;
	return { ...bench, tea, room };
}

/** What `asking` gives, once all has come. */
async function given<T>({ clock }: Pick<Bench, "clock">, asking: Promise<T>): Promise<T> {
	await clock.settle();
	return asking;
}

const asks = ({ server }: Pick<Bench, "server">) =>
	server.heard.flatMap(({ command }) => (command.case === "who" ? [command.value] : []));
const namesOf = (room: Room): string[] => [...room.members.values()].map(({ user }) => user.name).sort();

/** What `change` and the words after it bring is too much to send: the timeline jumps over it. */
function skip({ server, tea }: Pick<Awaited<ReturnType<typeof inCrowd>>, "server" | "tea">, change: () => void): void {
	const { session } = server;
	session.passes = () => false;
	const from = tea.entries.length + 1;
	change();
	for (let i = 0; i < 5; i++) server.say(tea, "ann", `${i}`);
	session.passes = () => true;
	const page = server.newest(tea, 2);
	session.push({
		case: "skipped",
		value: { room: tea.id, from, to: (page.from ?? 1) - 1, reason: Skipped_Reason.FAR, page },
	});
}

async function reconnect({ server, clock }: Pick<Bench, "server" | "clock">): Promise<void> {
	await clock.advance(TIMING.stableMs);
	server.cut();
	await clock.advance(TIMING.stableMs);
}

describe("a large room", () => {
	test("is given page by page, or whole", async () => {
		const bench = await inCrowd();
		const { room, tea } = bench;
		expect([room.memberCount, room.onlineCount, room.membersComplete]).toEqual([COUNT + 1, undefined, false]);
		expect(await given(bench, room.loadMembers(100))).toBe(100);
		expect([room.members.size, room.membersComplete, room.onlineCount]).toEqual([100, false, COUNT + 1]);
		expect(await given(bench, room.loadMembers(100))).toBe(100);
		expect(await given(bench, room.loadMembers(100))).toBe(51);
		expect(room.membersComplete).toBe(true);
		expect(await given(bench, room.loadMembers(100))).toBe(0);
		expect(namesOf(room)).toEqual([...tea.members].sort());
		const other = await inCrowd();
		expect(await given(other, other.room.who())).toHaveLength(COUNT + 1);
		expect(asks(other)).toHaveLength(3);
	});

	test("is not asked for again after a reconnect: its version is", async () => {
		const bench = await inCrowd();
		const { room, server, tea, clock } = bench;
		await given(bench, room.who());
		const before = asks(bench).length;
		await reconnect(bench);
		expect(asks(bench).slice(before)).toMatchObject([{ after: "", epoch: 1, version: 1 }]);
		// What the log says of members is counted along.
		server.append(tea, "zoe", { case: "joined", value: {} });
		server.append(tea, nameOf(7), { case: "left", value: {} });
		server.say(tea, "zoe", "hi");
		await clock.settle();
		expect(room.memberCount).toBe(COUNT + 1);
		await reconnect(bench);
		expect(asks(bench).slice(before + 1)).toMatchObject([{ after: "", version: 3 }]);
		expect(namesOf(room)).toEqual([...tea.members].sort());
	});

	test("is asked for again where the timeline has jumped over changes, and not where it has over words", async () => {
		const bench = await inCrowd();
		const { room, server, tea, clock } = bench;
		const skipped = async (change: () => void) => {
			skip(bench, change);
			await clock.advance(TIMING.stableMs);
		};
		await given(bench, room.who());
		const before = asks(bench).length;
		await skipped(() => undefined);
		expect(asks(bench).length).toBe(before + 1);
		expect(room.membersComplete).toBe(true);
		await skipped(() => server.append(tea, "zoe", { case: "joined", value: {} }));
		expect(asks(bench).length).toBe(before + 4);
		expect(namesOf(room)).toEqual([...tea.members].sort());
		expect(room.memberCount).toBe(COUNT + 2);
	});

	test("is not shown as whole from a jump of the timeline on, until its version was asked for", async () => {
		const bench = await inCrowd();
		const { room, server, tea, clock } = bench;
		await given(bench, room.who());
		const shown: unknown[] = [];
		room.on("changed", () => shown.push([room.membersComplete, room.members.has(userOf("zoe").id)]));
		skip(bench, () => server.append(tea, "zoe", { case: "joined", value: {} }));
		await clock.settle();
		expect([room.membersComplete, room.to]).toEqual([false, tea.entries.length]);
		await clock.advance(TIMING.stableMs);
		expect([room.membersComplete, namesOf(room)]).toEqual([true, [...tea.members].sort()]);
		expect(shown).not.toContainEqual([true, false]);
		skip(bench, () => undefined);
		await clock.settle();
		expect(room.membersComplete).toBe(false);
		const before = asks(bench).length;
		await given(bench, room.loadMembers(100));
		expect([room.membersComplete, asks(bench).length]).toEqual([true, before + 1]);
	});

	test("is asked for anew where its log is another one after a restore, also where that is refused for now", async () => {
		const bench = await inCrowd();
		const { room, server, tea, clock } = bench;
		await given(bench, room.who());
		const before = asks(bench).length;
		// The log has another end: one has joined in what was lost, another after it.
		server.append(tea, "lost", { case: "joined", value: {} });
		await clock.settle();
		tea.epoch = 2;
		tea.entries.pop();
		tea.members.delete("lost");
		server.append(tea, "zoe", { case: "joined", value: {} });
		server.pageMax = 1;
		server.say(tea, "ann", "hi");
		let refused = 0;
		server.react = (command) => (command.case === "who" && ++refused <= 2 ? refusal("unavailable") : undefined);
		server.cut();
		for (let i = 0; i < 20 && refused < 2; i++) {
			await clock.advance(TIMING.stableMs / 10);
			expect(room.membersComplete).toBe(room.epoch === 1);
		}
		await clock.advance(TIMING.stableMs);
		expect(asks(bench).slice(before)).toHaveLength(5);
		expect([room.epoch, room.membersComplete, namesOf(room)]).toEqual([2, true, [...tea.members].sort()]);
		expect(room.memberCount).toBe(COUNT + 2);
	});

	test("is complete again by itself, after `who` was asked once more and did not end", async () => {
		const bench = await inCrowd();
		const { server, clock, room } = bench;
		server.presenceMax = 1_000;
		await given(bench, room.who());
		server.react = ({ case: kind, value }) => (kind === "who" && (value as Who).after !== "" ? "silent" : undefined);
		const asking = room.who();
		const error = failure(asking);
		await clock.advance(TIMING.answerMs);
		expect(await error).toBeInstanceOf(TimeoutError);
		expect(room.membersComplete).toBe(false);
		server.react = () => undefined;
		await clock.advance(TIMING.stableMs + TIMING.answerMs);
		expect(room.membersComplete).toBe(true);
	});

	test("has no hole where it is begun anew while a later page is on its way", async () => {
		const bench = await inCrowd(450);
		const { room, server, tea, clock } = bench;
		for (let i = 0; i < 3; i++) await given(bench, room.loadMembers(100));
		let answer = (): void => {};
		server.react = (command, session, up) => {
			if (command.case !== "who") return undefined;
			// Read when it is answered, as a slow store does.
			answer = () => session.push({ case: "memberList", value: server.memberList(tea, command.value) }, up.id);
			return "silent";
		};
		const more = room.loadMembers(100);
		await clock.settle();
		server.react = () => undefined;
		skip(bench, () => server.append(tea, "zoe", { case: "joined", value: {} }));
		await clock.settle();
		const all = room.who();
		await clock.settle();
		expect([room.members.size, room.membersComplete]).toEqual([100, false]);
		answer();
		await clock.settle();
		await more;
		expect((await all).length).toBe(tea.members.size);
		expect([room.membersComplete, namesOf(room)]).toEqual([true, [...tea.members].sort()]);
	});

	test("is begun anew where somebody was removed without an entry between two pages", async () => {
		const bench = await inCrowd();
		const { room, tea } = bench;
		await given(bench, room.loadMembers(100));
		tea.members.delete(nameOf(1));
		tea.unlogged++;
		await given(bench, room.loadMembers(100));
		expect(room.members.has(userOf(nameOf(1)).id)).toBe(false);
		await given(bench, room.who());
		expect(namesOf(room)).toEqual([...tea.members].sort());
	});

	test("gives a page to each who asks for it at the same time, though one of them gives up", async () => {
		const bench = await inCrowd();
		const { room, server, clock } = bench;
		let answer = (): void => {};
		server.react = (command, session, up) => {
			if (command.case !== "who") return undefined;
			const list = server.memberList(bench.tea, command.value);
			answer = () => session.push({ case: "memberList", value: list }, up.id);
			return "silent";
		};
		const stop = new AbortController();
		const one = failure(room.loadMembers(100, { signal: stop.signal }));
		const two = room.loadMembers(100);
		const three = failure(room.loadMembers(100, { timeoutMs: 500 }));
		await clock.settle();
		stop.abort();
		expect(await one).toMatchObject({ name: "AbortedError" });
		await clock.advance(500);
		expect(await three).toMatchObject({ name: "TimeoutError" });
		answer();
		expect(await given(bench, two)).toBe(100);
		expect(asks(bench)).toHaveLength(1);
	});

	test("is asked for anew after all who waited for a page have given up", async () => {
		const bench = await inCrowd();
		const { room, server, clock } = bench;
		server.react = (command) => (command.case === "who" ? "silent" : undefined);
		const stop = new AbortController();
		const both = [1, 2].map(() => failure(room.loadMembers(100, { signal: stop.signal })));
		await clock.settle();
		server.react = () => undefined;
		stop.abort();
		const more = room.loadMembers(100);
		expect(await Promise.all(both)).toMatchObject([{ name: "AbortedError" }, { name: "AbortedError" }]);
		expect(await given(bench, more)).toBe(100);
	});

	test("tells of those whom somebody looks at whether they are there, again after a reconnect", async () => {
		const bench = await inCrowd();
		const { room, server } = bench;
		server.away.add(nameOf(1));
		await given(bench, room.loadMembers());
		const [one, two, three] = [1, 2, 3].map((n) => userOf(nameOf(n)).id);
		const seen = () => [one, two, three].map((id) => room.members.get(id ?? "")?.online);
		expect(seen()).toEqual([undefined, undefined, undefined]);
		await given(bench, room.lookAt([one ?? "", two ?? ""]));
		expect(seen()).toEqual([false, true, undefined]);
		expect(room.onlineCount).toBe(COUNT);
		server.away.add(nameOf(2));
		await reconnect(bench);
		expect(seen()).toEqual([false, false, undefined]);
		expect(room.onlineCount).toBe(COUNT - 1);
	});

	test("keeps what was told of those whom somebody looks at, whatever is asked for, until `who` asks again", async () => {
		const bench = await inCrowd();
		const { room, server, tea, clock } = bench;
		await given(bench, room.who());
		const ids = [1, 2, 3, 4].map((n) => userOf(nameOf(n)).id);
		const seen = () => ids.map((id) => room.members.get(id)?.online);
		server.away.add(nameOf(1));
		await given(bench, room.lookAt(ids.slice(0, 3)));
		expect(seen()).toEqual([false, true, true, undefined]);
		// Nothing has changed in the list.
		server.away.add(nameOf(2));
		const all = room.who();
		const steps = new Set<string>();
		room.on("changed", () => steps.add(JSON.stringify(seen().slice(0, 3))));
		const online = new Map((await given(bench, all)).map(({ user, online }) => [user.id, online]));
		expect(ids.map((id) => online.get(id))).toEqual([false, false, true, undefined]);
		expect(seen()).toEqual([false, false, true, undefined]);
		expect([...steps]).toEqual(["[false,true,true]", "[false,false,true]"]);
		// The list is another one, and begun anew.
		tea.members.delete(nameOf(5));
		tea.unlogged++;
		skip(bench, () => server.append(tea, nameOf(3), { case: "left", value: {} }));
		await clock.settle();
		steps.clear();
		await given(bench, room.loadMembers());
		await given(bench, room.who());
		expect(seen()).toEqual([false, false, undefined, undefined]);
		expect([...steps].every((step) => step.startsWith("[false,false,"))).toBe(true);
		// Nobody looks at them any more.
		await given(bench, room.lookAt([]));
		await given(bench, room.who());
		expect(seen()).toEqual([undefined, undefined, undefined, undefined]);
	});

	test("is right whatever changes while its pages come, and however late", async () => {
		const step = fc.oneof(
			fc.record({ do: fc.constant("page" as const) }),
			fc.record({ do: fc.constantFrom("join" as const, "leave" as const, "decline" as const, "skip" as const), n: fc.nat(39) }),
			fc.record({
				do: fc.constantFrom(
					"who" as const,
					"say" as const,
					"late page" as const,
					"slow page" as const,
					"settle" as const,
					"cut" as const,
				),
			}),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 40 }), async (steps) => {
				const bench = await inCrowd(20, 5);
				const { server, clock, tea, room, client } = bench;
				server.presenceMax = 0;
				let held: Array<() => void> = [];
				/** Who was in it, by the seq up to which the log was that long. */
				const were = new Map<number, string[]>();
				for (const [each, settles] of steps) {
					const due = held;
					held = [];
					if (each.do === "page") room.loadMembers(5).catch(() => undefined);
					else if (each.do === "who") room.who().catch(() => undefined);
					else if (each.do === "say") server.say(tea, "ann", "hi");
					else if (each.do === "settle") await clock.settle();
					else if (each.do === "cut") await reconnect(bench);
					else if (each.do === "late page" || each.do === "slow page") {
						// Told only after what comes next; read now, or then.
						server.react = (command, session, up) => {
							if (command.case !== "who") return undefined;
							const { value: asked } = command;
							const list = each.do === "late page" ? server.memberList(tea, asked) : undefined;
							held.push(() => {
								if (session.open) session.push({ case: "memberList", value: list ?? server.memberList(tea, asked) }, up.id);
							});
							return "silent";
						};
						room.loadMembers(5).catch(() => undefined);
						await clock.settle();
						server.react = () => undefined;
					} else if (each.do === "skip") {
						const [name, joins] = [nameOf(each.n), !tea.members.has(nameOf(each.n))];
						skip(bench, () => server.append(tea, name, joins ? { case: "joined", value: {} } : { case: "left", value: {} }));
					} else if (each.do === "join" && !tea.members.has(nameOf(each.n))) {
						server.append(tea, nameOf(each.n), { case: "joined", value: {} });
					} else if (each.do === "leave" && tea.members.has(nameOf(each.n))) {
						server.append(tea, nameOf(each.n), { case: "left", value: {} });
					} else if (each.do === "decline" && tea.members.delete(nameOf(each.n))) {
						tea.unlogged++;
					}
					// After what has happened in this step.
					for (const go of due) go();
					were.set(tea.entries.length, [...tea.members].sort());
					if (settles) await clock.settle();
					// A declined invitation is in no entry: it is noticed with the next list.
					if (room.membersComplete && tea.unlogged === 0) expect(namesOf(room)).toEqual(were.get(room.to) ?? namesOf(room));
				}
				for (const go of held) go();
				await given(bench, room.who());
				expect(namesOf(room)).toEqual([...tea.members].sort());
				expect(room.memberCount).toBe(tea.members.size);
				const before = asks(bench).length;
				await given(bench, room.who());
				// Nothing has changed since: one question, and no page.
				expect(asks(bench).length).toBe(before + 1);
				await client.close();
			}),
			{ numRuns: 300 },
		);
	}, 60_000);
});

describe("who is online in a small room", () => {
	for (const pages of ["one page", "several pages"]) {
		test(`is as the list of ${pages} says, which knows the entries that come after it`, async () => {
			const server = new FakeServer();
			const tea = server.room("tea", ["ann", "bob", "cat"], 3);
			server.presenceMax = 10;
			const bench = await liveClient({ limits: { membersPageMax: pages === "one page" ? 10 : 2 } }, server);
			const room = bench.client.rooms.get(tea.id) as Room;
			await given(bench, room.who());
			const from = tea.entries.length;
			server.session.passes = (down) => down.body.case !== "entries";
			server.append(tea, "bob", { case: "left", value: {} });
			server.append(tea, "bob", { case: "joined", value: {} });
			await given(bench, room.who());
			server.session.passes = () => true;
			server.session.push({ case: "entries", value: { room: tea.id, epoch: 1, entries: tea.entries.slice(from) } });
			await bench.clock.settle();
			expect([room.to, room.members.get("u_bob")?.online]).toEqual([from + 2, true]);
		});
	}

	test("is known of oneself, also where one's own leaving and coming back are told by entries alone", async () => {
		const server = new FakeServer();
		const tea = server.room("tea", ["ann", "bob"], 3);
		const bench = await liveClient({}, server);
		const room = bench.client.rooms.get(tea.id) as Room;
		await given(bench, room.who());
		server.append(tea, "ann", { case: "left", value: {} });
		server.append(tea, "ann", { case: "joined", value: {} });
		await bench.clock.settle();
		expect([room.to, room.members.get("u_ann")?.online]).toEqual([5, true]);
	});

	test("is asked for on every page again after a reconnect: what happened meanwhile was not pushed", async () => {
		const server = new FakeServer();
		const tea = server.room("tea", ["ann", "bob", "cat", "dan"], 5);
		server.presenceMax = 10;
		const bench = await liveClient({ limits: { membersPageMax: 2 } }, server);
		const room = bench.client.rooms.get(tea.id) as Room;
		await given(bench, room.who());
		expect(room.members.get("u_dan")?.online).toBe(true);
		server.away.add("dan");
		await reconnect(bench);
		expect(room.members.get("u_dan")?.online).toBe(false);
		expect([room.membersComplete, room.onlineCount]).toEqual([true, 3]);
	});

	test("is as was pushed, also where the entry by which one becomes a member comes later", async () => {
		const server = new FakeServer();
		const tea = server.room("tea", ["ann"], 3);
		const bench = await liveClient({}, server);
		const room = bench.client.rooms.get(tea.id) as Room;
		await given(bench, room.who());
		server.session.push({ case: "presence", value: { user: userOf("bob"), online: true } });
		server.append(tea, "bob", { case: "joined", value: {} });
		await bench.clock.settle();
		expect(room.members.get("u_bob")?.online).toBe(true);
		expect(room.onlineCount).toBe(2);
	});
});

test("all public channels are listed, however many pages they are", async () => {
	const server = new FakeServer();
	server.room("tea", ["ann"]);
	for (let n = 0; n < 9; n++) server.room(`room${n}`);
	server.roomsPageMax = 4;
	const bench = await liveClient({}, server);
	const rooms = await given(bench, bench.client.listRooms());
	expect(rooms.map(({ name }) => name)).toEqual(["tea", ...Array.from({ length: 9 }, (_, n) => `room${n}`)]);
	const page = await given(bench, bench.client.listRoomsPage({ limit: 2 }));
	expect([page.rooms.length, page.next]).toEqual([3, "room1"]);
	const last = await given(bench, bench.client.listRoomsPage({ after: "room7" }));
	expect([last.rooms.map(({ name }) => name), last.next]).toEqual([["room8"], undefined]);
});
