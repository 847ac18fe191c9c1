// The page in a real browser, on the real server.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { ServerProcess } from "@verbatim/testkit";
import { type BrowserProfile, CHROMIUM_MISSING, findChromium, openBrowser, type TestBrowser } from "@verbatim/testkit/browser";
import { composer, enter, hear, join, say, settled, textsOn } from "../support/people.ts";

const LONG_MS = 90_000;
/** All messages of these tests fit on the screen. */
const TALL = { viewport: { width: 1_100, height: 2_400 } };

describe.skipIf(findChromium() === undefined)(`the page in a browser (${CHROMIUM_MISSING})`, () => {
	let server: ServerProcess;
	let browser: TestBrowser;
	let profiles: BrowserProfile[] = [];

	beforeAll(async () => {
		server = await ServerProcess.prepare({ flags: ["--limits.sendsPerSecond", "1000", "--limits.sendsBurst", "1000"] });
		await server.start();
		browser = await openBrowser();
	}, LONG_MS);

	afterEach(async () => {
		const faults = profiles.flatMap((profile) => profile.faults);
		for (const profile of profiles) await profile.close();
		profiles = [];
		// No policy violation, exception or console error in any test.
		expect(faults).toEqual([]);
	});

	afterAll(async () => {
		await browser?.close();
		await server?.remove();
	}, LONG_MS);

	async function profile(name: string, options = {}): Promise<BrowserProfile> {
		const one = await browser.newProfile({ ...TALL, ...options });
		profiles.push(one);
		await enter(one.page, server.http, name);
		return one;
	}

	test(
		"a guest signs in by name, and two guests see each other's messages",
		async () => {
			const ann = await profile("ann");
			await join(ann.page, "tea");
			const bob = await profile("bob");
			await join(bob.page, "tea");
			await say(ann.page, "hello *bob*,\n  two  spaces and a <b>tag</b>");
			await hear(bob.page, "hello *bob*");
			expect(await textsOn(bob.page)).toEqual(["hello *bob*,\n  two  spaces and a <b>tag</b>"]);
			await composer(bob.page).pressSequentially("h");
			await ann.page.getByText("bob is writing…").waitFor();
			await say(bob.page, "hello ann");
			await hear(ann.page, "hello ann");
			await settled(ann.page);
			expect(await ann.page.title()).toBe("#tea · Verbatim");
		},
		LONG_MS,
	);

	test(
		"a reload resumes as the same user, in the same room, with the draft",
		async () => {
			const { page } = await profile("cleo");
			await join(page, "reload");
			await say(page, "before");
			await settled(page);
			await composer(page).fill("half a thou");
			await page.reload();
			await hear(page, "before");
			expect(await composer(page).inputValue()).toBe("half a thou");
			expect(await page.locator(".me-name").textContent()).toBe("cleo");
		},
		LONG_MS,
	);

	test(
		"two tabs of one guest each keep their own draft, and send each message once and in order",
		async () => {
			const one = await profile("cora");
			await join(one.page, "tabs");
			await composer(one.page).fill("half a thought of the first");
			const second = await one.tab();
			await second.goto(`${server.http}/#tabs`);
			await composer(second).waitFor();
			for (const text of ["one", "two", "three"]) await say(second, text);
			await hear(one.page, "three");
			await composer(second).fill("and of the second");
			await Promise.all([one.page.reload(), second.reload()]);
			await hear(one.page, "three");
			await hear(second, "three");
			expect(await composer(one.page).inputValue()).toBe("half a thought of the first");
			expect(await composer(second).inputValue()).toBe("and of the second");
			await Promise.all([one.page, second].map(settled));
			for (const page of [one.page, second]) expect(await textsOn(page)).toEqual(["one", "two", "three"]);

			// Signing out in one removes the draft in the other.
			await one.page.getByRole("button", { name: "Account menu" }).click();
			await one.page.getByRole("button", { name: "Sign out" }).click();
			await one.page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
			await second.getByRole("button", { name: "Enter" }).waitFor();
			const left = await second.evaluate(() =>
				[sessionStorage, localStorage].flatMap((kept) => Object.keys(kept).filter((key) => key.startsWith("verbatim.draft."))),
			);
			expect(left).toEqual([]);
		},
		LONG_MS,
	);

	test(
		"a send whose answer is lost in a reload is in the log once",
		async () => {
			const { page } = await profile("dora");
			await join(page, "once");
			// From here on the page's messages reach the server, and the server's do not reach the page.
			await page.routeWebSocket(/\/ws$/, (socket) => {
				const onward = socket.connectToServer();
				let welcomed = false;
				onward.onMessage((message) => {
					if (!welcomed) socket.send(message);
					welcomed = true;
				});
			});
			await page.reload();
			await page.getByRole("link", { name: "once" }).click();
			for (const text of ["one", "two", "three"]) await say(page, text);
			await page.locator(".message-sent").nth(2).waitFor();
			// The second is lost, too.
			await page.reload();
			await page.locator(".message-sent").nth(2).waitFor();
			await page.unrouteAll();

			const fresh = await profiles[0]?.tab();
			if (fresh === undefined) throw new Error("no profile");
			await page.close();
			await fresh.goto(`${server.http}/#once`);
			await hear(fresh, "three");
			await settled(fresh);
			expect(await textsOn(fresh)).toEqual(["one", "two", "three"]);
			const witness = await profile("ella");
			await join(witness.page, "once");
			await hear(witness.page, "three");
			expect(await textsOn(witness.page)).toEqual(["one", "two", "three"]);
		},
		LONG_MS,
	);

	test(
		"two users send while the server is killed and restarted; no message is lost or duplicated",
		async () => {
			const eve = await profile("eve");
			await join(eve.page, "storm");
			const finn = await profile("finn");
			await join(finn.page, "storm");
			const lines = 12;
			const type = async ({ page }: BrowserProfile, name: string): Promise<void> => {
				for (let i = 1; i <= lines; i++) await say(page, `${name} ${i}`);
			};
			const typed = Promise.all([type(eve, "eve"), type(finn, "finn")]);
			await hear(finn.page, "eve 2");
			await server.stop("SIGKILL");
			await server.start();
			await typed;
			for (const { page } of [eve, finn]) {
				await hear(page, `eve ${lines}`);
				await hear(page, `finn ${lines}`);
				await settled(page);
			}
			const seen = await textsOn(eve.page);
			expect(await textsOn(finn.page)).toEqual([...seen]);
			for (const name of ["eve", "finn"]) {
				const own = seen.filter((text) => text.startsWith(name));
				expect(own).toEqual(Array.from({ length: lines }, (_, i) => `${name} ${i + 1}`));
			}
		},
		LONG_MS,
	);

	test(
		"a registered user signs in with name and password; a wrong one is shown with the server's message",
		async () => {
			const one = await browser.newProfile();
			profiles.push(one);
			const { page } = one;
			await page.goto(server.http);
			const way = async (tab: string, password: string): Promise<void> => {
				await page.getByRole("button", { name: tab, exact: true }).first().click();
				await page.getByLabel("Name").fill("gwen");
				await page.getByLabel("Password").fill(password);
				await page.getByLabel("Password").press("Enter");
			};
			await way("Register", "a long enough password");
			await page.getByText("Welcome, gwen").waitFor();
			await page.getByRole("button", { name: "Account menu" }).click();
			await page.getByRole("button", { name: "Sign out" }).click();
			await way("Log in", "not the password");
			await page.getByRole("alert").getByText("Name or password is wrong").waitFor();
			await way("Log in", "a long enough password");
			await page.getByText("Welcome, gwen").waitFor();
		},
		LONG_MS,
	);

	test(
		"an address opens its room: an offer to join, then the room; and unread messages are counted",
		async () => {
			const hana = await profile("hana");
			await join(hana.page, "link");
			const ivan = await browser.newProfile(TALL);
			profiles.push(ivan);
			await enter(ivan.page, `${server.http}/#link`, "ivan");
			await ivan.page.getByRole("button", { name: "Join #link" }).click();
			await composer(ivan.page).waitFor();
			await join(ivan.page, "elsewhere");
			await say(hana.page, "are you there?");
			await ivan.page.getByRole("link", { name: /link.*unread 1 message/ }).waitFor();
			await ivan.page.waitForFunction(() => document.title.startsWith("(1)"));
			// A reload loses none of it, once it is stored.
			await ivan.page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith("verbatim.seen.")));
			await ivan.page.reload();
			await ivan.page.getByRole("link", { name: /link.*unread 1 message/ }).click();
			await hear(ivan.page, "are you there?");
			await ivan.page.getByText("New", { exact: true }).waitFor();
			await ivan.page.waitForFunction(() => document.title === "#link · Verbatim");
		},
		LONG_MS,
	);

	test(
		"a private room is joined by invitation, which may also be declined, and users find each other by name",
		async () => {
			const jan = await profile("jan");
			const kim = await profile("kim");
			await jan.page.getByRole("button", { name: "Find or create a room" }).first().click();
			await jan.page.getByLabel("Find a room, or name a new one").fill("party");
			await jan.page.getByLabel(/^Private/).check();
			await jan.page.getByRole("button", { name: "Create #party" }).click();
			await jan.page.getByRole("button", { name: /^About this room/ }).click();
			await jan.page.getByLabel("Invite", { exact: true }).fill("kim");
			await jan.page.getByLabel("Invite", { exact: true }).press("Enter");
			await jan.page.getByText("kim is invited to #party").waitFor();
			await kim.page.getByRole("button", { name: "Decline invitation to #party" }).click();
			await kim.page.getByRole("button", { name: "Join #party" }).waitFor({ state: "detached" });
			await jan.page.getByLabel("Invite", { exact: true }).fill("kim");
			await jan.page.getByLabel("Invite", { exact: true }).press("Enter");
			await jan.page.keyboard.press("Escape");
			await kim.page.getByRole("button", { name: "Join #party" }).click();
			await kim.page.getByText("kim joined").waitFor();

			await kim.page.getByRole("button", { name: "New direct message" }).first().click();
			await kim.page.getByLabel("To whom?").fill("nobody-of-this-name");
			await kim.page.getByRole("button", { name: "Begin" }).click();
			await kim.page.getByRole("alert").getByText("There is no such user").waitFor();
			await kim.page.getByLabel("To whom?").fill("jan");
			await kim.page.getByRole("button", { name: "Begin" }).click();
			await kim.page.getByRole("heading", { name: "jan", exact: true }).waitFor();
			await say(kim.page, "just between us");
			await jan.page.getByRole("link", { name: /kim.*unread 1 message/ }).click();
			await hear(jan.page, "just between us");
		},
		LONG_MS,
	);
});
