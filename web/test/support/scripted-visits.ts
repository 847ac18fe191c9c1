// Visits of the page on a scripted server, in a real browser: one browser for the tests of a file, a server and a page for each
// test.
import { afterAll, afterEach, beforeAll, describe, expect } from "bun:test";
import { type BrowserProfile, CHROMIUM_MISSING, findChromium, openBrowser, type TestBrowser } from "@verbatim/testkit/browser";
import type { BrowserContextOptions, Page } from "playwright-core";
import { enter } from "./people.ts";
import { type Script, type ScriptedServer, scriptedServer } from "./scripted-server.ts";

/** For a whole test. */
export const LONG_MS = 90_000;

export interface Visits {
	/** Of the newest visit. */
	readonly server: ScriptedServer;
	/** A visit as `script.user`, replacing the last one. `hash`: the address that is opened. */
	open(script: Script, options?: { readonly hash?: string } & BrowserContextOptions): Promise<Page>;
}

/** Tests that need a browser, skipped without one. After each, the page must have no violation or error. */
export function describeVisits(name: string, tests: (visits: Visits) => void): void {
	describe.skipIf(findChromium() === undefined)(`${name} (${CHROMIUM_MISSING})`, () => {
		let browser: TestBrowser;
		let server: ScriptedServer | undefined;
		let profile: BrowserProfile | undefined;

		const leave = async (): Promise<readonly string[]> => {
			const faults = profile?.faults ?? [];
			await profile?.close();
			await server?.stop();
			profile = undefined;
			server = undefined;
			return faults;
		};
		beforeAll(async () => {
			browser = await openBrowser();
		}, LONG_MS);
		afterAll(async () => {
			await browser?.close();
		}, LONG_MS);
		afterEach(async () => {
			expect(await leave()).toEqual([]);
		}, LONG_MS);

		tests({
			get server() {
				if (server === undefined) throw new Error("nobody has come");
				return server;
			},
			async open(script, { hash = "", ...options } = {}) {
				expect(await leave()).toEqual([]);
				server = await scriptedServer(script);
				profile = await browser.newProfile({ viewport: { width: 1_000, height: 700 }, ...options });
				await enter(profile.page, server.url + hash, script.user.name);
				return profile.page;
			},
		});
	});
}
