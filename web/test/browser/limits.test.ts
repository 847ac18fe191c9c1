// The page at the server's limits of connections and log-ins for its address.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { ServerProcess } from "@verbatim/testkit";
import { type BrowserProfile, CHROMIUM_MISSING, findChromium, openBrowser, type TestBrowser } from "@verbatim/testkit/browser";
import { ann, bob, message } from "../support/entries.ts";
import { hear, join, PATIENCE_MS } from "../support/people.ts";
import { type ScriptedServer, scriptedRoom, scriptedServer } from "../support/scripted-server.ts";

const LONG_MS = 90_000;

describe.skipIf(findChromium() === undefined)(`limits of an address in a browser (${CHROMIUM_MISSING})`, () => {
	let browser: TestBrowser;
	let profile: BrowserProfile | undefined;
	let scripted: ScriptedServer | undefined;
	let real: ServerProcess | undefined;

	beforeAll(async () => {
		browser = await openBrowser();
	}, LONG_MS);

	afterEach(async () => {
		const faults = profile?.faults ?? [];
		await profile?.close();
		await scripted?.stop();
		await real?.remove();
		profile = scripted = real = undefined;
		expect(faults).toEqual([]);
	}, LONG_MS);

	afterAll(async () => {
		await browser?.close();
	}, LONG_MS);

	test(
		"at the limit of connections the page loads, says so and when it retries, and connects once there is room",
		async () => {
			real = await ServerProcess.prepare({ flags: ["--limits.connectionsPerAddress", "1"] });
			await real.start();
			const held = new WebSocket(`${real.http.replace("http", "ws")}/ws`);
			await new Promise((resolve) => held.addEventListener("open", resolve));
			profile = await browser.newProfile();
			const { page } = profile;
			page.setDefaultTimeout(PATIENCE_MS);
			await page.goto(real.http);
			await page.getByLabel("Name").fill("ann");
			await page.getByRole("button", { name: "Enter" }).click();
			await page.getByText(/^Trying again in \d+ s/).waitFor();
			await page.getByText("Too many connections from your IP address", { exact: true }).waitFor();
			held.close();
			await join(page, "tea");
		},
		LONG_MS,
	);

	test(
		"at the limit of log-ins the page keeps waiting, says until when and why, and stops on request",
		async () => {
			let refusals = 0;
			scripted = await scriptedServer({
				user: ann,
				rooms: [scriptedRoom("tea", [message(1, bob, "hello")])],
				react(command) {
					if (command.case !== "hello" || ++refusals > 2) return undefined;
					const message = "too many log-ins from this address";
					return { case: "failure", value: { code: "rate_limited", message, retry: true, retryAfterMs: 60_000 } };
				},
			});
			profile = await browser.newProfile();
			const { page } = profile;
			page.setDefaultTimeout(PATIENCE_MS);
			await page.clock.install();
			await page.goto(scripted.url);
			const logIn = async (): Promise<void> => {
				await page.getByLabel("Name").fill(ann.name);
				await page.getByRole("button", { name: "Enter" }).click();
				await page.getByText(/^Trying again in \d+ s/).waitFor();
				await page.getByText("Too many log-ins from this address", { exact: true }).waitFor();
			};
			await logIn();
			await page.getByRole("button", { name: "Cancel" }).click();
			await page.getByRole("button", { name: "Enter" }).waitFor();
			await page.clock.fastForward(120_000);
			expect(refusals).toBe(1);
			expect(await page.getByRole("alert").count()).toBe(0);

			await logIn();
			await page.clock.fastForward(30_000);
			await page.getByText(/^Trying again in [23]\d s/).waitFor();
			expect(await page.getByRole("alert").count()).toBe(0);
			await page.clock.fastForward(60_000);
			await hear(page, "hello");
		},
		LONG_MS,
	);
});
