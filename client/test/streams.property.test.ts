// Any mixture of what a stream can suffer, against what was promised: the application is told each entry as the last one plus
// one, or after word of exactly what was left out; what it holds is a dense piece of the log, word for word.
import { expect, test } from "bun:test";
import { TIMING } from "@verbatim/protocol";
import fc from "fast-check";
import { withText } from "../src/base/entry.ts";
import type { Room } from "../src/mod.ts";
import { liveClient } from "./support/bench.ts";
import { FakeServer } from "./support/fake-server.ts";

const action = fc.record({
	what: fc.constantFrom("say", "say", "say", "lose", "damage", "again", "cut", "away", "older", "trim", "restore", "join", "who"),
	count: fc.integer({ min: 1, max: 40 }),
});

test("whatever happens to a stream, the application sees the log dense and in order, or is told what is left out", async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(action, { maxLength: 30, size: "max" }),
			fc.constantFrom(5, 30, 1_000),
			async (actions, catchUpMax) => {
				const server = new FakeServer();
				server.catchUpMax = catchUpMax;
				server.pageMax = 10;
				const tea = server.room("tea", ["ann"], 12);
				const { client, clock } = await liveClient({ timelineMax: 40, limits: { catchUpEntriesMax: 60 } }, server);
				const room = client.rooms.get(tea.id) as Room;
				const faults: string[] = [];
				let last = 12;
				let epoch = 1;
				room.on("skipped", ({ from, to, reason }) => {
					if (reason !== "epoch" && from !== last + 1) faults.push(`skipped ${from}-${to} after ${last}`);
					last = to;
					if (reason === "epoch") epoch = room.epoch;
				});
				room.on("entry", ({ seq }) => {
					if (seq !== last + 1) faults.push(`${seq} after ${last}`);
					if (room.epoch !== epoch) faults.push(`epoch ${room.epoch} unannounced`);
					last = seq;
				});
				const iteration = room.entries();
				const iterated: number[] = [];
				const iterate = async (): Promise<void> => {
					for await (const { seq } of iteration) iterated.push(seq);
				};
				const iterating = iterate().catch((error: Error) => expect(error.name).toBe("EpochError"));

				for (const { what, count } of actions) {
					const { session } = server;
					const passesBefore = session.passes;
					switch (what) {
						case "say":
							for (let i = 0; i < count; i++) server.say(tea, "bob", `${i}`);
							break;
						case "lose":
						case "damage":
							session.passes = ({ body }) => (body.case === "entries" ? (what === "lose" ? false : "damaged") : true);
							for (let i = 0; i < count; i++) server.say(tea, "bob", `${i}`);
							session.passes = passesBefore;
							break;
						case "again":
							session.push({ case: "entries", value: { room: tea.id, epoch: tea.epoch, entries: tea.entries.slice(-count) } });
							break;
						case "cut":
							server.cut();
							break;
						case "away":
							server.accepting = () => false;
							server.cut();
							await clock.advance(5_000);
							for (let i = 0; i < count * 4; i++) server.say(tea, "bob", `${i}`);
							server.accepting = () => true;
							break;
						case "older":
							room.loadOlder(count).catch(() => undefined);
							break;
						case "trim":
							room.trim(count);
							break;
						case "restore":
							tea.epoch++;
							tea.entries.length = Math.max(1, tea.entries.length - count);
							server.cut();
							break;
						case "join":
							client.join(tea.name, { history: count }).catch(() => undefined);
							break;
						case "who":
							room.who().catch(() => undefined);
							break;
					}
					if (count % 3 === 0) await clock.advance(count * 100);
					expect(room.timeline.map(({ seq }) => seq)).toEqual(room.timeline.map((_, i) => room.from + i));
				}
				await clock.advance(120_000);
				server.say(tea, "bob", "the last");
				await clock.advance(TIMING.answerMs * 4);

				expect(faults).toEqual([]);
				expect(client.status.state).toBe("live");
				expect([room.to, room.head, room.epoch]).toEqual([tea.entries.length, tea.entries.length, tea.epoch]);
				expect(room.timeline).toEqual(withText(tea.entries.slice(room.from - 1, room.to)));
				await client.close();
				await iterating;
				expect(iterated).toEqual(iterated.map((_, i) => 13 + i));
				if (epoch === 1) expect(iterated.at(-1)).toBe(tea.entries.length);
			},
		),
		{ numRuns: 200 },
	);
}, 30_000);
