// A real browser for tests: Debian's Chromium, headless, driven by playwright-core, with nothing of its own going over the
// network. A page remembers what it must not do: break its content security policy or trusted types, throw, or log an error.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Where a Chromium may be, in the order of preference; `CHROMIUM` in the environment goes first. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"] as const;

/** The path of a Chromium, or undefined: then tests that need one are skipped, and say `CHROMIUM_MISSING`. */
export function findChromium(): string | undefined {
	return [process.env.CHROMIUM, ...PLACES].find((path) => path !== undefined && path !== "" && existsSync(path));
}

export const CHROMIUM_MISSING = "needs Chromium: install the package chromium, or set CHROMIUM to its path";

export interface TestBrowser {
	/** A new profile: no cookies, no storage shared with others. */
	newProfile(options?: BrowserContextOptions): Promise<BrowserProfile>;
	close(): Promise<void>;
}

/** A browser context: a user of the page, with cookies and storage of its own. */
export interface BrowserProfile {
	readonly page: Page;
	readonly context: BrowserContext;
	/** What the page did wrong so far: broken policies, exceptions, errors on the console. Empty if all is well. */
	readonly faults: readonly string[];
	/** Another tab of the same profile. */
	tab(): Promise<Page>;
	close(): Promise<void>;
}

/** Starts a browser. Throws if there is no Chromium. */
export async function openBrowser(): Promise<TestBrowser> {
	const executablePath = findChromium();
	if (executablePath === undefined) throw new Error(CHROMIUM_MISSING);
	const home = await mkdtemp(join(tmpdir(), "verbatim-chromium-"));
	const browser: Browser = await chromium.launch({
		executablePath,
		headless: true,
		// Scroll bars are used and take room, as on a desktop.
		ignoreDefaultArgs: ["--hide-scrollbars"],
		env: { ...process.env, HOME: home },
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
		],
	});
	return {
		async newProfile(options = {}) {
			const context = await browser.newContext({ locale: "en-GB", ...options });
			const faults: string[] = [];
			await context.exposeFunction("tellFault", (fault: string) => {
				faults.push(fault);
			});
			await context.addInitScript(WATCH_POLICIES);
			context.on("weberror", (error) => faults.push(`exception: ${error.error().message}`));
			context.on("console", (message) => {
				if (message.type() === "error" && !isNetworkNoise(message.text())) faults.push(`console: ${message.text()}`);
			});
			return {
				page: await context.newPage(),
				context,
				faults,
				tab: () => context.newPage(),
				close: () => context.close(),
			};
		},
		async close() {
			await browser.close();
			await rm(home, { recursive: true, force: true });
		},
	};
}

// As text, since it runs in the page.
const WATCH_POLICIES = `document.addEventListener("securitypolicyviolation", (event) => {
	tellFault("policy: " + event.effectiveDirective + " blocked " + (event.blockedURI || "inline") + " " + event.sample);
});`;

/** A server that is away on purpose makes the browser complain; that is no fault of the page. */
function isNetworkNoise(text: string): boolean {
	return /^WebSocket connection to|ERR_CONNECTION_REFUSED|ERR_SOCKET_NOT_CONNECTED|Failed to load resource: (net::|the server responded with a status of 503)/u.test(
		text,
	);
}
