import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { VirtualClock } from "@verbatim/testkit";
import type { Key } from "../src/input/keys.ts";
import { createPainter } from "../src/screen/painter.ts";
import { enterTerminal } from "../src/screen/terminal.ts";

/** An output that takes everything, or says that it is full. */
class Screen extends EventEmitter {
	readonly isTTY = true;
	columns = 10;
	rows = 3;
	full = false;
	written: string[] = [];

	write(text: string): boolean {
		this.written.push(text);
		return !this.full;
	}

	take(): string {
		const all = this.written.join("");
		this.written = [];
		return all;
	}
}

class Keyboard extends EventEmitter {
	readonly isTTY = true;
	raw = false;
	setRawMode(raw: boolean): void {
		this.raw = raw;
	}
	resume(): void {}
	pause(): void {}
}

describe("painting", () => {
	test("writes the first frame whole, then only the rows that differ", () => {
		const screen = new Screen();
		const painter = createPainter(screen);
		painter.paint(["a", "b", "c"], { x: 1, y: 2 }, 10);
		expect(screen.take()).toContain("\x1b[1;1Ha\x1b[0m\x1b[K\x1b[2;1Hb");
		painter.paint(["a", "B", "c"], { x: 1, y: 2 }, 10);
		const second = screen.take();
		expect(second).toContain("\x1b[2;1HB\x1b[0m\x1b[K");
		expect(second).not.toContain("1;1H");
		expect(second).toEndWith("\x1b[3;2H\x1b[?25h\x1b[?2026l");
	});

	test("nothing different: nothing written; only the cursor: only that", () => {
		const screen = new Screen();
		const painter = createPainter(screen);
		painter.paint(["a"], { x: 0, y: 0 }, 10);
		screen.take();
		painter.paint(["a"], { x: 0, y: 0 }, 10);
		expect(screen.take()).toBe("");
		painter.paint(["a"], { x: 4, y: 0 }, 10);
		expect(screen.take()).toBe("\x1b[?2026h\x1b[?25l\x1b[1;5H\x1b[?25h\x1b[?2026l");
	});

	test("a row that fills the screen keeps its last character", () => {
		const screen = new Screen();
		createPainter(screen).paint(["0123456789", "日本語日本"], undefined, 10);
		expect(screen.take()).not.toContain("\x1b[K");
	});

	test("a row that is gone is erased", () => {
		const screen = new Screen();
		const painter = createPainter(screen);
		painter.paint(["a", "b"], undefined, 10);
		screen.take();
		painter.paint(["a"], undefined, 10);
		expect(screen.take()).toContain("\x1b[2;1H\x1b[0m\x1b[K");
	});

	test("a slow terminal gets the newest frame when it is ready, not all between", () => {
		const screen = new Screen();
		const painter = createPainter(screen);
		screen.full = true;
		painter.paint(["one"], undefined, 10);
		for (let i = 0; i < 1_000; i++) painter.paint([`frame ${i}`], undefined, 10);
		expect(screen.written).toHaveLength(1);
		screen.full = false;
		painter.drained();
		expect(screen.written).toHaveLength(2);
		expect(screen.take()).toContain("frame 999");
	});

	test("after `forget` the next frame is written whole", () => {
		const screen = new Screen();
		const painter = createPainter(screen);
		painter.paint(["a"], undefined, 10);
		screen.take();
		painter.forget();
		painter.paint(["a"], undefined, 10);
		expect(screen.take()).toContain("\x1b[2J\x1b[1;1Ha");
	});
});

describe("the terminal's modes", () => {
	function enter() {
		const screen = new Screen();
		const keyboard = new Keyboard();
		const clock = new VirtualClock();
		const keys: Key[] = [];
		const events: string[] = [];
		const terminal = enterTerminal(keyboard as never, screen, clock, {
			key: (key) => keys.push(key),
			resized: (columns, rows) => events.push(`resized ${columns}x${rows}`),
			drained: () => events.push("drained"),
			stale: () => events.push("stale"),
			closed: () => events.push("closed"),
		});
		return { screen, keyboard, clock, keys, events, terminal };
	}

	test("what is set on entering is put back on leaving, once", () => {
		const { screen, keyboard, terminal } = enter();
		expect(keyboard.raw).toBe(true);
		expect(screen.take()).toBe("\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?1007l");
		terminal.leave();
		terminal.leave();
		expect(keyboard.raw).toBe(false);
		expect(screen.take()).toBe("\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l");
		expect(keyboard.listenerCount("data") + screen.listenerCount("resize")).toBe(0);
	});

	test("characters cut in the middle of their bytes arrive whole; a lone ESC after a moment", async () => {
		const { keyboard, clock, keys, terminal } = enter();
		const bytes = Buffer.from("日");
		keyboard.emit("data", bytes.subarray(0, 1));
		keyboard.emit("data", bytes.subarray(1));
		expect(keys).toEqual([{ kind: "text", text: "日" }]);
		keyboard.emit("data", Buffer.from("\x1b"));
		expect(keys).toHaveLength(1);
		await clock.advance(60);
		expect(keys.at(-1)).toMatchObject({ name: "escape" });
		terminal.leave();
	});

	test("resizing, draining and hanging up are events", () => {
		const { screen, keyboard, events, terminal } = enter();
		screen.columns = 120;
		screen.emit("resize");
		screen.emit("drain");
		keyboard.emit("end");
		expect(events).toEqual(["resized 120x3", "drained", "closed"]);
		terminal.leave();
	});
});
