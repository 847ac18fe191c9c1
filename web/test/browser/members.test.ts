// Members of a room in a real browser: with a real server, and with a room of thousands.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { create, Room_Standing, UserSchema } from "@verbatim/protocol";
import { ServerProcess } from "@verbatim/testkit";
import { type BrowserProfile, CHROMIUM_MISSING, findChromium, openBrowser, type TestBrowser } from "@verbatim/testkit/browser";
import type { BrowserContextOptions, Page } from "playwright-core";
import { ann, bob, message } from "../support/entries.ts";
import { enter, hear, join, PATIENCE_MS } from "../support/people.ts";
import { type ScriptedServer, scriptedRoom, scriptedServer } from "../support/scripted-server.ts";

const LONG_MS = 90_000;
const MEMBERS = 3_000;
const numbered = (n: number): string => String(n).padStart(5, "0");

describe.skipIf(findChromium() === undefined)(`the members of a room in a browser (${CHROMIUM_MISSING})`, () => {
	let browser: TestBrowser;
	let profiles: BrowserProfile[] = [];
	let scripted: ScriptedServer | undefined;
	let real: ServerProcess | undefined;

	beforeAll(async () => {
		browser = await openBrowser();
	}, LONG_MS);

	afterEach(async () => {
		const faults = profiles.flatMap((profile) => profile.faults);
		for (const profile of profiles) await profile.close();
		profiles = [];
		await scripted?.stop();
		await real?.remove();
		scripted = undefined;
		real = undefined;
		expect(faults).toEqual([]);
	}, LONG_MS);

	afterAll(async () => {
		await browser?.close();
	}, LONG_MS);

	async function profile(url: string, name: string, options: BrowserContextOptions = {}): Promise<BrowserProfile["page"]> {
		const one = await browser.newProfile({ viewport: { width: 1_200, height: 900 }, ...options });
		profiles.push(one);
		await enter(one.page, url, name);
		return one.page;
	}

	test(
		"a joining user is shown as online to the members present, without a request",
		async () => {
			real = await ServerProcess.prepare();
			await real.start();
			const first = await profile(real.http, "ann");
			await join(first, "tea");
			const second = await profile(real.http, "bob");
			await join(second, "tea");
			for (const page of [first, second]) {
				await page.getByRole("button", { name: "Members", exact: true }).click();
				const other = page === first ? "bob" : "ann";
				await page.locator(".person", { hasText: other }).getByText(", online").waitFor({ state: "attached" });
				await page.getByText("2 members, 2 online").waitFor();
			}
		},
		LONG_MS,
	);

	test(
		"a room of thousands shows its number, is loaded while scrolling, and presence is requested for visible members",
		async () => {
			const users = Array.from({ length: MEMBERS }, (_, n) => ({ id: `u${numbered(n)}`, name: `member ${numbered(n)}` }));
			const rooms = [scriptedRoom("tea", [message(1, bob, "hello")])];
			const [{ info }] = rooms as [(typeof rooms)[number]];
			info.members = MEMBERS;
			const online = new Set([users[3]?.id, users[MEMBERS - 1]?.id]);
			scripted = await scriptedServer({
				user: ann,
				rooms,
				react: (command) => {
					if (command.case !== "who") return undefined;
					const { after, limit, users: asked, version } = command.value;
					const facts = { room: info.id, epoch: 1, version: 7, asOf: 1, total: MEMBERS, online: 42 };
					if (asked.length > 0)
						return { case: "memberList", value: { ...facts, here: asked.filter(({ id }) => online.has(id)) } };
					if (version === 7 && after === "") return { case: "memberList", value: { ...facts, same: true } };
					const following = users.filter(({ id }) => id > after);
					const page = following.slice(0, Math.min(limit, 1_000));
					const members = page.map((user) => ({ user: create(UserSchema, user), standing: Room_Standing.MEMBER }));
					const next = page.length < following.length ? (page.at(-1)?.id ?? "") : "";
					return { case: "memberList", value: { ...facts, members, next } };
				},
			});
			const asks = () => (scripted?.heard ?? []).flatMap((command) => (command.case === "who" ? [command.value] : []));
			const page = await profile(scripted.url, "ann");
			await hear(page, "hello");
			await page.getByText(`${MEMBERS.toLocaleString()} members`, { exact: true }).waitFor();
			await page.getByRole("button", { name: "Members", exact: true }).click();
			await page.getByText(`${MEMBERS.toLocaleString()} members, 42 online`).waitFor();
			await page
				.locator(".person", { hasText: `member ${numbered(3)}` })
				.first()
				.getByText(", online")
				.waitFor({ state: "attached" });
			// One page is loaded, and one screen of it rendered.
			expect(asks().filter((value) => value.users.length === 0)).toHaveLength(1);
			expect(await page.locator(".person").count()).toBeLessThan(80);
			const list = page.locator(".members-list");
			for (let end = page.locator(".person", { hasText: `member ${numbered(MEMBERS - 1)}` }); (await end.count()) === 0; ) {
				await list.evaluate((box) => box.scrollBy(0, 4_000));
				await page.waitForTimeout(0);
				end = page.locator(".person", { hasText: `member ${numbered(MEMBERS - 1)}` });
			}
			await page
				.locator(".person", { hasText: `member ${numbered(MEMBERS - 1)}` })
				.getByText(", online")
				.waitFor({ state: "attached", timeout: PATIENCE_MS });
			expect(await page.locator(".person").count()).toBeLessThan(80);
			for (const { users: asked } of asks()) expect(asked.length).toBeLessThanOrEqual(100);
			// After a cut: one request, by the cached version, and one for the visible members.
			const before = asks().length;
			scripted.open(false);
			await page.locator(".banner").waitFor();
			scripted.open(true);
			await page.waitForFunction(() => document.querySelector(".banner") === null, undefined, { timeout: PATIENCE_MS });
			while (asks().length < before + 2) await page.waitForTimeout(20);
			const again = asks().slice(before);
			expect(again.filter(({ users: asked }) => asked.length === 0)).toMatchObject([{ after: "", epoch: 1, version: 7 }]);
		},
		LONG_MS,
	);

	/** A room whose members load in pages, by id, with names in another order, and a second room. */
	async function manyMembers(count: number): Promise<ScriptedServer> {
		const users = Array.from({ length: count }, (_, n) => ({
			id: `u${numbered(n)}`,
			name: `member ${numbered((n * 7) % count)}`,
		}));
		const rooms = [scriptedRoom("big", [message(1, bob, "hello")]), scriptedRoom("tea", [message(1, bob, "tea is ready")])];
		const [{ info }] = rooms as [(typeof rooms)[number]];
		info.members = count;
		return scriptedServer({
			user: ann,
			rooms,
			react(command) {
				if (command.case !== "who" || command.value.room !== info.id) return undefined;
				const { after, limit, users: asked } = command.value;
				const facts = { room: info.id, epoch: 1, version: 7, asOf: 1, total: count, online: 1 };
				if (asked.length > 0) return { case: "memberList", value: { ...facts, here: [] } };
				const following = users.filter(({ id }) => id > after);
				const page = following.slice(0, Math.min(limit, 1_000));
				const members = page.map((user) => ({ user: create(UserSchema, user), standing: Room_Standing.MEMBER }));
				const next = page.length < following.length ? (page.at(-1)?.id ?? "") : "";
				return { case: "memberList", value: { ...facts, members, next } };
			},
		});
	}
	const namesOn = (page: Page): Promise<readonly string[]> =>
		page.locator(".people .room-name").evaluateAll((all) =>
			all
				.map((one) => ({ name: one.textContent ?? "", top: one.getBoundingClientRect().top }))
				.sort((a, b) => a.top - b.top)
				.map(({ name }) => name),
		);

	test(
		"a list that one page completes is sorted from the start, and the rest moves no row",
		async () => {
			scripted = await manyMembers(254);
			const page = await profile(`${scripted.url}#big`, "ann");
			await hear(page, "hello");
			await page.getByRole("button", { name: "Members", exact: true }).click();
			await page.locator(".person").first().waitFor();
			const first = await namesOn(page);
			expect(first[0]).toBe("member 00000");
			expect(first).toEqual([...first].sort());
			const list = page.locator(".members-list");
			for (let end = page.locator(".person", { hasText: "member 00253" }); (await end.count()) === 0; ) {
				await list.evaluate((box) => box.scrollBy(0, 1_000));
				await page.waitForTimeout(0);
				end = page.locator(".person", { hasText: "member 00253" });
			}
			await list.evaluate((box) => box.scrollTo(0, 0));
			await page.locator(".person", { hasText: "member 00000" }).waitFor();
			expect((await namesOn(page)).slice(0, 10)).toEqual(first.slice(0, 10));
		},
		LONG_MS,
	);

	test(
		"a list of thousands keeps the order of its pages, also once the last is loaded",
		async () => {
			scripted = await manyMembers(1_200);
			const page = await profile(`${scripted.url}#big`, "ann");
			await hear(page, "hello");
			await page.getByRole("button", { name: "Members", exact: true }).click();
			await page.getByText("In the order in which they came to this server").waitFor();
			await page.locator(".person").first().waitFor();
			const first = (await namesOn(page)).slice(0, 10);
			expect(first.slice(0, 3)).toEqual(["member 00000", "member 00007", "member 00014"]);
			const list = page.locator(".members-list");
			const last = `member ${numbered((1_199 * 7) % 1_200)}`;
			for (let end = page.locator(".person", { hasText: last }); (await end.count()) === 0; ) {
				await list.evaluate((box) => box.scrollBy(0, 4_000));
				await page.waitForTimeout(0);
				end = page.locator(".person", { hasText: last });
			}
			await list.evaluate((box) => box.scrollTo(0, 0));
			await page.locator(".person", { hasText: "member 00007" }).waitFor();
			expect((await namesOn(page)).slice(0, 10)).toEqual(first);
		},
		LONG_MS,
	);

	test(
		"on a phone the list closes by its header at any scroll position, by a tap outside, Escape and Back, and Back then goes to the previous page",
		async () => {
			scripted = await manyMembers(254);
			const page = await profile(`${scripted.url}#tea`, "ann", {
				viewport: { width: 390, height: 780 },
				hasTouch: true,
				isMobile: true,
			});
			await hear(page, "tea is ready");
			await page.getByRole("button", { name: "Rooms", exact: true }).tap();
			await page.getByRole("link", { name: "big" }).tap();
			await hear(page, "hello");
			const panel = page.locator(".members");
			const open = async (): Promise<void> => {
				await page.getByRole("button", { name: "Members", exact: true }).tap();
				await page.locator(".person").first().waitFor();
				await page.locator(".members-list").evaluate((box) => box.scrollTo(0, box.scrollHeight));
			};
			const closings: readonly (() => Promise<unknown>)[] = [
				() => page.getByRole("button", { name: "Close members" }).tap(),
				() => page.touchscreen.tap(20, 400),
				() => page.keyboard.press("Escape"),
				() => page.goBack(),
			];
			for (const close of closings) {
				await open();
				await close();
				await panel.waitFor({ state: "detached" });
				expect(new URL(page.url()).hash).toBe("#big");
				await hear(page, "hello");
			}
			// It leaves no entry in the history: one step back is the previous room, from where the list of rooms was opened.
			await page.goBack();
			await hear(page, "tea is ready");
			expect(new URL(page.url()).hash).toBe("#tea");
			// The list of rooms, too.
			await page.getByRole("button", { name: "Rooms", exact: true }).tap();
			await page.locator('[data-drawer="open"]').waitFor();
			await page.goBack();
			await page.locator('[data-drawer="closed"]').waitFor();
			await hear(page, "tea is ready");
		},
		LONG_MS,
	);
});
