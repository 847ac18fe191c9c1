// Finding rooms among thousands: one page, more on scrolling or searching, and only those on the screen rendered.
import { expect, test } from "bun:test";
import { create, type DownBody, Room_Kind, Room_Standing, RoomSchema, type Up } from "@verbatim/protocol";
import type { Page } from "playwright-core";
import { ann, bob, message } from "../support/entries.ts";
import { hear } from "../support/people.ts";
import { scriptedRoom } from "../support/scripted-server.ts";
import { describeVisits, LONG_MS } from "../support/scripted-visits.ts";

const ROOMS = 10_000;
const PAGE = 500;
const numbered = (n: number): string => `room-${String(n).padStart(5, "0")}`;

const ROWS = Array.from({ length: ROOMS }, (_, n) =>
	create(RoomSchema, { id: `r-${n}`, name: numbered(n), kind: Room_Kind.PUBLIC, members: 2, standing: Room_Standing.NONE }),
);

/** Answers as a server with this many rooms: pages after a name, and members only to a member. */
function thousands(command: Up["command"]): DownBody | undefined {
	if (command.case === "rooms") {
		const { after } = command.value;
		const following = ROWS.filter(({ name }) => name > after);
		const page = following.slice(0, PAGE);
		const next = page.length < following.length ? (page.at(-1)?.name ?? "") : "";
		return { case: "roomList", value: { rooms: [...(after === "" ? [tea().info] : []), ...page], next } };
	}
	if (command.case !== "who" || !command.value.room.startsWith("#")) return undefined;
	const there = ROWS.some(({ name }) => `#${name}` === command.value.room.toLowerCase());
	return { case: "failure", value: { code: there ? "not_member" : "no_such_room" } };
}

const tea = () => scriptedRoom("tea", [message(1, bob, "hello")]);

describeVisits("ten thousand rooms in a browser", (visits) => {
	const open = async (hash = ""): Promise<Page> => visits.open({ user: ann, rooms: [tea()], react: thousands }, { hash });
	const pages = (): number => visits.server.heard.filter((command) => command.case === "rooms").length;
	const openDialog = async (page: Page): Promise<void> => {
		await hear(page, "hello");
		await page.getByRole("button", { name: "Find or create a room" }).click();
		await page.getByRole("button", { name: `Join #${numbered(0)}`, exact: true }).waitFor();
	};
	const field = (page: Page) => page.getByLabel("Find a room, or name a new one");
	/** Resolves when the page has rendered several times without a request. */
	const rested = async (page: Page): Promise<void> => {
		for (let before = -1; before !== pages(); ) {
			before = pages();
			for (let frame = 0; frame < 5; frame++) await page.evaluate(() => new Promise(requestAnimationFrame));
		}
	};

	test(
		"one page of them is loaded, and more on scrolling, to the last; only those near the screen are rendered",
		async () => {
			const page = await open();
			await openDialog(page);
			await rested(page);
			expect(pages()).toBe(1);
			const rows = page.locator(".found li");
			expect(await rows.count()).toBeLessThan(40);
			const last = page.getByRole("button", { name: `Join #${numbered(ROOMS - 1)}`, exact: true });
			const list = page.locator(".found");
			let seen = 1;
			while ((await last.count()) === 0) {
				await list.evaluate((box) => box.scrollBy(0, 10_000));
				await rested(page);
				// Never further ahead than what is visible.
				expect(pages() - seen).toBeLessThanOrEqual(2);
				seen = pages();
			}
			expect(pages()).toBe(ROOMS / PAGE);
			expect(await rows.count()).toBeLessThan(40);
		},
		LONG_MS,
	);

	test(
		"a search finds a room on any page, and it can be joined before that page is loaded",
		async () => {
			const page = await open();
			await openDialog(page);
			await field(page).fill("room-09");
			await page.getByRole("button", { name: `Join #${numbered(9_000)}`, exact: true }).waitFor();
			// The screen is full: the rest is not requested.
			await rested(page);
			expect(pages()).toBe(19);
			await field(page).fill(numbered(9_876));
			await page.getByRole("button", { name: `Join #${numbered(9_876)}`, exact: true }).waitFor();
			await field(page).press("Enter");
			const joins = (): string[] =>
				visits.server.heard.flatMap((command) => (command.case === "join" ? [command.value.room] : []));
			while (joins().length === 0) await page.evaluate(() => new Promise(requestAnimationFrame));
			expect(["r-9876", `#${numbered(9_876)}`]).toContain(joins()[0] ?? "");
		},
		LONG_MS,
	);

	test(
		"a free name is offered to be created, and a taken one is not, without loading all rooms first",
		async () => {
			const page = await visits.open({
				user: ann,
				rooms: [tea()],
				// After the first page the list is not answered any more.
				react: (command) => (command.case === "rooms" && command.value.after !== "" ? "silent" : thousands(command)),
			});
			await openDialog(page);
			await field(page).fill("nobody-has-this");
			await page.getByRole("button", { name: "Create #nobody-has-this" }).waitFor();
			await field(page).fill(numbered(9_999));
			await page.getByRole("button", { name: `Join #${numbered(9_999)}`, exact: true }).waitFor();
			expect(await page.getByRole("button", { name: /^Create/ }).count()).toBe(0);
		},
		LONG_MS,
	);

	test(
		"a list and a name that the server refuses temporarily are requested again, and after longer the user can retry",
		async () => {
			let refusals = 0;
			let refuse = (): boolean => ++refusals <= 2;
			let retryAfterMs = 50;
			const page = await visits.open({
				user: ann,
				rooms: [tea()],
				react: (command) =>
					(command.case === "rooms" || command.case === "who") && refuse()
						? { case: "failure", value: { code: "rate_limited", retry: true, retryAfterMs } }
						: thousands(command),
			});
			await openDialog(page);
			expect(await page.getByText("could not be listed").count()).toBe(0);
			refuse = () => true;
			retryAfterMs = 60_000;
			await field(page).fill("nobody-has-this");
			await page.getByText("The rooms could not be listed.").waitFor();
			const lefts = await page.evaluate(() =>
				["dialog[open] label", ".found > .hint", ".found > .link"].map((selector) => {
					const words = document.createRange();
					words.selectNodeContents(document.querySelector(selector) ?? document.body);
					return Math.round(words.getBoundingClientRect().left);
				}),
			);
			expect(new Set(lefts).size).toBe(1);
			refuse = () => false;
			await page.getByRole("button", { name: "Try again" }).click();
			await page.getByRole("button", { name: "Create #nobody-has-this" }).waitFor();
		},
		LONG_MS,
	);

	test(
		"an address of a room far down the list offers to join it, and one of no room to create it, with one page of the list loaded",
		async () => {
			const page = await open(`#${numbered(9_999)}`);
			await page.getByRole("button", { name: `Join #${numbered(9_999)}`, exact: true }).waitFor();
			expect(pages()).toBe(1);
			await page.goto(`${visits.server.url}#nobody-has-this`);
			await page.getByRole("button", { name: "Create #nobody-has-this" }).waitFor();
		},
		LONG_MS,
	);
});
