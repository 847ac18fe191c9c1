import { expect, test } from "bun:test";
import { VirtualClock } from "@verbatim/testkit";
import { Turns, type TurnWaiter } from "../../src/listen/connection/turns.ts";

/** A connection with `left` queued messages; records in `order` whose were processed. */
class Sender implements TurnWaiter {
	left: number;
	wasCut = false;
	private readonly name: string;
	private readonly turns: Turns;
	private readonly order: string[];

	constructor(name: string, left: number, turns: Turns, order: string[]) {
		this.name = name;
		this.left = left;
		this.turns = turns;
		this.order = order;
	}

	continueReading(): void {
		while (this.left > 0 && this.turns.mayRead(this)) {
			this.left--;
			this.order.push(this.name);
			this.turns.spend(0, 100);
		}
		if (this.left > 0) this.turns.wait(this);
	}

	cut(): void {
		this.wasCut = true;
	}
}

function scene(): { clock: VirtualClock; turns: Turns; order: string[]; reported: string[] } {
	const clock = new VirtualClock();
	const reported: string[] = [];
	const report = (place: string): string => {
		reported.push(place);
		return "";
	};
	return { clock, turns: new Turns(clock, { turnMsMax: 2, turnBytesMax: 800 }, { report }), order: [], reported };
}

test("each connection has its share of a turn, round-robin; while some wait, others have a smaller one", async () => {
	const { clock, turns, order } = scene();
	const [a, b, c] = [new Sender("a", 20, turns, order), new Sender("b", 12, turns, order), new Sender("c", 2, turns, order)];
	a.continueReading();
	expect(order.join("")).toBe("a".repeat(8));
	b.continueReading();
	c.continueReading();
	expect(order.join("").slice(8)).toBe("bc");
	await clock.settle();
	expect(order.join("").slice(10)).toBe(`${"a".repeat(8)}${"b".repeat(8)}c${"a".repeat(4)}bbb`);
});

test("a connection that throws is cut and reported, and the others continue; one that has left is not called", async () => {
	const { clock, turns, order, reported } = scene();
	const good = new Sender("g", 10, turns, order);
	const bad: TurnWaiter & { wasCut?: boolean } = {
		continueReading: () => {
			throw new Error("broken");
		},
		cut() {
			this.wasCut = true;
		},
	};
	const gone = new Sender("x", 10, turns, order);
	turns.wait(bad);
	turns.wait(gone);
	turns.wait(good);
	turns.leave(gone);
	await clock.settle();
	expect(bad.wasCut).toBe(true);
	expect(reported).toEqual(["turns"]);
	expect(order).toEqual(Array(10).fill("g"));
	expect(gone.left).toBe(10);
});
