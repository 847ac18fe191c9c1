import { afterEach, describe, expect, test } from "bun:test";
import { DisconnectedError, TransportError } from "@verbatim/client";
import { create, Room_Kind, Room_Standing, RoomSchema } from "@verbatim/protocol";
import { type FakeRoom, message, NOON, refusal, user } from "./support/fake-client.ts";
import { type Harness, startChat } from "./support/harness.ts";

let open: Harness[] = [];
afterEach(() => {
	for (const harness of open) harness.unmount();
	open = [];
});

async function chat(...args: Parameters<typeof startChat>): Promise<Harness> {
	const harness = await startChat(...args);
	open.push(harness);
	return harness;
}

/** Ann in #tea, with Bob's greeting. */
async function inTea(parts: Parameters<typeof startChat>[0] = {}): Promise<Harness & { readonly tea: FakeRoom }> {
	const harness = await chat({ name: "ann", room: "tea", ...parts });
	const tea = roomOf(harness, "tea");
	tea.arrive(message(1, "bob", "hello ann"));
	await harness.settle();
	return Object.assign(harness, { tea });
}

function roomOf({ client }: Harness, name: string): FakeRoom {
	const room = client.rooms.get(`r-${name}`);
	if (!room) throw new Error(`no room ${name}`);
	return room;
}

describe("coming in", () => {
	test("asks for a name first, and comes in as a guest of it", async () => {
		const h = await chat({ question: { ask: "name" } });
		expect(h.screen()).toContain("your name:");
		expect(h.screen()).toContain("this is Verbatim at ws://chat.test:8080/ws");
		await h.type("ann\r");
		expect(h.client.calls).toContain('logIn {"guest":"ann"}');
		expect(h.screen()).toContain("ann ● live");
		expect(h.screen()).not.toContain("your name:");
	});

	test("a name that is taken: says so and asks again", async () => {
		const h = await chat({ question: { ask: "name" }, prepare: (client) => client.refusals.set("ann", refusal("name_taken")) });
		await h.type("ann\r");
		expect(h.screen()).toContain("! this name, or one that looks like it, is taken");
		await h.type("anne\r");
		expect(h.screen()).toContain("anne ● live");
	});

	test("a password is asked for, is not shown, and is not stepHistory", async () => {
		const h = await chat({ question: { ask: "name" } });
		await h.type("/login ann\r");
		expect(h.screen()).toContain("password for ann:");
		await h.type("hunter22");
		expect(h.screen()).not.toContain("hunter22");
		expect(h.screen()).toContain("••••••••");
		await h.type("\r");
		expect(h.client.calls).toContain('logIn {"login":{"name":"ann","password":"hunter22"}}');
		await h.type("\x1b[A");
		expect(h.screen()).not.toContain("hunter22");
	});

	test("a password in the command is hidden while it is written, and stepHistory without it", async () => {
		const h = await inTea();
		await h.type("/register ann hunter22");
		expect(h.screen()).toContain("/register ann ••••••••");
		await h.type("\r");
		await h.type("\x1b[A");
		expect(h.chat.model.ui.views.get(h.chat.model.ui.current)?.editor.text).toBe("/register ann");
	});

	test("goes where one was last; without any room it says which there are", async () => {
		const h = await chat({
			lastRoom: "#work",
			prepare(client) {
				client.add("tea");
				client.add("work");
			},
			name: "ann",
		});
		expect(h.rows()[0]).toMatch(/│#work/);
		const none = await chat({
			name: "bob",
			prepare: (client) => {
				client.publicRooms = [create(RoomSchema, { name: "tea", kind: Room_Kind.PUBLIC, members: 3 })];
			},
		});
		expect(none.screen()).toContain("rooms here; /join NAME goes in");
		expect(none.screen()).toContain("#tea  3 people");
	});

	test("another name that is refused: one stays who one was, if that is still known", async () => {
		const tokens = { access: "a", accessExpiresMs: 1, refresh: "r", refreshExpiresMs: 1 };
		const h = await inTea({
			identities: {
				load: async () => ({ user: { id: "u-ann", name: "ann" }, tokens }),
				setKind: () => undefined,
				last: undefined,
			},
		});
		h.client.refusals.set("bob", refusal("name_taken"));
		await h.type("/nick bob\r");
		expect(h.client.calls).toContain('logIn {"token":"a","refresh":"r"}');
		expect(h.screen()).toContain("you are still ann");
	});

	test("a password that is refused is asked for again, so that nobody says it to the room", async () => {
		const h = await inTea();
		h.client.refusals.set("annie", refusal("password_weak"));
		await h.type("/register annie\r");
		await h.type("short\r");
		expect(h.screen()).toContain("! a password has 8 to 256 characters");
		expect(h.screen()).toContain("password for annie (Esc: never mind):");
		h.client.refusals.clear();
		await h.type("long enough\r");
		expect(h.client.calls).toContain('logIn {"register":{"name":"annie","password":"long enough"}}');
		expect(h.tea.pending).toEqual([]);
	});

	test("Esc leaves the question; what was being written in the room is still there", async () => {
		const h = await inTea();
		await h.type("/login annie\r");
		await h.type("half\x1b");
		expect(h.screen()).not.toContain("password for");
		await h.type("hello");
		expect(h.screen()).toContain("> hello");
	});

	test("another name: the public rooms come along", async () => {
		const h = await inTea();
		await h.type("/nick anna\r");
		expect(h.client.calls.slice(-2)).toEqual(['logIn {"guest":"anna"}', "join #tea"]);
		expect(h.screen()).toContain("anna ● live");
		expect(h.rows()[0]).toMatch(/│#tea/);
	});
});

describe("saying", () => {
	test("Enter sends; the line waits, dim, until it is in the log; then it is there once", async () => {
		const h = await inTea();
		await h.type("good morning\r");
		expect(h.tea.pending.map(({ text }) => text)).toEqual(["good morning"]);
		expect(h.screen()).toMatch(/<ann> good morning …/);
		expect(h.rows().at(-1)).toMatch(/1 unsent$/);
		h.tea.arrive(message(2, "ann", "good morning", "cid-0"));
		await h.settle();
		expect(h.screen().match(/good morning/g)).toHaveLength(1);
		expect(h.screen()).not.toContain("…");
		expect(h.rows().at(-1)).toBe("ann ● live");
	});

	test("lines typed faster than frames are all sent, in order", async () => {
		const h = await inTea();
		await h.type("one\rtwo\rthree\r");
		expect(h.tea.pending.map(({ text }) => text)).toEqual(["one", "two", "three"]);
	});

	test("a paste of several lines is one message, sent by Enter and not before", async () => {
		const h = await inTea();
		await h.type("\x1b[200~first\rsecond\r/quit\r\x1b[201~");
		expect(h.tea.pending).toEqual([]);
		expect(
			h
				.rows()
				.slice(-4, -1)
				.map((row) => row.split("│")[1]),
		).toEqual(["> first", "  second", "  /quit"]);
		await h.type("\r");
		expect(h.tea.pending.map(({ text }) => text)).toEqual(["first\nsecond\n/quit"]);
	});

	test("two slashes say one; an unknown command says what was meant and sends nothing", async () => {
		const h = await inTea();
		await h.type("//join is a command\r");
		expect(h.tea.pending.map(({ text }) => text)).toEqual(["/join is a command"]);
		await h.type("/jion tea\r");
		expect(h.tea.pending).toHaveLength(1);
		expect(h.screen()).toContain("! there is no command /jion: did you mean /join?");
	});

	test("a text that no server takes stays in the composer, with why", async () => {
		const h = await inTea();
		await h.type(`${"x".repeat(9_000)}\r`);
		expect(h.screen()).toContain("! this is longer than the limit");
		expect(h.chat.model.ui.views.get("r-tea")?.editor.text).toHaveLength(9_000);
	});

	test("a failed line says what to do, and /retry and /discard do it", async () => {
		const h = await inTea();
		await h.type("one\r");
		const [delivery] = h.tea.pending;
		if (!delivery) throw new Error("nothing pending");
		h.tea.set(delivery, { state: "failed", error: refusal("forbidden") });
		await h.settle();
		expect(h.screen()).toContain("! not sent: you may not do this here. /retry");
		expect(h.rows().at(-1)).toMatch(/1 failed$/);
		expect(h.rows()[1]).toMatch(/› #tea +! *│/);
		await h.type("/retry\r");
		expect(delivery.status.state).toBe("waiting");
		await h.type("/discard\r");
		expect(h.screen()).toContain("nothing has failed here; /discard all");
		await h.type("/discard all\r");
		expect(h.tea.pending).toEqual([]);
		expect(h.screen()).toContain("1 line taken back");
	});

	test("in no room it says how to get into one, and keeps what was written", async () => {
		const h = await chat({ name: "ann" });
		await h.type("hello?\r");
		expect(h.screen()).toContain("! you are in no room: /join NAME");
		expect(h.screen()).toContain("> hello?");
	});

	test("Up brings one's own lines back, Down the draft", async () => {
		const h = await inTea();
		await h.type("one\rtwo\rdraft");
		await h.type("\x1b[A");
		expect(h.screen()).toContain("> two");
		await h.type("\x1b[A");
		expect(h.screen()).toContain("> one");
		await h.type("\x1b[B\x1b[B");
		expect(h.screen()).toContain("> draft");
	});

	test("writing is told to the others, commands are not", async () => {
		const h = await inTea();
		await h.type("/who");
		expect(h.tea.calls).not.toContain("typing");
		await h.type("\x15hey");
		expect(h.tea.calls).toContain("typing");
		h.tea.typing = [user("bob"), user("eve")];
		h.tea.changed();
		await h.settle();
		expect(h.screen()).toContain("── bob, eve are writing …");
	});
});

describe("rooms", () => {
	test("what comes elsewhere is counted until one goes there; then a mark stands before it", async () => {
		const h = await inTea();
		const work = h.client.add("work");
		work.arrive(message(1, "bob", "old"));
		work.markSeen();
		work.arrive(message(2, "bob", "one"), message(3, "eve", "two"));
		await h.settle();
		expect(h.rows()[2]).toMatch(/^ {2}#work +2 │/);
		await h.type("\x0e");
		expect(h.rows()[0]).toMatch(/│#work/);
		expect(work.seen).toBe(3);
		const at = h.rows().findIndex((row) => row.includes("─ new ─"));
		expect(h.rows()[at - 1]).toContain("old");
		expect(h.rows()[at + 1]).toContain("one");
		await h.type("\x10\x0e");
		expect(h.screen()).not.toContain("─ new ─");
	});

	test("Ctrl and Alt with N, P and arrows change the room, Alt with a digit and Alt+A go to one", async () => {
		const h = await inTea();
		h.client.add("apple");
		h.client.add("zoo").arrive(message(1, "bob", "x"));
		const title = () => h.rows()[0]?.split("│")[1];
		for (const [keys, name] of [
			["\x0e", "#zoo"],
			["\x1bn", "#apple"],
			["\x1b[1;5A", "#zoo"],
			["\x1b[1;3B", "#apple"],
			["\x1bp", "#zoo"],
			["\x1b2", "#tea"],
		] as const) {
			await h.type(keys);
			expect(title()).toBe(name);
		}
		roomOf(h, "zoo").arrive(message(2, "bob", "y"));
		await h.type("\x1ba");
		expect(title()).toBe("#zoo");
	});

	test("what is written in a room stays there while one looks elsewhere", async () => {
		const h = await inTea();
		h.client.add("work");
		await h.type("half a thou");
		await h.type("\x0e");
		expect(h.screen()).not.toContain("half a thou");
		await h.type("\x0e");
		expect(h.screen()).toContain("> half a thou");
	});

	test("/join takes an invitation by its room's name; a private room nobody else may see", async () => {
		const h = await inTea();
		h.client.invited("club", "bob");
		await h.settle();
		expect(h.screen()).toContain("bob invites you to #club: /join club accepts, /leave club");
		expect(h.rows().join("\n")).toContain("+ #club");
		await h.type("/join club\r");
		expect(h.client.calls.at(-1)).toBe("join r-club");
		await h.type("/join secret\r");
		expect(h.screen()).toContain("! there is no such room, or you may not see it");
	});

	test("/leave with the name of a room to which one is invited declines, and leaves no room", async () => {
		const h = await inTea();
		h.client.invited("club", "bob");
		await h.type("/leave club\r");
		expect(h.client.calls.at(-1)).toBe("decline r-club");
		expect(h.screen()).toContain("you have declined the invitation to #club");
		expect(h.rows().join("\n")).not.toContain("+ #club");
		expect([...h.client.rooms.keys()]).toEqual(["r-tea"]);
	});

	test("/msg opens a conversation and says the rest, word for word", async () => {
		const h = await inTea();
		await h.type("/msg bob two  spaces\r");
		expect(h.rows()[0]).toMatch(/│@bob/);
		expect(h.screen()).toMatch(/<ann> two {2}spaces …/);
	});

	test("a list that does not fit says how many more there are, and /more shows them", async () => {
		const h = await inTea();
		const name = (n: number) => `m${String(n).padStart(3, "0")}`;
		h.tea.further = Array.from({ length: 150 }, (_, n) => ({
			user: user(name(n)),
			standing: Room_Standing.MEMBER,
			online: undefined,
		}));
		for (const n of [98, 101]) h.tea.here.add(user(name(n)).id);
		await h.type("/who\r");
		expect(h.screen()).toContain("m098, m099 (away); 50 more: /more");
		await h.type("/more\r");
		expect(h.screen()).toContain("in #tea (150 members, 2 online): m100 (away), m101, m102");
		expect(h.screen()).toContain("m149 (away)");
		await h.type("/more\r");
		expect(h.screen()).toContain("there is no more");
		h.client.publicRooms = Array.from({ length: 120 }, (_, n) => create(RoomSchema, { name: name(n), kind: Room_Kind.PUBLIC }));
		await h.type("/rooms\r");
		expect(h.screen()).toContain("#m099");
		expect(h.screen()).not.toContain("#m100");
		await h.type("/more\r");
		expect(h.screen()).toContain("#m119");
	});

	test("/who, /invite, /rename, /create, /leave", async () => {
		const h = await inTea();
		h.tea.members.set("u-bob", { user: user("bob"), standing: Room_Standing.OWNER, online: false });
		h.tea.members.set("u-ann", { user: user("ann"), standing: Room_Standing.MEMBER, online: true });
		await h.type("/who\r");
		expect(h.screen()).toContain("- in #tea: bob (owner, away), ann");
		await h.type("/invite @eve\r");
		expect(h.tea.calls).toContain("invite eve");
		await h.type("/rename #coffee\r");
		expect(h.rows()[0]).toMatch(/│#coffee/);
		await h.type("/create --private den\r");
		expect(h.rows()[0]).toMatch(/│#den · private/);
		await h.type("/leave #coffee\r");
		expect([...h.client.rooms.keys()]).toEqual(["r-den"]);
		expect(h.screen()).toContain("you have left #coffee");
		h.client.add("attic");
		await h.type("/leave\r");
		expect(h.rows()[0]).toMatch(/│#attic/);
		expect(h.screen()).toContain("you have left #den");
		await h.type("/leave\r");
		expect(h.screen()).toContain("none yet");
	});

	test("a command without what it needs says how it is used", async () => {
		const h = await inTea();
		await h.type("/join\r/history x\r/help leev\r");
		expect(h.screen()).toContain("! like this: /join ROOM");
		expect(h.screen()).toContain("! like this: /history [N]");
		expect(h.screen()).toContain("- /leave [ROOM]: leave a room, or decline an invitation");
	});

	test("Tab completes commands, rooms and people", async () => {
		const h = await inTea();
		h.client.publicRooms = [create(RoomSchema, { name: "garden", kind: Room_Kind.PUBLIC })];
		await h.type("/rooms\r");
		await h.type("/jo\tga\t");
		expect(h.screen()).toContain("> /join #garden");
		await h.type("\x15bo\thi");
		expect(h.screen()).toContain("> bob: hi");
	});
});

describe("the past", () => {
	const past = (count: number) => Array.from({ length: count }, (_, at) => message(at + 1, "bob", `line ${at + 1}`));

	/** #tea with entries 1 to `count`, of which the newest twenty are there. */
	async function withPast(count: number) {
		const h = await chat({ name: "ann" });
		const tea = h.client.add("tea");
		const all = past(count);
		tea.from = count - 19;
		tea.timeline = all.slice(-20);
		tea.past = all.slice(0, -20);
		await h.type("/join #tea\r");
		return Object.assign(h, { tea });
	}

	test("scrolling to the top loads what came before, and goes on to the page that was asked for", async () => {
		const h = await withPast(200);
		await h.type("\x1b[5~");
		expect(h.tea.from).toBeLessThanOrEqual(131);
		for (let i = 0; i < 20; i++) await h.type("\x1b[5~");
		expect(h.tea.from).toBe(1);
		expect(h.screen()).toContain("line 1");
		await h.type("\x1b");
		expect(h.screen()).toContain("line 200");
	});

	test("PageUp pressed faster than the past is loaded is made up for", async () => {
		const h = await withPast(400);
		for (let i = 0; i < 12; i++) h.chat.key({ kind: "key", name: "pageup", ctrl: false, alt: false, shift: false });
		for (let i = 0; i < 8; i++) await h.settle();
		// Twelve pages of eighteen rows are above the newest twenty lines.
		expect(h.tea.from).toBeLessThan(400 - 12 * 18);
		expect(h.screen()).not.toContain("line 390");
		await h.type("\x1b");
		expect(h.screen()).toContain("line 400");
	});

	test("while one reads above, new lines do not move the window; they are counted", async () => {
		const h = await withPast(100);
		await h.type("\x1b[5~");
		const body = () =>
			h
				.rows()
				.slice(1, 20)
				.map((row) => row.split("│")[1]);
		const before = body();
		h.tea.arrive(message(101, "bob", "new one"), message(102, "bob", "new two"));
		await h.settle();
		expect(body()).toEqual(before);
		expect(h.screen()).toContain("↓ 2 new below · Esc goes there");
		expect(h.tea.seen).toBeLessThan(101);
		await h.type("\x1b[1;5F");
		expect(h.screen()).toContain("new two");
		expect(h.tea.seen).toBe(102);
	});

	test("a short timeline is filled by itself, and a failure is told once, not asked for ever", async () => {
		const h = await chat({ name: "ann" });
		const tea = h.client.add("tea");
		tea.from = 50;
		tea.timeline = [message(50, "bob", "last")];
		tea.loadOlder = (limit) => {
			tea.calls.push(`loadOlder ${limit}`);
			return Promise.reject(new DisconnectedError("the connection is gone"));
		};
		await h.type("/join #tea\r");
		for (let i = 0; i < 5; i++) await h.settle();
		expect(tea.calls.filter((call) => call.startsWith("loadOlder"))).toHaveLength(1);
		expect(h.screen()).toContain("! what came before could not be loaded: the connection is");
		await h.type("\x1b[5~");
		expect(tea.calls.filter((call) => call.startsWith("loadOlder"))).toHaveLength(2);
	});

	test("a range that was not sent is marked, and PageUp brings it", async () => {
		const h = await inTea();
		const all = past(500);
		h.tea.past = all.slice(0, 480);
		h.client.gate = new Promise(() => undefined);
		h.tea.skip({ from: 2, to: 480, reason: "far" }, all.slice(480));
		await h.settle();
		await h.type("\x1b[5~");
		expect(h.screen()).toContain("loading what came before");
	});

	test("/history loads as many as asked and says how many came", async () => {
		const h = await withPast(100);
		await h.type("/history 30\r");
		expect(h.screen()).toContain("- 30 lines loaded; PageUp shows them");
		await h.type("/history 500\r");
		expect(h.screen()).toContain("that is all there is");
	});

	test("a frame costs the rows that are seen, not the length of the timeline", async () => {
		const h = await chat({ name: "ann" });
		const tea = h.client.add("tea");
		tea.timeline = past(20_000);
		let read = 0;
		const watched = new Proxy(tea.timeline[10] as object, {
			get: (target, key) => {
				if (key === "body") read++;
				return Reflect.get(target, key);
			},
		});
		tea.timeline = tea.timeline.map((entry, at) => (at === 10 ? (watched as typeof entry) : entry));
		await h.type("/join #tea\r");
		tea.arrive(message(20_001, "bob", "more"));
		await h.settle();
		expect(h.screen()).toContain("more");
		expect(read).toBe(0);
	});
});

describe("the connection", () => {
	test("each state in words, and seconds that count down", async () => {
		const h = await inTea();
		const status = () => h.rows().at(-1);
		h.client.be({
			state: "waiting",
			attempt: 2,
			retryAtMs: NOON + 4_000 + h.clock.monotonic(),
			why: new TransportError("the server is not there"),
		});
		await h.settle();
		expect(status()).toMatch(/^ann ○ reconnecting in 4 s: the server is not there \(\/reconnect: now\)$/);
		await h.clock.advance(2_000);
		expect(status()).toMatch(/in 2 s/);
		h.client.be({ state: "connecting", attempt: 2, endpoint: "ws://chat.test:8080/ws" });
		await h.settle();
		expect(status()).toBe("ann ◌ connecting to chat.test:8080 (attempt 2)");
		const live = { state: "live", endpoint: "", sinceMs: 0 } as const;
		h.client.be({ ...live, suspect: true, behind: false });
		await h.settle();
		expect(status()).toContain("nothing was heard for a while");
		h.client.be({ ...live, suspect: false, behind: true });
		await h.settle();
		expect(status()).toContain("behind: the server waits");
		h.client.be({ state: "stopped", why: new TransportError("gave up") });
		await h.settle();
		expect(status()).toBe("ann ○ offline: gave up");
		await h.type("/reconnect\r");
		expect(h.client.calls).toContain("reconnect");
	});

	test("whoever cannot get in at all is told what to look at", async () => {
		const h = await chat();
		h.client.be({ state: "waiting", attempt: 1, retryAtMs: NOON + 1_000, why: new TransportError("code 1006") });
		await h.settle();
		expect(h.rows().at(-1)).toMatch(/^○ reconnecting in .* s: no answer; does the server run, is its address right\?/);
	});

	test("what is said offline waits, and the count says so", async () => {
		const h = await inTea();
		h.client.be({ state: "waiting", attempt: 1, retryAtMs: NOON, why: new TransportError("gone") });
		await h.type("one\rtwo\r");
		expect(h.rows().at(-1)).toMatch(/2 unsent$/);
	});

	test("refused for good: says why and asks who one is", async () => {
		const h = await inTea();
		h.client.be({ state: "stopped", why: refusal("token_expired") });
		await h.settle();
		expect(h.screen()).toContain("! this token has expired");
		expect(h.screen()).toContain("your name:");
	});

	test("Ctrl+C leaves; once more leaves at once", async () => {
		const h = await inTea();
		let left = 0;
		let atOnce = 0;
		void h.chat.left.then(() => left++);
		void h.chat.leftAtOnce.then(() => atOnce++);
		await h.type("\x03");
		expect([left, atOnce]).toEqual([1, 0]);
		expect(h.screen()).toContain("leaving …");
		await h.type("\x03");
		expect([left, atOnce]).toEqual([1, 1]);
	});

	test("a flood of entries costs at most thirty frames a second", async () => {
		const h = await inTea();
		const before = h.frames;
		for (let i = 0; i < 200; i++) {
			h.tea.arrive(message(2 + i, "bob", `m${i}`));
			await h.clock.advance(5);
		}
		expect(h.frames - before).toBeLessThanOrEqual(2 * 31);
		await h.settle();
		expect(h.screen()).toContain("m199");
	});
});
