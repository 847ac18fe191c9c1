// Line mode over real sockets with a real server.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { DownBody } from "@verbatim/protocol";
import { VirtualClock } from "@verbatim/testkit";
import { joinDraft } from "../../src/log/draft.ts";
import { RawSocket } from "./raw-socket.ts";
import { ScriptedHost } from "./scripted.ts";
import { metric, openServer, type TestServer } from "./support.ts";

const GREETING = "- Verbatim. Choose a name: /nick NAME, then /join ROOM. /help lists all.";

let server: TestServer;

beforeEach(async () => {
	server = await openServer({ timing: { lineModeAfterMs: 50 } });
});

afterEach(async () => {
	await server[Symbol.asyncDispose]();
	expect(server.faults).toEqual([]);
});

const connect = (): Promise<RawSocket> => RawSocket.open(server.tcpPort);

/** A guest of this name, in `room` if given. */
async function guest(name: string, room?: string): Promise<RawSocket> {
	const peer = await connect();
	peer.write(`/nick ${name}\n`);
	await peer.line(`- you are ${name}`);
	if (room !== undefined) await join(peer, room);
	return peer;
}

async function join(peer: RawSocket, room: string): Promise<void> {
	peer.write(`/join ${room}\n`);
	await peer.line(`- you are in #${room}`);
}

test("lines piped in at once are executed in order, their messages are shown, and then the connection closes", async () => {
	const reader = await guest("bob", "tea");
	const peer = await connect();
	peer.write("/nick ann\n/join tea\nhello\n");
	peer.finish();
	const said = await peer.toEnd();
	expect(said.split("\n")).toEqual([
		GREETING,
		"- you are ann",
		"* bob created #tea",
		"* ann joined #tea",
		"- you are in #tea, with 1 more",
		"#tea 3 <ann> hello",
		"",
	]);
	expect(await reader.line("<ann>")).toBe("#tea 3 <ann> hello");
});

test("real nc: piped lines are sent, and both sides see them", async () => {
	if (Bun.which("nc") === null) {
		process.stderr.write("SKIPPED for want of nc: install netcat-openbsd to test line mode with the real one\n");
		return;
	}
	const reader = await guest("bob", "tea");
	const nc = Bun.spawn(["sh", "-c", `printf '/nick ann\\n/join tea\\nhello\\n' | nc -q 1 127.0.0.1 ${server.tcpPort}`], {
		stdout: "pipe",
	});
	const said = await new Response(nc.stdout).text();
	expect(await nc.exited).toBe(0);
	expect(said).toContain("#tea 3 <ann> hello\n");
	expect(await reader.line("<ann>")).toBe("#tea 3 <ann> hello");
});

test("a connection that is idle for lineIdleMs is closed, an active one is not", async () => {
	const clock = new VirtualClock();
	const host = new ScriptedHost();
	await using scripted = await openServer({ backend: { host, clock }, timing: { lineIdleMs: 600_000 } });
	const peer = await RawSocket.open(scripted.tcpPort);
	const session = await (async () => {
		peer.write("/nick ann\n");
		return host.session();
	})();
	await session.heardTimes("received", 1);
	session.answer(1, { case: "welcome", value: { user: { id: "u", name: "ann" } } });
	await peer.line("- you are ann");
	await clock.advance(400_000);
	peer.write("/rooms\n");
	await session.heardTimes("received", 2);
	session.answer(2, { case: "roomList", value: {} });
	await clock.advance(599_000);
	expect(peer.ended).toBe(false);
	await clock.advance(1_000);
	expect(await peer.toEnd()).toEndWith("- nothing was said here for too long; connect again\n");
});

test("own messages that arrive after their acknowledgement are awaited, for a bounded time", async () => {
	for (const comes of [true, false]) {
		const clock = new VirtualClock();
		const host = new ScriptedHost();
		await using scripted = await openServer({ backend: { host, clock } });
		const peer = await RawSocket.open(scripted.tcpPort);
		peer.write("/nick ann\n/join tea\nhello\n");
		peer.finish();
		const session = await host.session();
		const answers: DownBody[] = [
			{ case: "welcome", value: { user: { id: "u", name: "ann" } } },
			{
				case: "joined",
				value: { room: { id: "r", kind: 1, name: "tea", epoch: 1, head: 1, members: 1 }, page: { room: "r", epoch: 1 } },
			},
			{ case: "sent", value: { room: "r", epoch: 1, seq: 2 } },
		];
		for (const [n, answer] of answers.entries()) {
			await session.heardTimes("received", n + 1);
			session.answer(n + 1, answer);
		}
		// Long enough for everything that does not wait for own messages.
		await clock.advance(900);
		expect([peer.ended, session.count("lost")]).toEqual([false, 0]);
		if (comes) {
			session.say({
				case: "entries",
				value: {
					room: "r",
					epoch: 1,
					entries: [{ seq: 2, sender: { name: "ann" }, body: { case: "message", value: { text: "hello" } } }],
				},
			});
			expect(await peer.toEnd()).toEndWith("#tea 2 <ann> hello\n");
		} else {
			await clock.advance(1_000);
			expect(await peer.toEnd()).toEndWith("- you are in #tea, alone\n");
		}
		expect(scripted.faults).toEqual([]);
	}
});

test("a log-in under another name takes over the cursors, and the old session ends when the new one is welcomed", async () => {
	const host = new ScriptedHost();
	await using scripted = await openServer({ backend: { host } });
	const peer = await RawSocket.open(scripted.tcpPort);
	peer.write("/nick ann\n/join tea\n/nick anna\n");
	const first = await host.session(0);
	await first.heardTimes("received", 1);
	first.answer(1, { case: "welcome", value: { user: { id: "u1", name: "ann" } } });
	await first.heardTimes("received", 2);
	first.answer(2, {
		case: "joined",
		value: { room: { id: "r", kind: 1, name: "tea", epoch: 7, head: 5 }, page: { room: "r", from: 6, to: 5 } },
	});
	const second = await host.session(1);
	const { up } = await second.heard("received");
	expect(up.command.value).toMatchObject({ credential: { value: { name: "anna" } }, cursors: [{ room: "r", epoch: 7, seq: 5 }] });
	expect(first.count("lost")).toBe(0);
	second.answer(1, { case: "welcome", value: { user: { id: "u2", name: "anna" } } });
	await first.heard("lost");
	await second.heardTimes("received", 2);
	// The new user is not a member: it joins by id, and is shown the entries in between.
	const entries = [6, 7].map((seq) => ({
		seq,
		sender: { name: "bob" },
		body: { case: "message" as const, value: { text: `${seq}` } },
	}));
	second.answer(2, {
		case: "joined",
		value: { room: { id: "r", kind: 1, name: "tea", epoch: 7, head: 7 }, page: { room: "r", epoch: 7, from: 6, to: 7, entries } },
	});
	expect(await peer.line("<bob>")).toBe("#tea 6 <bob> 6");
	expect(await peer.line("<bob>")).toBe("#tea 7 <bob> 7");
	peer.close();
});

test("a hundred piped lines are all sent, in order", async () => {
	const reader = await guest("bob", "tea");
	const peer = await connect();
	const lines = Array.from({ length: 100 }, (_, n) => `line ${n}`);
	peer.write(`/nick ann\n/join tea\n${lines.join("\n")}`);
	peer.finish();
	const said = await peer.toEnd();
	expect([...(said.match(/<ann> .*/g) ?? [])]).toEqual(lines.map((line) => `<ann> ${line}`));
	await reader.line("<ann> line 99");
});

test("a silent connection is greeted when line mode opens", async () => {
	const peer = await connect();
	expect(await peer.line("Verbatim")).toBe(GREETING);
	expect(metric(server.metrics, "verbatim_connections", "line")).toBe(1);
	peer.close();
});

test("a command sent one byte at a time is one command", async () => {
	const peer = await connect();
	for (const byte of "/nick ann\r\n/join tea\r\n") {
		peer.write(byte);
		await Bun.sleep(0);
	}
	await peer.line("- you are in #tea, alone");
});

test("before a log-in only /nick, /register, /login and /help work", async () => {
	const peer = await connect();
	for (const line of ["hello", "/join tea", "/rooms", "/history", "/who", "/leave", "/msg bob hi"]) {
		peer.write(`${line}\n`);
		expect(await peer.line("! ")).toBe("! unauthenticated choose a name first: /nick NAME");
	}
	peer.write("/help\n");
	await peer.line("- /nick NAME");
});

test("errors are a code and a message, and the connection stays open", async () => {
	const peer = await guest("ann");
	const cases: Array<[string | Uint8Array, string]> = [
		["hello\n", "! invalid join a room first: /join ROOM"],
		["/dance\n", "! unknown_command there is no /dance; /help lists all, and a line that begins with // is said with one /"],
		["/nick\n", "! invalid write /nick NAME"],
		["/history 0\n", "! invalid /history takes a number from 1 to 200"],
		[new Uint8Array([0x68, 0xff, 0xff, 0xfe, 0x0a]), "! bad_utf8 a line must be UTF-8; this one was dropped"],
		[`${"x".repeat(20_000)}\n`, "! too_large a line has at most 9216 bytes; this one was dropped"],
		[`${"x".repeat(9_000)}\n`, "! invalid join a room first: /join ROOM"],
		["/msg nobody hi\n", "! no_such_user there is no such user"],
	];
	for (const [line, answer] of cases) {
		peer.write(line);
		expect(await peer.line("! ")).toBe(answer);
	}
	await join(peer, "tea");
	peer.write(`${"x".repeat(9_000)}\n`);
	expect(await peer.line("! ")).toStartWith("! too_large");
	peer.write("still here\n");
	await peer.line("<ann> still here");
});

test("a line that is too long is dropped as a whole, and the next one is executed", async () => {
	const peer = await guest("ann", "tea");
	peer.write("x".repeat(30_000));
	await peer.line("! too_large");
	peer.write(`${"x".repeat(30_000)}\nnext\n`);
	expect(await peer.line("<ann>")).toEndWith("<ann> next");
	expect(peer.text().match(/too_large/g)).toHaveLength(1);
});

test("a client that joins gets the newest twenty entries, then live ones", async () => {
	const ann = await guest("ann", "tea");
	for (let n = 1; n <= 30; n++) ann.write(`old ${n}\n`);
	await ann.line("old 30");
	const bob = await guest("bob", "tea");
	const shown = [...(bob.text().match(/^#tea .*/gm) ?? [])];
	// One of the twenty is bob's own join.
	expect(shown).toEqual(Array.from({ length: 19 }, (_, n) => `#tea ${n + 13} <ann> old ${n + 12}`));
	ann.write("new\n");
	expect(await bob.line("<ann>")).toBe("#tea 33 <ann> new");
});

test("/history shows the newest entries again, without duplicates or gaps in the stream", async () => {
	const ann = await guest("ann", "tea");
	ann.write("one\ntwo\n/history 1\nthree\n");
	await ann.line("<ann> two");
	expect(await ann.line("<ann>")).toBe("#tea 3 <ann> two");
	expect(await ann.line("<ann>")).toBe("#tea 4 <ann> three");
});

test("/msg opens a conversation, in which each sees the other's name", async () => {
	const ann = await guest("ann", "tea");
	const bob = await guest("bob");
	ann.write("/msg bob hi there, bob\n");
	expect(await bob.line("<ann>")).toBe("@ann 2 <ann> hi there, bob");
	expect(await ann.line("<ann>")).toBe("@bob 2 <ann> hi there, bob");
	bob.write("/join @ann\n");
	await bob.line("- you are in @ann");
	bob.write("hello\n");
	expect(await ann.line("<bob>")).toBe("@bob 3 <bob> hello");
	expect(await bob.line("<bob>")).toBe("@ann 3 <bob> hello");
});

test("/rooms, /who and /leave answer as documented", async () => {
	const ann = await guest("ann", "tea");
	const bob = await guest("bob", "tea");
	bob.write("/rooms\n");
	expect(await bob.line("- #tea,")).toBe("- #tea, 2 members, you are in it");
	bob.write("/who\n");
	expect(await bob.line("- #tea:")).toMatch(/^- #tea: (ann \(owner\), bob|bob, ann \(owner\))$/);
	bob.write("/leave\n");
	expect(await bob.line("no longer")).toBe("- you are no longer in #tea");
	expect(await ann.line("left")).toBe("* bob left #tea");
	bob.write("anybody?\n");
	expect(await bob.line("! ")).toBe("! invalid join a room first: /join ROOM");
	bob.write("/rooms\n");
	expect(await bob.line("- #tea,")).toBe("- #tea, 1 member");
	bob.write("/quit\n");
	expect(await bob.toEnd()).toEndWith("- good-bye\n");
});

test("/leave declines an invitation and says so; for a member's room it leaves", async () => {
	const call = async (path: string, body: object, token?: string) => {
		const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
		const response = await fetch(`${server.http}/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
		expect(response.status).toBe(200);
		return (await response.json()) as { data: { tokens: { access: string } } };
	};
	const { data } = await call("/guest", { name: "ann" });
	await call("/rooms", { name: "attic", private: true }, data.tokens.access);
	const bob = await guest("bob");
	await call(`/rooms/${encodeURIComponent("#attic")}/invite`, { user: "bob" }, data.tokens.access);
	await bob.line("- ann invites you");
	bob.write("/leave attic\n");
	expect(await bob.line("declined")).toBe("- you declined the invitation to #attic");
	bob.write("/join tea\n/leave TEA\n/leave tea\n/quit\n");
	const said = await bob.toEnd();
	expect(said).toEndWith("- you are no longer in #tea\n- you are not in #tea\n- good-bye\n");
});

test("a line that begins with two slashes is sent with one", async () => {
	const ann = await guest("ann", "tea");
	ann.write("//etc/passwd\n");
	expect(await ann.line("<ann>")).toEndWith("<ann> /etc/passwd");
});

test("a list longer than a page says how many more there are, and /more shows them", async () => {
	const bob = await guest("bob", "tea");
	bob.write("/more\n");
	expect(await bob.line("! invalid")).toContain("there is no more");
	for (let n = 0; n < 120; n++) {
		const room = (await server.store.roomBySkeleton("tea"))?.id ?? "";
		const sender = { id: `u-${String(n).padStart(3, "0")}`, name: `member${n}` };
		const { ok } = await server.store.append(joinDraft({ room, sender, atMs: 1 }));
		expect(ok).toBe(true);
	}
	bob.write("/who\n");
	expect(await bob.line("- #tea: 121 members")).toBe("- #tea: 121 members, 1 online");
	expect(await bob.line("more: /more")).toBe("- #tea: 21 more: /more");
	bob.write("/more\n");
	await bob.line("member119");
	bob.write("/more\n");
	await bob.line("there is no more");
});

test("another name takes over the rooms without a gap, and releases the old name", async () => {
	const ann = await guest("ann", "tea");
	const bob = await guest("bob", "tea");
	ann.write("/nick anna\n");
	await ann.line("- you are in #tea");
	ann.write("it is me\n");
	expect(await bob.line("<anna>")).toEndWith("<anna> it is me");
	expect(await ann.line("<anna>")).toEndWith("<anna> it is me");
	const seqs = [...ann.text().matchAll(/^(?:#tea (\d+)|\* )/gm)].map((match) => match[1]);
	expect(seqs.filter((seq) => seq !== undefined)).toHaveLength(1);
	const heir = await connect();
	heir.write("/nick ann\n");
	// The name is released when the old guest has left its rooms.
	for (;;) {
		const answer = await heir.line(/- you are ann|! name_taken/);
		if (answer === "- you are ann") break;
		await Bun.sleep(20);
		heir.write("/nick ann\n");
	}
});

test("a name that is taken is refused, and the old session continues", async () => {
	await guest("bob");
	const ann = await guest("ann", "tea");
	ann.write("/nick bob\n");
	expect(await ann.line("! ")).toStartWith("! name_taken ");
	ann.write("still ann\n");
	expect(await ann.line("<ann>")).toEndWith("<ann> still ann");
});

test("a registered name comes back to its rooms with its password", async () => {
	const first = await connect();
	first.write("/register ann correct horse battery\n");
	await first.line("- you are ann");
	await join(first, "tea");
	first.write("/quit\n");
	await first.toEnd();
	const again = await connect();
	again.write("/login ann wrong horse battery\n");
	expect(await again.line("! ")).toStartWith("! credentials_wrong ");
	again.write("/login ann correct horse battery\n");
	expect(await again.line("your rooms")).toBe("- your rooms: #tea");
	const bob = await guest("bob", "tea");
	bob.write("hello ann\n");
	expect(await again.line("<bob>")).toEndWith("<bob> hello ann");
});

test("control characters never reach a terminal", async () => {
	const ann = await guest("ann", "tea");
	const bob = await guest("bob", "tea");
	const nasty = "\u001b[2J\u001b]0;title\u0007 \u009b31m \u202etxt.exe \u2028 \u2066x\u2069 \t \ufeff";
	ann.write(`${nasty}\n`);
	const seen = await bob.line("<ann>");
	expect(seen).toEndWith("<ann> \\u001b[2J\\u001b]0;title\\u0007 \\u009b31m \\u202etxt.exe \\u2028 \\u2066x\\u2069 \\t \\ufeff");
	for (const byte of bob.bytes()) expect(byte === 10 || byte >= 32).toBe(true);
	ann.write("/join \u001b[31m\n");
	expect(await ann.line("! ")).not.toContain("\u001b");
});

test("telnet's negotiation is ignored", async () => {
	const peer = await connect();
	peer.write(new Uint8Array([0xff, 0xfb, 0x1f, 0xff, 0xfa, 0x1f, 0, 80, 0, 24, 0xff, 0xf0, 0xff, 0xfd, 0x03]));
	expect(await peer.line("Verbatim")).toBe(GREETING);
	peer.write("/ni");
	peer.write(new Uint8Array([0xff, 0xf1]));
	peer.write("ck ann\r\0");
	await peer.line("- you are ann");
});

test("a browser's HTTP request is refused, and none of its lines is executed", async () => {
	const witness = await guest("bob", "tea");
	const browser = await connect();
	browser.write("POST /x HTTP/1.1\r\nHost: localhost\r\n\r\n/nick evil\n/join tea\nspam\n");
	expect(await browser.toEnd()).toStartWith("HTTP/1.1 400 Bad Request\r\n");
	// Also if it connects first and sends later.
	const patient = await connect();
	await patient.line("Verbatim");
	patient.write("GET / HTTP/1.1\r\n\r\n/nick evil\n/join tea\nspam\n");
	await patient.toEnd();
	witness.write("done\n");
	await witness.line("<bob> done");
	expect(witness.text()).not.toContain("evil");
});

test("a client that pauses reading gets every entry once", async () => {
	const slow = await guest("slow", "tea");
	slow.socket.pause();
	const ann = await guest("ann", "tea");
	const text = "x".repeat(8_000);
	const count = 2_000;
	for (let n = 0; n < count; n += 50) {
		ann.write(Array.from({ length: 50 }, (_, i) => `${n + i} ${text}\n`).join(""));
		await ann.line(`> ${n + 49} x`);
	}
	expect(metric(server.metrics, "verbatim_catch_ups_total")).toBeGreaterThan(0);
	slow.socket.resume();
	ann.write("the end\n");
	await slow.line("the end");
	const seqs = [...slow.text().matchAll(/^#tea (\d+) <ann> /gm)].map((match) => Number(match[1]));
	const skipped = [...slow.text().matchAll(/^- #tea: (\d+) to (\d+) are not shown here$/gm)];
	const gaps = new Map(skipped.map((match) => [Number(match[1]), Number(match[2])]));
	let expected = seqs[0] ?? 0;
	for (const seq of seqs) {
		expected = (gaps.get(expected) ?? expected - 1) + 1;
		expect(seq).toBe(expected);
		expected++;
	}
}, 30_000);

test("when the server stops, connections without a log-in are closed and sessions are told", async () => {
	const nameless = await connect();
	await nameless.line("Verbatim");
	const ann = await guest("ann", "tea");
	server.listeners.stopListening();
	expect(await nameless.toEnd()).toEndWith("- the server is about to stop; connect again\n");
	await server.drain();
	expect(await ann.toEnd()).toMatch(/- .*stop.*; connect again\n$/);
});

test("when the connection breaks, the guest's name is released", async () => {
	const bob = await guest("bob", "tea");
	const ann = await guest("ann", "tea");
	ann.close();
	expect(await bob.line("left")).toBe("* ann left #tea");
	expect(metric(server.metrics, "verbatim_connections", "line")).toBe(1);
});
