// The server's pings carry heads of rooms, by which a client finds a lost last message.
import { describe, expect, test } from "bun:test";
import { TIMING } from "@verbatim/protocol";
import { Harness, type TestClient } from "./harness.ts";
import { join, joined, say } from "./helpers.ts";

/** The heads of the next ping, as `room seq`. */
async function nextHeads(harness: Harness, client: TestClient): Promise<string[]> {
	const before = client.pushed("ping").length;
	const put = () => client.put({ case: "pong", value: { nonce: client.pushed("ping").at(-1)?.nonce ?? 0 } }, 0);
	put();
	await harness.clock.advance(TIMING.heartbeatMs + 1_000);
	put();
	const ping = client.pushed("ping")[before];
	if (ping === undefined) throw new Error(`no ping came; closed as ${client.closedAs}`);
	return ping.heads.map(({ room, seq }) => `${room} ${seq}`);
}

describe("the heads in a server's ping", () => {
	test("are of the rooms that have changed since the ping before, as far as this connection was sent them", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const bob = await harness.guest("bob");
		const tea = await joined(ann, "#tea");
		const cake = await joined(ann, "#cake");
		await bob.want("joined", join("#tea"));
		expect((await nextHeads(harness, ann)).sort()).toEqual([`${tea.id} 2`, `${cake.id} 1`].sort());
		expect(await nextHeads(harness, ann)).toEqual([]);
		await bob.want("sent", say(tea.id, "hello"));
		expect(await nextHeads(harness, ann)).toEqual([`${tea.id} 3`]);
		expect(ann.pushed("ping").at(-1)?.heads[0]?.epoch).toBe(tea.epoch);
		expect(await nextHeads(harness, ann)).toEqual([]);
		await ann.want("done", { case: "leave", value: { room: tea.id } });
		await bob.want("sent", say(tea.id, "alone"));
		expect(await nextHeads(harness, ann)).toEqual([]);
	});

	test("are of all rooms after a catch-up, and of none that is still catching up", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		const tea = await joined(ann, "#tea");
		const quiet = await joined(ann, "#quiet");
		const late = await harness.guest("ann", [{ room: tea.id, epoch: tea.epoch, seq: 1 }]);
		expect(await nextHeads(harness, late)).toEqual([]);
		await late.lose();
		for (let i = 0; i < 40; i++) await ann.want("sent", say(tea.id, `${i}`));
		const back = await harness.guest("ann", [{ room: tea.id, epoch: tea.epoch, seq: 1 }]);
		expect((await nextHeads(harness, back)).sort()).toEqual([`${tea.id} 41`, `${quiet.id} 1`].sort());
		expect(await nextHeads(harness, back)).toEqual([]);
		back.stalled = true;
		const text = "x".repeat(8_000);
		for (let i = 0; i < 300; i++) await ann.want("sent", say(tea.id, text));
		harness.clock.advance(0);
		expect(back.seqs(tea.id).at(-1)).toBeLessThan(341);
		await back.read();
		back.stalled = false;
		await back.read();
		await harness.clock.settle();
		expect(back.seqs(tea.id).at(-1)).toBe(341);
		expect((await nextHeads(harness, back)).sort()).toEqual([`${tea.id} 341`, `${quiet.id} 1`].sort());
	});

	test("are at most a hundred; the others follow with the next ping, each once", async () => {
		const harness = new Harness();
		const ann = await harness.guest("ann");
		for (let i = 0; i < 250; i++) await ann.want("joined", join(`#r${i}`));
		const pings = [await nextHeads(harness, ann), await nextHeads(harness, ann), await nextHeads(harness, ann)];
		expect(pings.map((heads) => heads.length)).toEqual([100, 100, 50]);
		expect(new Set(pings.flat()).size).toBe(250);
		expect(await nextHeads(harness, ann)).toEqual([]);
	});
});
