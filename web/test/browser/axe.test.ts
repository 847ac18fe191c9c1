// Accessibility: axe-core finds no violation, in any view, light, dark and on a phone.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { create, RoomSchema } from "@verbatim/protocol";
import { CHROMIUM_MISSING, findChromium, openBrowser, type TestBrowser } from "@verbatim/testkit/browser";
import type { BrowserContextOptions } from "playwright-core";
import { ann, bob, message, NOON_MS } from "../support/entries.ts";
import { composer, enter, hear, say } from "../support/people.ts";
import { type Script, type ScriptedServer, scriptedRoom, scriptedServer } from "../support/scripted-server.ts";

const LONG_MS = 120_000;

const VIEWS: readonly (readonly [string, BrowserContextOptions])[] = [
	["light", { viewport: { width: 1_280, height: 800 } }],
	["dark", { viewport: { width: 1_280, height: 800 }, colorScheme: "dark" }],
	["a phone", { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true }],
];

/** The part of axe's API that the test calls in the page. */
interface Axe {
	run(): Promise<{ violations: readonly { id: string; nodes: readonly { html: string; failureSummary?: string }[] }[] }>;
}

describe.skipIf(findChromium() === undefined)(`for everybody (${CHROMIUM_MISSING})`, () => {
	let browser: TestBrowser;
	let server: ScriptedServer;
	let axe = "";

	beforeAll(async () => {
		axe = await Bun.file(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir)).text();
		browser = await openBrowser();
		const log = Array.from({ length: 40 }, (_, i) =>
			message(i + 1, i % 9 < 4 ? bob : ann, `text ${i + 1}, see https://example.org/${i}`, NOON_MS + i * 60_000),
		);
		const react: Script["react"] = (command) =>
			command.case === "join" ? { case: "failure", value: { code: "forbidden" } } : undefined;
		server = await scriptedServer({ user: ann, rooms: [scriptedRoom("tea", log)], react });
	}, LONG_MS);

	afterAll(async () => {
		await browser?.close();
		await server?.stop();
	}, LONG_MS);

	test.each(VIEWS)(
		"nothing violates a rule of accessibility: %s",
		async (_, options) => {
			const profile = await browser.newProfile({ ...options, reducedMotion: "reduce" });
			const { page } = profile;
			const found: string[] = [];
			const look = async (where: string): Promise<void> => {
				await page.evaluate(axe);
				const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: Axe }).axe.run());
				for (const { id, nodes } of violations) found.push(`${where}: ${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
			};
			const narrow = options.isMobile === true;
			const list = async (): Promise<void> => {
				if (narrow) await page.getByRole("button", { name: /^Rooms/ }).tap();
			};

			page.setDefaultTimeout(LONG_MS / 4);
			await page.goto(server.url);
			await look("signing in");
			await page.getByRole("button", { name: "Register" }).first().click();
			await look("registering");
			await page.reload();
			await enter(page, `${server.url}#tea`, ann.name);
			await hear(page, "text 40");
			await look("a room");
			await say(page, "never answered");
			await page.locator(".message-sent").waitFor();
			await say(page, "/help");
			await page.getByRole("region", { name: "Commands" }).waitFor();
			await look("the commands");
			await say(page, "/etc/passwd");
			await page.getByText("To say it as it is").waitFor();
			await look("a command");
			await composer(page).fill("half a thought");
			await page.getByRole("button", { name: "Members", exact: true }).click();
			await look("the members");
			await page.getByRole("button", { name: "Close members" }).click();
			await page.getByRole("button", { name: /^About this room/ }).click();
			await look("about the room");
			await page.keyboard.press("Escape");
			await list();
			server.push({ case: "invited", value: { room: create(RoomSchema, { id: "r-x", name: "x" }), by: bob } });
			await page.getByRole("button", { name: "Join #x" }).click();
			await page.locator(".toast").waitFor();
			await look("an invitation and a toast");
			await page.getByRole("button", { name: "Account menu" }).click();
			await page.getByRole("button", { name: "Sign out" }).click();
			await look("a question");
			await page.getByRole("button", { name: "Stay" }).click();
			await page.getByRole("button", { name: "Find or create a room" }).first().click();
			await page.getByLabel("Find a room").fill("two words");
			await look("finding a room");
			await page.keyboard.press("Escape");
			await page.getByRole("button", { name: "New direct message" }).first().click();
			await look("a direct message");
			await page.keyboard.press("Escape");
			await page.goto(`${server.url}#nothing-here`);
			await page.getByText("There is no room").waitFor();
			await look("an address of no room");
			await page.getByRole("button", { name: "Not now" }).click();
			await look("no room");
			expect(found).toEqual([]);
			expect(profile.faults).toEqual([]);
			await profile.close();
		},
		LONG_MS,
	);
});
