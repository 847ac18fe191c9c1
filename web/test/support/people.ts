// Users' actions on the page, by the accessible names and roles.
import type { Page } from "playwright-core";

/** Long enough for a busy machine. */
export const PATIENCE_MS = 30_000;

/** Opens the page at `url` and signs in as a guest. */
export async function enter(page: Page, url: string, name: string): Promise<void> {
	page.setDefaultTimeout(PATIENCE_MS);
	await page.goto(url);
	await page.getByLabel("Name").fill(name);
	await page.getByRole("button", { name: "Enter" }).click();
	// On a narrow screen it exists, hidden.
	await page.locator(".sidebar").waitFor({ state: "attached" });
}

/** Opens the room from the list, or creates it. */
export async function join(page: Page, room: string): Promise<void> {
	await page.getByRole("button", { name: "Find or create a room" }).first().click();
	await page.getByLabel("Find a room, or name a new one").fill(room);
	const dialog = page.getByRole("dialog");
	await dialog.getByRole("button", { name: new RegExp(`^(Join|Open|Create) #${room}$`) }).click();
	await page.getByRole("heading", { name: room, exact: true }).waitFor();
	await composer(page).waitFor();
}

export function composer(page: Page): ReturnType<Page["locator"]> {
	return page.locator("#composer");
}

export async function say(page: Page, text: string): Promise<void> {
	await composer(page).fill(text);
	await composer(page).press("Enter");
}

/** Resolves when the page shows a message with exactly this text. */
export async function hear(page: Page, text: string): Promise<void> {
	await page.locator(".message-text", { hasText: text }).first().waitFor();
}

/** The texts of the messages on the screen, as they are read. */
export function textsOn(page: Page): Promise<readonly string[]> {
	return page.locator(".message-text").evaluateAll((all) => all.map((one) => one.firstChild?.textContent ?? ""));
}

/** Resolves when the page is connected and nothing waits to be sent. */
export async function settled(page: Page): Promise<void> {
	await page.waitForFunction(() => document.querySelector(".banner, .message-waiting, .message-sent") === null, undefined, {
		timeout: PATIENCE_MS,
	});
}

/** Resolves when the outbox on the browser's disk holds exactly `count` sends. */
export async function keptSends(page: Page, count: number): Promise<void> {
	const holds = (wanted: number): Promise<boolean> =>
		new Promise((resolve) => {
			const opening = indexedDB.open("verbatim-outbox");
			opening.onsuccess = () => {
				const counting = opening.result.transaction("sends").objectStore("sends").count();
				counting.onsuccess = () => {
					opening.result.close();
					resolve(counting.result === wanted);
				};
			};
		});
	await page.waitForFunction(holds, count, { timeout: PATIENCE_MS });
}
