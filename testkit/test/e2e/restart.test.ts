// Four in a room: two in browsers, one with the SDK over TCP, one with nc. All of them go on typing while the server is stopped,
// or killed, and started again. Nobody loses a line, nobody says one twice, all see the same.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CHROMIUM_MISSING, findChromium, openBrowser, type TestBrowser } from "../../src/browser.ts";
import { ClientDriver } from "../../src/e2e/client-driver.ts";
import type { Driver } from "../../src/e2e/driver.ts";
import { LineDriver } from "../../src/e2e/line-driver.ts";
import { PageDriver } from "../../src/e2e/page-driver.ts";
import { eventually } from "../../src/e2e/waiting.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

/** A page that finds the server away waits longer each time, up to 30 s with full jitter; a busy machine makes it find it away often. */
const FURTHER_MS = 150_000;
const TEST_MS = 400_000;
/** Each way to end a server, with the room and the people of its own: a page that lost it twice in a row would wait for long. */
const ENDS = [
	{ signal: "SIGTERM", exit: 0, room: "tea", names: ["ann", "bob", "cid", "dan"] },
	{ signal: "SIGKILL", exit: "SIGKILL", room: "den", names: ["eve", "fay", "gus", "hal"] },
] as const;
const chromium = findChromium();

describe.skipIf(chromium === undefined)(
	`a restart while four type${chromium === undefined ? ` (${CHROMIUM_MISSING})` : ""}`,
	() => {
		let server: ServerProcess;
		let browser: TestBrowser;

		beforeAll(async () => {
			server = await ServerProcess.prepare({ flags: ["--log.level=warn"] });
			await server.start();
			browser = await openBrowser();
		}, TEST_MS);

		afterAll(async () => {
			await browser.close();
			await server.remove();
		}, TEST_MS);

		for (const { signal, exit, room, names } of ENDS) {
			test(
				`${signal}: no line is lost or doubled, and all see the same order`,
				async () => {
					const all: Driver[] = [];
					const here = <T extends Driver>(driver: T): T => {
						all.push(driver);
						return driver;
					};
					try {
						const program = here(await ClientDriver.enter(server.tcp, names[0], room));
						const pages = [
							here(await PageDriver.enter(await browser.newProfile(), server.http, names[1], room)),
							here(await PageDriver.enter(await browser.newProfile(), server.http, names[2], room)),
						];
						const person = here(new LineDriver(names[3], server.tcpPort, room));
						for (const driver of all) driver.start();
						await furtherKnown(all, 3);
						expect(await server.stop(signal)).toBe(exit);
						// The composers take what is typed meanwhile.
						await furtherTaken(pages, 2);
						await server.start();
						await furtherKnown(all, 3);
						await Promise.all(all.map((driver) => driver.stop()));

						const { entries } = await program.log();
						const lines = entries.filter(({ what }) => what === "message").map(({ text }) => text);
						expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
						expect(lines.toSorted()).toEqual(all.flatMap(({ taken }) => taken).toSorted());
						for (const { name, taken } of all) expect(lines.filter((line) => line.startsWith(`${name} `))).toEqual([...taken]);

						for (const page of pages) {
							expect(await seenToEnd(page, lines)).toEqual(lines);
							expect(page.doubled).toEqual([]);
							await page.reload();
							expect(await seenToEnd(page, lines)).toEqual(lines);
							expect(page.faults).toEqual([]);
						}
						expect(await seenToEnd(program, lines)).toEqual(lines);
						expect(person.arrivals).toBeGreaterThanOrEqual(2);
						const remembered = await person.seen();
						expect(remembered).toEqual(lines.slice(-remembered.length));
					} finally {
						for (const driver of all) await driver.close();
					}
				},
				TEST_MS,
			);
		}
	},
);

/** What is seen once the last line is; a page may still be about to show it. */
function seenToEnd(driver: Driver, lines: readonly string[]): Promise<readonly string[]> {
	return eventually(
		async () => {
			const seen = await driver.seen();
			return seen.length >= lines.length ? seen : undefined;
		},
		() => `${driver.name} sees ${lines.length} lines`,
	);
}

async function furtherKnown(drivers: readonly Driver[], count: number): Promise<void> {
	await further(drivers, count, ({ known }) => known, "in the log");
}

async function furtherTaken(drivers: readonly Driver[], count: number): Promise<void> {
	await further(drivers, count, ({ taken }) => taken.length, "taken");
}

async function further(drivers: readonly Driver[], count: number, of: (driver: Driver) => number, what: string): Promise<void> {
	const goals = drivers.map((driver) => ({ driver, goal: of(driver) + count }));
	await eventually(
		async () => {
			for (const { trouble } of drivers) if (trouble !== undefined) throw trouble;
			return goals.every(({ driver, goal }) => of(driver) >= goal) ? true : undefined;
		},
		() => goals.map(({ driver, goal }) => `${driver.name}: ${of(driver)} of ${goal} lines ${what}`).join(", "),
		FURTHER_MS,
	);
}
