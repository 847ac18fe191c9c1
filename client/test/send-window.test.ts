import { describe, expect, test } from "bun:test";
import { SendWindow } from "../src/outbox/send-window.ts";

const MAX = 64;

/** Sends on a window with numbered tries, as the outbox does. */
function start() {
	const window = new SendWindow(MAX);
	let attempts = 0;
	const wire: number[] = [];
	const fill = () => {
		while (window.open) {
			wire.push(++attempts);
			window.inFlight++;
		}
	};
	const answered = (): number => {
		window.inFlight--;
		return wire.shift() ?? 0;
	};
	return {
		/** As many as it lets on the wire. */
		fill: () => {
			fill();
			return wire.length;
		},
		acknowledge: () => window.acknowledged(answered()),
		refuse: () => window.refused(answered(), attempts),
		/** Acknowledgements until `count` are on the wire. */
		until: (count: number) => {
			let acknowledgements = 0;
			for (fill(); wire.length < count; fill()) {
				window.acknowledged(answered());
				acknowledgements++;
			}
			return acknowledgements;
		},
	};
}

describe("a window of sends", () => {
	test("opens quickly to half of what was too much, and slowly beyond", () => {
		const sends = start();
		expect(sends.fill()).toBe(MAX);
		for (let n = 0; n < MAX; n++) sends.refuse();
		expect(sends.fill()).toBe(1);
		expect(sends.until(MAX / 2)).toBe(MAX / 2 - 1);
		expect(sends.until(MAX / 2 + 1)).toBeGreaterThan(MAX / 2);
	});

	test("opens as quickly after several refusals in a row: none of them was of too much", () => {
		const sends = start();
		sends.fill();
		for (let n = 0; n < MAX; n++) sends.refuse();
		for (let n = 0; n < 5; n++) {
			expect(sends.fill()).toBe(1);
			sends.refuse();
		}
		expect(sends.until(MAX / 2)).toBe(MAX / 2 - 1);
	});

	test("is halved once by the answers to what was on the wire together, and not opened by them", () => {
		const sends = start();
		sends.fill();
		for (let n = 0; n < MAX / 2; n++) {
			sends.refuse();
			sends.acknowledge();
		}
		expect(sends.fill()).toBe(1);
		expect(sends.until(MAX / 2)).toBe(MAX / 2 - 1);
	});

	test("is halved again where it has opened since and that was too much", () => {
		const sends = start();
		sends.fill();
		for (let n = 0; n < MAX; n++) sends.refuse();
		sends.until(8);
		for (let n = 0; n < 8; n++) sends.refuse();
		expect(sends.until(4)).toBe(3);
		expect(sends.until(5)).toBeGreaterThan(4);
	});
});
