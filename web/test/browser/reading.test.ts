// Reading: the scroll position holds, the end is followed only from the end, and everything works by keyboard and on a small
// screen.
import { expect, test } from "bun:test";
import { create, type Entry, EntrySchema, Skipped_Reason } from "@verbatim/protocol";
import type { BrowserContextOptions, Page } from "playwright-core";
import { ann, bob, message, NOON_MS } from "../support/entries.ts";
import { composer, hear } from "../support/people.ts";
import { type ScriptedRoom, scriptedRoom } from "../support/scripted-server.ts";
import { describeVisits, LONG_MS } from "../support/scripted-visits.ts";

/** Rows of various heights, several groups and days. */
function longLog(count: number): Entry[] {
	return Array.from({ length: count }, (_, i) =>
		message(
			i + 1,
			i % 9 < 4 ? bob : ann,
			`text ${i + 1} ${"and some more words ".repeat((i * 7) % 23)}${i % 11 === 0 ? "\nanother line" : ""}`,
			NOON_MS + i * 600_000,
		),
	);
}

describeVisits("reading in a browser", (visits) => {
	const open = (rooms: readonly ScriptedRoom[], options: BrowserContextOptions = {}): Promise<Page> =>
		visits.open({ user: ann, rooms }, options);

	/** Another user sends a message to the room. */
	function tell(room: ScriptedRoom, text: string): void {
		const entry = create(EntrySchema, message(room.log.length + 1, bob, text, Date.now()));
		room.log.push(entry);
		visits.server.push({ case: "entries", value: { room: room.info.id, epoch: 1, entries: [entry] } });
	}

	test(
		"a log restored from an earlier state is shown as such, also where the room is short enough to be loaded whole",
		async () => {
			const tea = scriptedRoom("tea", longLog(5));
			const page = await open([tea]);
			await hear(page, "text 5");
			const { id } = tea.info;
			const entries = longLog(3).map((entry) => create(EntrySchema, entry));
			const restored = { room: id, epoch: 2, from: 1, to: 3, head: 3, asOf: 3, entries };
			visits.server.push({
				case: "skipped",
				value: { room: id, epoch: 2, from: 1, to: 0, reason: Skipped_Reason.EPOCH, page: restored },
			});
			await page.getByText("The server was restored from an earlier state; this is the room as it is now.").waitFor();
			await page.getByText("This is where the room begins.").waitFor();
			expect(await page.getByRole("button", { name: /^Load/ }).count()).toBe(0);
		},
		LONG_MS,
	);

	test(
		"the scroll position holds to the pixel while older pages load above and messages arrive below",
		async () => {
			const tea = scriptedRoom("tea", longLog(500));
			const page = await open([tea]);
			await hear(page, "text 500");
			await page.locator(".timeline-scroller").hover();
			for (let turn = 0; turn < 40; turn++) {
				const before = await place(page);
				await page.mouse.wheel(0, -260);
				await page.waitForFunction(
					({ key, top }) => (document.querySelector(`[data-key="${key}"]`)?.getBoundingClientRect().top ?? 0) > top + 200,
					before,
				);
				if (turn % 8 === 3) tell(tea, `below ${turn}`);
				await stillness(page);
				const moved = (await topOf(page, before.key)) - before.top;
				expect(Math.abs(moved - 260)).toBeLessThanOrEqual(3);
			}
			const oldest = await page.locator(".message-text").first().textContent();
			expect(Number(/text (\d+)/.exec(oldest ?? "")?.[1])).toBeLessThan(440);
			expect(await page.locator(".to-end").textContent()).toBe("5 new messages");
			// Only rows near the screen are in the document.
			expect(await page.locator("[data-key]").count()).toBeLessThan(80);
			await page.locator(".to-end").click();
			await hear(page, "below 35");
			await page.locator(".to-end").waitFor({ state: "detached" });
		},
		LONG_MS,
	);

	test(
		"at the top, older pages load one after another to the beginning of the room",
		async () => {
			const page = await open([scriptedRoom("tea", longLog(200))]);
			await hear(page, "text 200");
			await page.locator(".timeline-scroller").focus();
			await page.waitForFunction(() => {
				const box = document.querySelector(".timeline-scroller");
				if (box !== null) box.scrollTop = 0;
				return document.querySelector(".beginning") !== null;
			});
			await page.getByText("This is where the room begins.").waitFor();
			expect(visits.server.heard.filter((command) => command.case === "history")).toHaveLength(4);
		},
		LONG_MS,
	);

	test(
		"the view stays at the end: with new messages, a smaller window, a growing composer",
		async () => {
			const tea = scriptedRoom("tea", longLog(80));
			const page = await open([tea]);
			await hear(page, "text 80");
			for (const change of [
				() => tell(tea, "short"),
				() => tell(tea, "tall\n".repeat(30)),
				() => page.setViewportSize({ width: 420, height: 640 }),
				() => composer(page).fill("one\ntwo\nthree\nfour\nfive\nsix"),
				() => page.setViewportSize({ width: 1_000, height: 500 }),
			]) {
				await change();
				await stillness(page);
				expect(await distanceToEnd(page)).toBeLessThanOrEqual(1);
			}
		},
		LONG_MS,
	);

	test(
		"typing many lines does not leave the end: an answer that arrives meanwhile is visible",
		async () => {
			const tea = scriptedRoom("tea", longLog(80));
			const page = await open([tea]);
			await hear(page, "text 80");
			await composer(page).focus();
			for (let line = 1; line <= 8; line++) {
				await page.keyboard.type(`line ${line} of a longer thought`);
				await page.keyboard.press("Shift+Enter");
				await stillness(page);
				expect(await distanceToEnd(page)).toBeLessThanOrEqual(1);
			}
			// A key that keeps the field's height, and one that removes lines.
			await page.keyboard.type("and more");
			await stillness(page);
			for (let i = 0; i < 60; i++) await page.keyboard.press("Backspace");
			tell(tea, "the answer");
			await hear(page, "the answer");
			await stillness(page);
			expect(await distanceToEnd(page)).toBeLessThanOrEqual(1);
			expect(await page.locator(".to-end").count()).toBe(0);
		},
		LONG_MS,
	);

	test(
		"the end is left by wheel, key, finger and scroll bar, also while messages arrive without a pause",
		async () => {
			const tea = scriptedRoom("tea", longLog(80));
			const page = await open([tea], { hasTouch: true });
			await hear(page, "text 80");
			const box = page.locator(".timeline-scroller");
			const area = await box.boundingBox();
			if (area === null) throw new Error("the timeline has no box");
			const [x, y] = [area.x + area.width / 2, area.y + area.height / 2];
			const touch = await page.context().newCDPSession(page);
			const finger = (type: string, atY: number): Promise<unknown> =>
				touch.send("Input.dispatchTouchEvent", {
					type: type as "touchStart",
					touchPoints: type === "touchEnd" ? [] : [{ x, y: atY }],
				});
			const ways: Record<string, () => Promise<void>> = {
				async wheel() {
					await page.mouse.move(x, y);
					await page.mouse.wheel(0, -150);
				},
				async key() {
					await box.focus();
					await page.keyboard.press("PageUp");
				},
				async finger() {
					await finger("touchStart", y - 100);
					for (let by = 20; by <= 200; by += 20) await finger("touchMove", y - 100 + by);
					await finger("touchEnd", 0);
				},
				async scrollBar() {
					await page.mouse.move(area.x + area.width - 4, area.y + area.height - 30);
					await page.mouse.down();
					await page.mouse.move(area.x + area.width - 4, area.y + area.height - 120, { steps: 5 });
					await page.mouse.up();
				},
			};
			for (const [name, go] of Object.entries(ways)) {
				let speaking = true;
				const spoken = (async () => {
					for (let i = 0; speaking; i++) {
						tell(tea, `${name} ${i}`);
						await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
					}
				})();
				await go();
				await page.locator(".to-end").waitFor();
				speaking = false;
				await spoken;
				await stillness(page);
				expect(await distanceToEnd(page)).toBeGreaterThan(60);
				await page.locator(".to-end").click();
				await page.locator(".to-end").waitFor({ state: "detached" });
				await stillness(page);
				expect(await distanceToEnd(page)).toBeLessThanOrEqual(1);
			}
		},
		LONG_MS,
	);

	test(
		"everything works by keyboard: rooms, composer, dialogs, members",
		async () => {
			const page = await open([scriptedRoom("mate", [message(1, bob, "m")]), scriptedRoom("tea", [message(1, bob, "t")])]);
			await page.getByRole("heading", { name: "mate", exact: true }).waitFor();
			await page.keyboard.press("Alt+ArrowDown");
			await page.getByRole("heading", { name: "tea", exact: true }).waitFor();
			await page.getByRole("link", { name: "tea" }).focus();
			await page.keyboard.press("/");
			expect(await focused(page)).toBe("composer");
			await page.keyboard.type("a/b");
			await page.keyboard.press("Shift+Enter");
			await page.keyboard.type("c");
			expect(await composer(page).inputValue()).toBe("a/b\nc");
			await page.keyboard.press("Enter");
			await hear(page, "a/b");
			expect(await composer(page).inputValue()).toBe("");

			await page.getByRole("button", { name: "Members", exact: true }).press("Enter");
			await page.getByRole("complementary", { name: "Members" }).waitFor();
			await page.keyboard.press("Escape");
			await page.getByRole("complementary", { name: "Members" }).waitFor({ state: "detached" });
			await page.getByRole("button", { name: "Find or create a room" }).first().press("Enter");
			await page.getByRole("dialog", { name: "Rooms" }).waitFor();
			await page.keyboard.press("Escape");
			await page.getByRole("dialog").waitFor({ state: "detached" });
			expect(await focusedName(page)).toBe("Find or create a room");

			// The first tab stop skips the list.
			expect(await page.evaluate(() => document.querySelector("button, a, input, textarea")?.textContent)).toBe(
				"Skip to the conversation",
			);
			await page.getByRole("button", { name: "Skip to the conversation" }).focus();
			await page.keyboard.press("Enter");
			expect(await focused(page)).toBe("composer");
		},
		LONG_MS,
	);

	test(
		"a dialog focuses its first field: typing goes there, and Enter submits",
		async () => {
			const page = await open([scriptedRoom("tea", [message(1, bob, "t")])]);
			await hear(page, "t");
			for (const [button, field] of [
				["Find or create a room", "Find a room, or name a new one"],
				["New direct message", "To whom?"],
				["About this room: invite, rename, leave", "Invite"],
			] as const) {
				await page.getByRole("button", { name: button }).first().press("Enter");
				await page.getByRole("dialog").waitFor();
				expect(await focusedName(page)).toBe(field);
				await page.keyboard.type("abc");
				expect(await page.getByLabel(field, { exact: true }).inputValue()).toBe("abc");
				await page.getByRole("button", { name: "Close" }).click();
				await page.getByRole("dialog").waitFor({ state: "detached" });
				expect(await focusedName(page)).toBe(button);
			}
			await page.getByRole("button", { name: "Find or create a room" }).first().press("Enter");
			await page.getByRole("button", { name: "Create #" }).waitFor({ state: "detached" });
			await page.keyboard.type("abc");
			await page.getByRole("button", { name: "Create #abc" }).waitFor();
			await page.keyboard.press("Enter");
			await until(() => visits.server.heard.some((command) => command.case === "create" && command.value.name === "abc"));
		},
		LONG_MS,
	);

	test(
		"the owner is marked among the members, the user too",
		async () => {
			const page = await open([scriptedRoom("tea", [message(1, bob, "t")])]);
			await hear(page, "t");
			await page.getByRole("button", { name: "Members", exact: true }).click();
			await page.getByText("owner, you").waitFor();
		},
		LONG_MS,
	);

	test(
		"on a phone of 320 pixels the list is a drawer, and nothing is wider than the screen",
		async () => {
			const phone = { viewport: { width: 320, height: 560 }, hasTouch: true, isMobile: true };
			const page = await open(
				[scriptedRoom("mate", longLog(30)), scriptedRoom("tea", [message(1, bob, "w".repeat(400))])],
				phone,
			);
			await hear(page, "text 30");
			expect(await page.getByRole("link", { name: "tea" }).isVisible()).toBe(false);
			await page.getByRole("button", { name: "Rooms", exact: true }).tap();
			await page.getByRole("link", { name: "tea" }).tap();
			await hear(page, "www");
			await page.getByRole("link", { name: "tea" }).waitFor({ state: "hidden" });
			expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
			// The keyboard of a phone does not open by itself.
			expect(await focused(page)).not.toBe("composer");
		},
		LONG_MS,
	);

	test(
		"every button and field has an accessible name, and the timeline has the role log",
		async () => {
			const page = await open([scriptedRoom("tea", [message(1, bob, "t")])], { viewport: { width: 1_200, height: 700 } });
			await hear(page, "t");
			await page.getByRole("log", { name: "Messages in #tea" }).waitFor();
			await page.getByRole("button", { name: "Members", exact: true }).click();
			await page.getByRole("button", { name: /^About this room/ }).click();
			const nameless = await page.evaluate(() =>
				[...document.querySelectorAll<HTMLButtonElement | HTMLInputElement | HTMLTextAreaElement>("button, input, textarea, a")]
					.filter(
						(one) => !(one.getAttribute("aria-label") || one.textContent?.trim() || ("labels" in one && one.labels?.length)),
					)
					.map((one) => one.outerHTML),
			);
			expect(nameless).toEqual([]);
		},
		LONG_MS,
	);
});

/** Resolves once `holds`, checked in each turn of the event loop. */
async function until(holds: () => boolean): Promise<void> {
	while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

interface Place {
	readonly key: string;
	readonly top: number;
}

/** A row in the upper half of the screen, and its position. */
function place(page: Page): Promise<Place> {
	return page.evaluate(() => {
		const top = (row: Element): number => row.getBoundingClientRect().top;
		const row = [...document.querySelectorAll("[data-key]")].find((one) => top(one) > 120);
		return { key: row?.getAttribute("data-key") ?? "", top: row === undefined ? 0 : top(row) };
	});
}

function topOf(page: Page, key: string): Promise<number> {
	return page.evaluate((k) => document.querySelector(`[data-key="${k}"]`)?.getBoundingClientRect().top ?? Number.NaN, key);
}

/** Resolves when the timeline has not moved for some frames and nothing is loading. */
async function stillness(page: Page): Promise<void> {
	await page.evaluate(async () => {
		const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
		const look = (): string => {
			const box = document.querySelector(".timeline-scroller");
			return `${box?.scrollTop} ${box?.scrollHeight} ${box?.clientHeight} ${document.querySelectorAll("[data-key]").length}`;
		};
		let last = look();
		for (let still = 0; still < 6; ) {
			await frame();
			const now = look();
			still = now === last && document.querySelector(".timeline-top .hint") === null ? still + 1 : 0;
			last = now;
		}
	});
}

function distanceToEnd(page: Page): Promise<number> {
	return page.evaluate(() => {
		const box = document.querySelector(".timeline-scroller");
		return box === null ? Number.NaN : box.scrollHeight - box.scrollTop - box.clientHeight;
	});
}

/** The accessible name of the focused element. */
function focusedName(page: Page): Promise<string | undefined> {
	return page.evaluate(() => {
		const one = document.activeElement;
		const label = one instanceof HTMLInputElement ? one.labels?.[0]?.textContent : one?.getAttribute("aria-label");
		return label ?? one?.textContent ?? undefined;
	});
}

function focused(page: Page): Promise<string | undefined> {
	return page.evaluate(() => document.activeElement?.id);
}
