// A server with two worker threads is one server.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Cursor, type Down, type Hello, Room_Kind } from "@verbatim/protocol";
import { connectAdmin } from "@verbatim/server";
import { ROOMY } from "../../src/e2e/flags.ts";
import { RawPeer } from "../../src/e2e/raw-peer.ts";
import { messagesOf, type Seat, seqsOf, TwoWorkers } from "../../src/e2e/two-workers.ts";
import { eventually } from "../../src/e2e/waiting.ts";
import { WirePeer } from "../../src/e2e/wire-peer.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const FLAGS = [...ROOMY, "--workers=2", "--timing.offlineGraceMs=300"];
const TEST_MS = 60_000;

let server: ServerProcess;
let two: TwoWorkers;

async function start(flags: readonly string[] = FLAGS, command?: readonly string[]): Promise<void> {
	server = await ServerProcess.prepare({ flags, ...(command && { command }) });
	two = new TwoWorkers(server);
	await server.start();
}

afterEach(async () => {
	two.close();
	await server.remove();
}, TEST_MS);

async function joinRoom({ peer }: Seat, room: string): Promise<{ readonly id: string; readonly cursor: Cursor }> {
	const body = await peer.ask({ case: "join", value: { room, create: true, history: 50 } } as never);
	if (body.case !== "joined" || body.value.room === undefined) throw new Error(`not joined: ${JSON.stringify(body)}`);
	const { id, epoch, head } = body.value.room;
	return { id, cursor: { room: id, epoch, seq: head } as Cursor };
}

async function say({ peer }: Seat, room: string, text: string): Promise<number> {
	const body = await peer.ask({ case: "send", value: { room, cid: text, text } } as never);
	if (body.case !== "sent") throw new Error(`not sent: ${JSON.stringify(body)}`);
	return body.value.seq;
}

const is =
	<C extends NonNullable<Down["body"]["case"]>>(
		name: C,
		fits: (value: Extract<Down["body"], { case: C }>["value"]) => boolean = () => true,
	) =>
	({ body }: Down): boolean =>
		body.case === name && fits(body.value as never);

describe("two workers", () => {
	beforeEach(() => start(), TEST_MS);

	test("messages of both reach the clients of both, once and in one order, and acknowledgements tell their place", async () => {
		const [ann, bob] = [await two.guest(0, "ann"), await two.guest(1, "bob", [], "ws/json")];
		const { id } = await joinRoom(ann, "#tea");
		await joinRoom(bob, "#tea");
		const sends = [ann, bob].flatMap((seat, who) =>
			Array.from({ length: 200 }, async (_, i) => `${await say(seat, id, `${who} ${i}`)} ${who} ${i}`),
		);
		const acknowledged = await Promise.all(sends);
		const inOrder = acknowledged.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
		for (const { peer } of [ann, bob]) {
			await peer.until(() => messagesOf(peer.downs, id).length >= 400, "all messages");
			expect(messagesOf(peer.downs, id)).toEqual(inOrder);
			const seqs = seqsOf(peer.downs, id);
			expect(seqs).toEqual(Array.from(seqs, (_, i) => (seqs[0] ?? 0) + i));
		}
	});

	test(
		"who joins, leaves, is invited, types, comes and goes at one worker shows at the other",
		async () => {
			const [ann, bob] = [await two.guest(0, "ann"), await two.guest(1, "bob")];
			const { id } = await joinRoom(ann, "#tea");
			await joinRoom(bob, "#tea");
			await ann.peer.until(
				({ body }) => body.case === "entries" && body.value.entries.some((each) => each.body.case === "joined"),
				"bob's join",
			);
			await ann.peer.until(
				is("presence", ({ user, online }) => user?.name === "bob" && online),
				"bob's presence",
			);
			await bob.peer.ask({ case: "typing", value: { room: id } } as never);
			await ann.peer.until(
				is("typist", ({ user }) => user?.name === "bob"),
				"bob's typing",
			);
			const who = await ann.peer.ask({ case: "who", value: { room: id } } as never);
			expect(who).toMatchObject({ case: "memberList", value: { members: [{ online: true }, { online: true }] } });

			const den = await ann.peer.ask({ case: "create", value: { name: "den", kind: Room_Kind.PRIVATE } } as never);
			const denId = den.case === "joined" ? (den.value.room?.id ?? "") : "";
			await ann.peer.ask({ case: "invite", value: { room: denId, user: "bob" } } as never);
			await bob.peer.until(
				is("invited", ({ room }) => room?.id === denId),
				"the invitation",
			);
			await joinRoom(bob, denId);
			await say(ann, denId, "in private");
			await bob.peer.until(({ body }) => messagesOf([{ body } as Down], denId).length > 0, "the private message");

			// Another session of bob's, at the other worker, is told of what the first does.
			const bob2 = await two.guest(0, "bob");
			await bob.peer.ask({ case: "leave", value: { room: denId } } as never);
			await bob2.peer.until(
				is("roomRemoved", ({ room }) => room === denId),
				"that bob has left",
			);

			// In a room as large as to have no presence, those asked after: of the other worker's users the members.
			const cat = await two.guest(1, "cat");
			const users = [bob, cat].map(({ welcome }) => welcome.user);
			const here = await ann.peer.ask({ case: "who", value: { room: id, users } } as never);
			expect(here).toMatchObject({ case: "memberList", value: { here: [{ name: "bob" }] } });
			cat.peer.close();

			// Gone at one worker only: nobody hears of it. Gone at both: told after the grace.
			bob.peer.close();
			await eventually(
				async () => ((await sessions()) === 2 ? true : undefined),
				() => "the end of a session",
			);
			const offline = is("presence", ({ user, online }) => user?.name === "bob" && !online);
			await Bun.sleep(400);
			expect(ann.peer.downs.some(offline)).toBe(false);
			bob2.peer.close();
			await ann.peer.until(offline, "that bob is gone");
		},
		TEST_MS,
	);

	test("a client goes on at the other worker where it was at the first, whatever came between", async () => {
		const [ann, bob] = [await two.guest(0, "ann"), await two.guest(1, "bob")];
		await joinRoom(ann, "#tea");
		const { id, cursor } = await joinRoom(bob, "#tea");
		bob.peer.close();
		for (let i = 0; i < 30; i++) await say(ann, id, `while away ${i}`);
		const again = await two.guest(0, "bob", [cursor]);
		const last = await say(ann, id, "back");
		await again.peer.until(() => seqsOf(again.peer.downs, id).includes(last), "the last message");
		expect(seqsOf(again.peer.downs, id)).toEqual(Array.from({ length: last - cursor.seq }, (_, i) => cursor.seq + 1 + i));
	});

	test(
		"who is signed out is out at both; failures of log-ins count over both",
		async () => {
			const password = "a password, long enough";
			const register = { case: "register", value: { name: "cat", password } } as Hello["credential"];
			const login = { case: "login", value: { name: "cat", password } } as Hello["credential"];
			const first = await WirePeer.open(server, "tcp/proto");
			await first.ask({ case: "hello", value: { credential: register, client: "test" } } as never);
			const seats = [await two.at(0, login), await two.at(1, login)];
			const admin = await connectAdmin(server.data);
			await admin?.end("cat");
			for (const { peer } of seats) expect((await peer.end()).close?.reason).toBeString();
			expect((await first.end()).close).toBeDefined();

			const codes = await Promise.all(
				Array.from({ length: 30 }, async () => {
					const peer = await WirePeer.open(server, "tcp/proto");
					const credential = { case: "login", value: { name: "cat", password: "wrong, wrong, wrong" } } as Hello["credential"];
					const body = await peer.ask({ case: "hello", value: { credential, client: "test" } } as never);
					peer.close();
					return body.case === "failure" ? body.value.code : body.case;
				}),
			);
			const wrong = codes.filter((code) => code === "credentials_wrong").length;
			expect(wrong).toBeGreaterThan(0);
			expect(wrong).toBeLessThanOrEqual(ONE_WORKERS_FAILURES);
		},
		TEST_MS,
	);

	test(
		"metrics are those of both; the page is given by both; a scrape shows each thread's lag",
		async () => {
			const seats = [await two.guest(0, "ann"), await two.guest(1, "bob"), await two.guest(1, "cat")];
			const { id } = await joinRoom(seats[0] as Seat, "#tea");
			for (const seat of seats) await joinRoom(seat, "#tea");
			await say(seats[1] as Seat, id, "hello");
			await eventually(
				async () => ((await sessions()) === 3 ? true : undefined),
				() => "three sessions",
			);
			const text = await metrics();
			expect(text).toContain('verbatim_sends_total{outcome="committed"} 1\n');
			expect(text).toMatch(/verbatim_thread_lag_seconds\{thread="0"\} [\d.e-]+\n.*\{thread="1"\} [\d.e-]+\n.*\{thread="2"\}/);
			expect(text.match(/^verbatim_batch_drafts_count \d+$/m)).not.toBeNull();
			const pages = await Promise.all(
				Array.from({ length: 20 }, async () => (await fetch(`${server.http}/`, { headers: { connection: "close" } })).text()),
			);
			expect(new Set(pages).size).toBe(1);
			expect(pages[0]).toContain("<html");
		},
		TEST_MS,
	);

	test(
		"a stop ends the sessions of both, each with a time to come back, and loses nothing acknowledged",
		async () => {
			const seats = [await two.guest(0, "ann"), await two.guest(1, "bob")] as const;
			const { id } = await joinRoom(seats[0], "#tea");
			await joinRoom(seats[1], "#tea");
			const sends = seats.map((seat, who) => say(seat, id, `just in time ${who}`));
			const stopped = server.stop();
			expect((await Promise.all(sends)).toSorted()).toHaveLength(2);
			for (const { peer } of seats) {
				expect((await peer.end()).close?.code).toBe(4001);
				peer.close();
			}
			expect(await stopped).toBe(0);
			await server.start();
			two = new TwoWorkers(server);
			const ann = await two.guest(0, "ann");
			const body = await ann.peer.ask({ case: "history", value: { room: id, limit: 10 } } as never);
			const texts =
				body.case === "page" ? body.value.entries.map((each) => (each.body.case === "message" ? each.body.value.text : "")) : [];
			expect(texts.filter((text) => text.startsWith("just")).toSorted()).toEqual(["just in time 0", "just in time 1"]);
		},
		TEST_MS,
	);

	test(
		"a second server with workers on the same ports is refused as one without is",
		async () => {
			for (const workers of ["1", "2"]) {
				const other = Bun.spawnSync([
					process.execPath,
					join(import.meta.dir, "../../../cli/src/main.ts"),
					"serve",
					`--workers=${workers}`,
					"--store=memory",
					"--tcp=off",
					"--ops=off",
					`--http=127.0.0.1:${server.httpPort}`,
				]);
				expect(other.stderr.toString()).toContain(`the address 127.0.0.1:${server.httpPort} is in use`);
			}
		},
		TEST_MS,
	);
});

/** What one worker alone would let through of wrong passwords of one account in a moment; each worker on its own would let through twice as many. */
const ONE_WORKERS_FAILURES = 10;

test(
	"an error that nobody caught in a worker ends the process, with a line that says so, after a goodbye",
	async () => {
		const fuse = join(process.env.TMPDIR ?? "/tmp", `worker-bomb-${process.pid}`);
		const main = join(import.meta.dir, "../../../cli/src/main.ts");
		const preload = join(import.meta.dir, "../../src/e2e/worker-bomb-preload.ts");
		await start(FLAGS, ["env", `TEST_WORKER_BOMB=${fuse}`, process.execPath, "--preload", preload, main, "serve"]);
		const seats = [await two.guest(0, "ann"), await two.guest(1, "bob")];
		await Bun.write(fuse, "");
		for (const { peer } of seats) {
			expect((await peer.end()).close?.code).toBe(4001);
			peer.close();
		}
		await eventually(
			() =>
				metrics().then(
					() => undefined,
					() => true,
				),
			() => server.printed,
		);
		expect(await server.stop()).toBe(70);
		expect(server.printed).toMatch(/worker \d has met an error that nobody caught: a bug in a worker/);
	},
	TEST_MS,
);

test(
	"a port that the system has chosen is shared by both workers, and a Unix socket is the first one's",
	async () => {
		await start([...FLAGS, "--log.level=info", "--tcp=127.0.0.1:0", `--http=unix:/tmp/verbatim-workers-${process.pid}.sock`]);
		const port = Number(/nc 127\.0\.0\.1 (\d+)/.exec(server.printed)?.[1]);
		for (let met = new Set<string>(), i = 0; met.size < 2; i++) {
			const peer = await RawPeer.open(port);
			peer.write(`/nick p${i}\n`);
			await peer.line(/^- you are p/);
			peer.close();
			met = new Set([...server.printed.matchAll(/"worker":\d/g)].map(String));
			expect(i).toBeLessThan(64);
		}
		const page = await fetch("http://localhost/", { unix: `/tmp/verbatim-workers-${process.pid}.sock` });
		expect(page.status).toBe(200);
	},
	TEST_MS,
);

async function metrics(): Promise<string> {
	return (await fetch(`${server.ops}/metrics`)).text();
}

async function sessions(): Promise<number> {
	return Number(/^verbatim_sessions (\d+)$/m.exec(await metrics())?.[1]);
}
