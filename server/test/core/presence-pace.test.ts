import { describe, expect, test } from "bun:test";
import { MESSAGES_PER_PERIOD } from "../../src/people/presence-notices.ts";
import { Harness, type TestClient } from "./harness.ts";
import { join, joined, say } from "./helpers.ts";

const GRACE_MS = 5_000;
const ROOM = 60;

describe("the presence of many at once", () => {
	test("after an overload comes in parts, of which none is long, and of each user to each", async () => {
		const harness = new Harness({ timing: { offlineGraceMs: GRACE_MS } });
		harness.shedding.level = 2;
		const clients = await guests(harness, ROOM);
		const told = watch(harness, clients);
		await harness.clock.advance(1_000);
		expect(told.total).toBe(0);
		harness.shedding.level = 0;
		await harness.clock.advance(5_000);
		expect(told.total).toBe(ROOM * (ROOM - 1));
		expect(told.inOneTurn).toBeLessThanOrEqual(MESSAGES_PER_PERIOD + ROOM);
	});

	test("whose grace ends in one moment comes in parts, and what is said meanwhile is not behind it", async () => {
		const harness = new Harness({ timing: { offlineGraceMs: GRACE_MS } });
		const clients = await guests(harness, ROOM);
		await harness.clock.advance(10_000);
		const [staying, leaving] = [clients.slice(0, ROOM / 2), clients.slice(ROOM / 2)];
		// Further members, so that one half's absence is more than a part.
		const more = await guests(harness, 40, "more");
		await harness.clock.advance(10_000);
		const readers = [...staying, ...more];
		const told = watch(harness, readers);
		for (const client of leaving) void client.lose();
		await harness.clock.advance(GRACE_MS);
		const [ann] = staying;
		if (ann === undefined) throw new Error("nobody stays");
		const { id } = await joined(ann, "#tea");
		await ann.want("sent", say(id, "hello"));
		expect(told.total).toBeLessThan(leaving.length * readers.length);
		await harness.clock.advance(5_000);
		expect(told.total).toBe(leaving.length * readers.length);
		expect(told.inOneTurn).toBeLessThanOrEqual(MESSAGES_PER_PERIOD + ROOM + 40);
	});

	test("is told once of who comes back and goes again while it waits, as they are then", async () => {
		const harness = new Harness({ timing: { offlineGraceMs: 10 } });
		const [ann] = await guests(harness, 1, "ann");
		let bobs = await guests(harness, 3, "bob");
		await harness.clock.advance(1_000);
		const before = ann?.pushed("presence").length ?? 0;
		harness.shedding.level = 2;
		for (const bob of bobs) await bob.lose();
		await harness.clock.advance(1_000);
		bobs = await guests(harness, 2, "bob");
		await bobs[1]?.lose();
		await harness.clock.advance(1_000);
		harness.shedding.level = 0;
		await harness.clock.advance(1_000);
		const presence = ann?.pushed("presence").slice(before) ?? [];
		expect(presence.map(({ user, online }) => `${user?.name} ${online}`).sort()).toEqual([
			"bob 0 true",
			"bob 1 false",
			"bob 2 false",
		]);
	});

	test("of one user in very many rooms comes in parts, too", async () => {
		const rooms = 30;
		const harness = new Harness({ timing: { offlineGraceMs: GRACE_MS } });
		const bob = await harness.guest("bob");
		for (let i = 0; i < rooms; i++) await joined(bob, `#room-${i}`);
		const clients: TestClient[] = [];
		for (let i = 0; i < rooms; i++)
			for (let k = 0; k < 40; k++) {
				const client = await harness.guest(`member ${i} ${k}`);
				await joined(client, `#room-${i}`);
				clients.push(client);
			}
		await harness.clock.advance(10_000);
		const told = watch(harness, clients);
		await bob.lose();
		await harness.clock.advance(GRACE_MS + 1_000);
		expect(told.total).toBe(clients.length);
		expect(told.inOneTurn).toBeLessThanOrEqual(MESSAGES_PER_PERIOD + 40);
	});
});

async function guests(harness: Harness, count: number, name = "guest"): Promise<TestClient[]> {
	const clients: TestClient[] = [];
	for (let i = 0; i < count; i++) {
		const client = await harness.guest(`${name} ${i}`);
		await client.ask(join("#tea"));
		clients.push(client);
	}
	return clients;
}

/** Counts the messages of presence that these get from now on: all, and the most of one moment. */
function watch(harness: Harness, clients: readonly TestClient[]): { readonly total: number; readonly inOneTurn: number } {
	const byTurn = new Map<number, number>();
	for (const client of clients) {
		const write = client.write.bind(client);
		client.write = (messages) => {
			const presence = messages.filter((down) => (down as { body: { case?: string } }).body.case === "presence").length;
			const turn = harness.clock.monotonic();
			byTurn.set(turn, (byTurn.get(turn) ?? 0) + presence);
			write(messages);
		};
	}
	return {
		get total() {
			return [...byTurn.values()].reduce((sum, count) => sum + count, 0);
		},
		get inOneTurn() {
			return Math.max(0, ...byTurn.values());
		},
	};
}
