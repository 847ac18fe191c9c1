// A driver of the web page in a browser, by keyboard and DOM: a line is taken once the composer is empty, and known once the page does not
// mark it as pending. A mutation observer reports lines that are shown twice.
import type { BrowserProfile } from "../browser.ts";
import { Driver } from "./driver.ts";
import { eventually, PATIENCE_MS } from "./waiting.ts";

export class PageDriver extends Driver {
	/** Lines that the page has shown twice. */
	readonly doubled: readonly string[];
	private readonly profile: BrowserProfile;

	private constructor(name: string, profile: BrowserProfile, doubled: readonly string[]) {
		super(name);
		this.profile = profile;
		this.doubled = doubled;
	}

	/** Opens the page at `#room`, which must exist, logs in as a guest and joins. */
	static async enter(profile: BrowserProfile, http: string, name: string, room: string): Promise<PageDriver> {
		const { page, context } = profile;
		const doubled: string[] = [];
		page.setDefaultTimeout(PATIENCE_MS);
		await context.exposeFunction("tellDoubled", (text: string) => doubled.push(text));
		await context.addInitScript(WATCH_LINES);
		await page.goto(`${http}/#${room}`);
		await page.getByLabel("Name").fill(name);
		await page.getByRole("button", { name: "Enter" }).click();
		await page.getByRole("button", { name: `Join #${room}` }).click();
		await page.locator("#composer").waitFor();
		return new PageDriver(name, profile, doubled);
	}

	/** Faults of the page: see `BrowserProfile`. */
	get faults(): readonly string[] {
		return this.profile.faults;
	}

	override async stop(): Promise<void> {
		await super.stop();
		await eventually(
			async () => {
				await this.look();
				return this.known === this.taken.length ? true : undefined;
			},
			() => `everything that ${this.name} said: ${this.known} of ${this.taken.length} are in the log`,
		);
	}

	/** Scrolls to the beginning and reads from there: the timeline renders visible rows only. */
	async seen(): Promise<readonly string[]> {
		return (await this.profile.page.evaluate(READ_THROUGH)) as string[];
	}

	/** Reloads the page. */
	async reload(): Promise<void> {
		await this.profile.page.reload();
		await this.profile.page.locator("#composer").waitFor();
	}

	close(): Promise<void> {
		return this.profile.close();
	}

	protected async type(): Promise<void> {
		const composer = this.profile.page.locator("#composer");
		while (!this.stopping) {
			const line = `${this.name} ${this.taken.length}`;
			await composer.pressSequentially(line);
			await composer.press("Enter");
			await eventually(
				async () => ((await composer.inputValue()) === "" ? true : undefined),
				() => `the composer takes ${line}`,
			);
			this.taken.push(line);
			await this.look();
		}
	}

	/** What is not on its way any more, and has not failed, is in the log. */
	private async look(): Promise<void> {
		const open = (await this.profile.page.evaluate(ON_THEIR_WAY)) as number | null;
		if (open !== null) this.known = this.taken.length - open;
	}
}

/** In the page: the text of a message. What stands beside it (a clock, a check) is no text of it. */
const TEXT_OF = `(line) => Array.from(line.childNodes, (node) => node.nodeType === Node.TEXT_NODE ? node.data : "").join("")`;

/** In the page: messages at its end that are on their way or have failed; null if not all of them can be seen. */
const ON_THEIR_WAY = `(() => {
	const rows = [...document.querySelectorAll(".message")];
	const open = rows.filter((row) => row.matches(".message-waiting, .message-sent, .message-failed")).length;
	return open < rows.length ? open : null;
})()`;

/** In the page: goes to the beginning of the log, and from there to its end; gives the texts of all messages, in order. */
const READ_THROUGH = `(async () => {
	const box = document.querySelector(".timeline-scroller");
	const painted = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
	while (document.querySelector(".beginning") === null) {
		box.scrollTop = 0;
		await painted();
	}
	const texts = new Map();
	for (box.scrollTop = 0; ; box.scrollTop += box.clientHeight / 2) {
		await painted();
		for (const row of document.querySelectorAll("[data-index]")) {
			const line = row.querySelector(".message-text");
			if (line !== null) texts.set(Number(row.dataset.index), (${TEXT_OF})(line));
		}
		if (box.scrollTop + box.clientHeight >= box.scrollHeight - 1) break;
	}
	return [...texts].sort(([a], [b]) => a - b).map(([, text]) => text);
})()`;

/** In the page: all lines of a test differ, so a text that is there twice is a line that was doubled. */
const WATCH_LINES = `new MutationObserver(() => {
	const lines = Array.from(document.querySelectorAll(".message-text"), ${TEXT_OF});
	if (new Set(lines).size === lines.length) return;
	for (const line of new Set(lines)) if (lines.indexOf(line) !== lines.lastIndexOf(line)) tellDoubled(line);
}).observe(document, { childList: true, subtree: true });`;
