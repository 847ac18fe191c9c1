// The SDK against the real server: over WebSocket and TCP, and killed in the middle.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom, ServerProcess } from "@verbatim/testkit";
import {
	type Client,
	type ConnectOptions,
	connect,
	fileMarks,
	fileOutbox,
	fileTokens,
	memoryTokens,
	type Room,
} from "../src/node.ts";

let server: ServerProcess;
let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "verbatim-sdk-"));
	// Many log-ins from one address, and more sends than a person makes.
	server = await ServerProcess.prepare({ flags: ["--limits.sendsPerSecond", "2000", "--limits.sendsBurst", "4000"] });
	await server.start();
}, 30_000);
afterAll(async () => {
	await server.remove();
	await rm(folder, { recursive: true, force: true });
});

const texts = (room: Room): string[] => room.timeline.flatMap(({ body }) => (body.case === "message" ? [body.value.text] : []));

/** Resolves when `holds` does, looked at whenever the room changes. */
function until(room: Room, holds: () => boolean): Promise<void> {
	return new Promise((resolve) => {
		const look = (): void => {
			if (!holds()) return;
			off();
			resolve();
		};
		const off = room.on("changed", look);
		look();
	});
}

/** A proxy that flips a bit every few thousand bytes, both ways, after the prefaces. */
async function noisyLine(port: number): Promise<{ readonly port: number; readonly flips: number; stop(): Promise<void> }> {
	const random = new SeededRandom(11);
	let flips = 0;
	const flipInto = (to: Socket) => {
		// Not in the prefaces and the first hello.
		let quietBytes = 3_000;
		return (chunk: Buffer): void => {
			quietBytes -= chunk.length;
			if (quietBytes < 0) {
				const at = random.below(chunk.length);
				chunk[at] = (chunk[at] ?? 0) ^ (1 << random.below(8));
				quietBytes = 3_000 + random.below(6_000);
				flips++;
			}
			to.write(chunk);
		};
	};
	const proxy = createServer((near) => {
		const far = connectTcp(port, "127.0.0.1");
		near.on("data", flipInto(far));
		far.on("data", flipInto(near));
		for (const [from, to] of [
			[near, far],
			[far, near],
		] as const) {
			from.on("close", () => to.destroy());
			from.on("error", () => {});
		}
	});
	await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
	const address = proxy.address();
	return {
		port: typeof address === "object" && address !== null ? address.port : 0,
		get flips() {
			return flips;
		},
		stop: () => new Promise((resolve) => void proxy.close(() => resolve())),
	};
}

function open(name: string, options: Partial<ConnectOptions> = {}): Client {
	return connect({ endpoints: server.webSocket, credential: { guest: name }, ...options });
}

describe("against the real server", () => {
	test("three clients, over WebSocket with both codecs and over TCP, see one room alike through kill -9", async () => {
		const clients = [
			open("ann", { timing: { reconnectMinMs: 50, reconnectMaxMs: 200 } }),
			open("bob", { codec: "json", timing: { reconnectMinMs: 50, reconnectMaxMs: 200 } }),
			open("cyd", { endpoints: server.tcp, timing: { reconnectMinMs: 50, reconnectMaxMs: 200 } }),
		];
		const rooms: Room[] = [];
		for (const client of clients) rooms.push(await client.join("#storm", { create: true }));
		const perClient = 60;
		const acknowledged: Array<Promise<{ readonly seq: number }>> = [];
		const say = (from: number, to: number): void => {
			for (let i = from; i < to; i++) rooms.forEach((room, who) => void acknowledged.push(room.send(`${who}:${i}`).done));
		};
		say(0, 20);
		await Promise.race(acknowledged);
		say(20, 40);
		await server.stop("SIGKILL");
		say(40, perClient);
		await server.start();
		const sent = await Promise.all(acknowledged);
		const total = rooms.length * perClient;
		expect(new Set(sent.map(({ seq }) => seq)).size).toBe(total);
		const last = Math.max(...sent.map(({ seq }) => seq));
		for (const room of rooms) await until(room, () => room.to >= last);
		const [first] = rooms;
		for (const room of rooms) {
			const said = texts(room);
			expect(said.length).toBe(total);
			expect(new Set(said).size).toBe(total);
			for (let who = 0; who < rooms.length; who++) {
				expect(said.filter((text) => text.startsWith(`${who}:`))).toEqual(
					Array.from({ length: perClient }, (_, i) => `${who}:${i}`),
				);
			}
			expect(room.timeline.map(({ seq }) => seq)).toEqual(room.timeline.map((_, i) => room.from + i));
			expect(said).toEqual(texts(first as Room));
		}
		for (const client of clients) await client.close();
	}, 60_000);

	test("who was away resumes where it was; who was away for long is told what was left out, and can read it", async () => {
		const ann = open("dora");
		const bob = open("emil", { endpoints: server.tcp, timing: { reconnectMinMs: 50 } });
		const [hers, his] = [await ann.join("#away", { create: true }), await bob.join("#away")];
		for (let i = 0; i < 1_300; i++) hers.send(`m${i}`);
		await hers.send("end").done;
		await until(his, () => texts(his).at(-1) === "end");
		const all: number[] = [];
		for await (const { seq } of his.entries({ after: 0 })) {
			all.push(seq);
			if (seq === his.head) break;
		}
		expect(all).toEqual(Array.from({ length: his.head }, (_, i) => i + 1));
		await ann.close();
		await bob.close();
	}, 60_000);

	test("a reload keeps identity, unsent words and unread marks", async () => {
		const kept = () => ({
			outbox: fileOutbox(join(folder, "outbox")),
			tokens: fileTokens(join(folder, "identity.json")),
			marks: fileMarks(join(folder, "marks")),
		});
		const peer = open("gil");
		const theirs = await peer.join("#reload", { create: true });
		const before = open("fay", kept());
		const room = await before.join("#reload");
		room.markSeen();
		const { id } = await before.ready();
		await server.stop("SIGTERM");
		const unsent = room.send("said while nobody listened");
		expect(unsent.status.state).toBe("waiting");
		// Kept before it is tried: the folder has it however soon the process dies.
		await until(room, () => room.pending.length === 1);
		await before.close();
		await server.start();
		await peer.ready({ timeoutMs: 60_000 });
		await theirs.send("hello?", { timeoutMs: 60_000 }).done;

		const { credential: _, ...anonymous } = { credential: undefined, endpoints: server.webSocket, ...kept() };
		const after = connect(anonymous);
		expect((await after.ready()).id).toBe(id);
		await until(theirs, () => texts(theirs).includes("said while nobody listened"));
		const again = [...after.rooms.values()].find(({ title }) => title === "#reload") as Room;
		await until(again, () => again.unread === 1 && again.pending.length === 0);
		await after.close();
		await peer.close();
	}, 60_000);

	test("a conversation of two begins by name, with an invitation-free room for both", async () => {
		const [ann, bob] = [open("hal"), open("ida", { endpoints: server.tcp })];
		await bob.ready();
		const hers = await ann.direct("ida");
		await hers.send("psst").done;
		const his =
			[...bob.rooms.values()].find(({ title }) => title === "@hal") ??
			(await new Promise<Room>((resolve) => bob.on("roomAdded", resolve)));
		await until(his, () => texts(his).includes("psst"));
		expect([hers.title, his.title, his.unread]).toEqual(["@ida", "@hal", 1]);
		expect((await his.who()).map(({ user }) => user.name).sort()).toEqual(["hal", "ida"]);
		await ann.close();
		await bob.close();
	}, 30_000);

	test("whether there is a user of a name is told without beginning a conversation", async () => {
		const eve = connect({ endpoints: server.http, credential: { guest: "eve" } });
		const una = connect({ endpoints: server.http, credential: { guest: "una" } });
		await Promise.all([eve.ready(), una.ready()]);
		expect(await eve.hasUser("una")).toBe(true);
		expect(await eve.hasUser("@nobody-here")).toBe(false);
		expect(await eve.hasUser("no name")).toBe(false);
		expect([eve.rooms.size, una.rooms.size]).toEqual([0, 0]);
		await eve.direct("una");
		expect(await eve.hasUser("una")).toBe(true);
		await Promise.all([eve.close(), una.close()]);
	});

	test("an invitation that is declined is gone from each of one's clients and from the room's members; one may be invited again", async () => {
		const host = connect({ endpoints: server.http, credential: { guest: "host" } });
		const shy = connect({ endpoints: server.http, credential: { guest: "shy" } });
		await Promise.all([host.ready(), shy.ready()]);
		const club = await host.create("club", { private: true });
		const invite = async (): Promise<void> => {
			const told = new Promise((resolve) => shy.once("invited", resolve));
			await club.invite("shy");
			await told;
		};
		await invite();
		await shy.decline("#club");
		expect([shy.invitations.size, shy.rooms.size]).toEqual([0, 0]);
		expect((await club.who()).map(({ user }) => user.name)).toEqual(["host"]);
		await invite();
		expect((await shy.join(club.id)).title).toBe("#club");
		await shy.decline(club.id);
		expect(shy.rooms.size).toBe(1);
		await Promise.all([host.close(), shy.close()]);
	}, 30_000);

	test("whether there is a channel of a name that one may join is told without joining it", async () => {
		const ian = connect({ endpoints: server.http, credential: { guest: "ian" } });
		const jo = connect({ endpoints: server.http, credential: { guest: "jo" } });
		await Promise.all([ian.ready(), jo.ready()]);
		await ian.create("Wide");
		await ian.create("narrow", { private: true });
		for (const client of [ian, jo]) {
			expect(await client.hasRoom("Wide")).toBe(true);
			expect(await client.hasRoom("#wide")).toBe(true);
			expect(await client.hasRoom("narrow")).toBe(client === ian);
			expect(await client.hasRoom("nothing-of-this-name")).toBe(false);
			expect(await client.hasRoom("two words")).toBe(false);
		}
		expect(jo.rooms.size).toBe(0);
		await Promise.all([ian.close(), jo.close()]);
	});

	test("an access token that was lost or has run out is renewed by a hello with the refresh token", async () => {
		const path = join(folder, "refresh.json");
		const first = open("joe", { tokens: fileTokens(path) });
		const { id } = await first.ready();
		await first.close();
		const identity = await fileTokens(path).load();
		if (identity === undefined) throw new Error("no identity was kept");
		await fileTokens(path).save({ ...identity, tokens: { ...identity.tokens, accessExpiresMs: 0 } });
		const again = connect({ endpoints: server.tcp, tokens: fileTokens(path) });
		expect((await again.ready()).id).toBe(id);
		await again.close();
		expect((await fileTokens(path).load())?.tokens.accessExpiresMs).toBeGreaterThan(Date.now());
	}, 30_000);

	test("refusals arrive by name", async () => {
		const client = open("kim");
		await expect(client.join("#nowhere-at-all")).rejects.toMatchObject({ name: "RefusedError", code: "no_such_room" });
		const twin = open("kim", { tokens: memoryTokens() });
		await expect(twin.ready()).rejects.toMatchObject({ code: "name_taken" });
		expect(twin.status.state).toBe("stopped");
		await twin.logIn({ guest: "kim-2" });
		await client.close();
		await twin.close();
	}, 30_000);

	test("a line that flips bits both ways costs time, and not one word", async () => {
		const line = await noisyLine(Number(new URL(server.tcp).port));
		const timing = { answerMs: 250, connectMs: 1_000, reconnectMinMs: 20, reconnectMaxMs: 100, stableMs: 1 };
		const noisy = open("lea", { endpoints: `tcp://127.0.0.1:${line.port}`, timing });
		const clean = open("max");
		const hers = await noisy.join("#noise", { create: true, timeoutMs: 20_000 });
		const his = await clean.join("#noise");
		const acknowledged: Array<Promise<unknown>> = [];
		for (let i = 0; i < 150; i++) acknowledged.push(hers.send(`up ${i}`).done, his.send(`down ${i}`).done);
		await Promise.all(acknowledged);
		for (const room of [hers, his]) {
			await until(room, () => texts(room).length === 300);
			for (const way of ["up", "down"]) {
				expect(texts(room).filter((text) => text.startsWith(way))).toEqual(Array.from({ length: 150 }, (_, i) => `${way} ${i}`));
			}
		}
		expect(texts(hers)).toEqual(texts(his));
		expect(line.flips).toBeGreaterThan(3);
		await noisy.close();
		await clean.close();
		await line.stop();
	}, 60_000);
});
