import { expect, test } from "bun:test";
import fc from "fast-check";
import type { LiveRoom } from "../../src/room/room.ts";
import type { Subscription } from "../../src/room/subscription.ts";
import { Subscriptions } from "../../src/session/subscriptions.ts";

test("a session's subscriptions behave as a map by room, whatever their number", () => {
	const act = fc.record({ add: fc.boolean(), room: fc.integer({ min: 0, max: 40 }).map(String) });
	fc.assert(
		fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
			const ours = new Subscriptions();
			const model = new Map<string, Subscription>();
			for (const { add, room } of acts) {
				const there = model.get(room);
				if (add && there === undefined) {
					const made = { room: { id: room } as LiveRoom } as Subscription;
					ours.add(made);
					model.set(room, made);
				} else if (!add && there !== undefined) {
					ours.delete(there);
					model.delete(room);
				}
				expect(ours.get(room)).toBe(model.get(room) as Subscription);
				expect(ours.size).toBe(model.size);
			}
			expect(new Set(ours)).toEqual(new Set(model.values()));
		}),
	);
});
