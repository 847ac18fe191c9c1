// Users' mistakes: nothing is lost without confirmation, nothing is offered that would be refused, and no command is sent as a
// message.
import { expect, test } from "bun:test";
import { create, type DownBody, FailureSchema, Room_Kind, Room_Standing, RoomSchema } from "@verbatim/protocol";
import type { BrowserContextOptions, Locator, Page } from "playwright-core";
import { ann, bob, message, NOON_MS } from "../support/entries.ts";
import { composer, hear, say } from "../support/people.ts";
import { type Script, type ScriptedRoom, scriptedRoom } from "../support/scripted-server.ts";
import { describeVisits, LONG_MS } from "../support/scripted-visits.ts";

const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };

describeVisits("haste and mistakes in a browser", (visits) => {
	const open = (
		rooms: readonly ScriptedRoom[],
		{ react, ...options }: Pick<Script, "react"> & { readonly hash?: string } & BrowserContextOptions = {},
	): Promise<Page> => visits.open({ user: ann, rooms, ...(react === undefined ? {} : { react }) }, options);

	const heard = (what: string): number => visits.server.heard.filter((command) => command.case === what).length;
	const tea = (): ScriptedRoom => scriptedRoom("tea", [message(1, bob, "hello")]);
	const signOut = async (page: Page): Promise<void> => {
		await page.getByRole("button", { name: "Account menu" }).click();
		await page.getByRole("button", { name: "Sign out" }).click();
	};

	test(
		"a guest who signs out is shown what is lost, and stays unless it is confirmed",
		async () => {
			const page = await open([tea()]);
			await hear(page, "hello");
			await say(page, "never answered");
			await page.locator(".message-sent").waitFor();
			await composer(page).fill("half a thou");
			await signOut(page);
			const question = page.getByRole("dialog", { name: "Sign out?" });
			await question.getByText("nobody can come back as ann").waitFor();
			await question.getByText("1 message is not sent yet, and will never be.").waitFor();
			await question.getByText("begun to write in 1 room").waitFor();
			// Enter first cancels.
			await page.keyboard.press("Enter");
			await question.waitFor({ state: "detached" });
			expect(await composer(page).inputValue()).toBe("half a thou");
			await page.reload();
			await page.locator(".message-sent").waitFor();
			await signOut(page);
			await question.getByRole("button", { name: "Sign out" }).click();
			await page.getByRole("button", { name: "Enter" }).waitFor();
			expect(await page.getByText("You are no longer in").count()).toBe(0);
		},
		LONG_MS,
	);

	test(
		"a send that the server cannot store shows why it waits, and is kept",
		async () => {
			const page = await open([tea()], {
				react: (command) =>
					command.case === "send"
						? { case: "failure", value: create(FailureSchema, { code: "unavailable", retry: true, retryAfterMs: 300 }) }
						: undefined,
			});
			await hear(page, "hello");
			await say(page, "not yet");
			await page.getByText("Not sent yet: the server cannot store anything").filter({ visible: true }).last().waitFor();
			expect(await page.locator(".on-its-way").getAttribute("title")).toContain("cannot store");
			await page.locator(".unsent").waitFor();
		},
		LONG_MS,
	);

	test(
		"signing in as another user while disconnected asks for confirmation, too",
		async () => {
			const page = await open([tea()]);
			await hear(page, "hello");
			visits.server.open(false);
			await page.reload();
			await page.getByRole("button", { name: "Sign in as somebody else" }).click();
			await page.getByRole("dialog").getByText("You are here as a guest").waitFor();
			await page.getByRole("button", { name: "Stay" }).click();
			visits.server.open(true);
			await hear(page, "hello");
		},
		LONG_MS,
	);

	test(
		"leaving asks for confirmation where it cannot be undone, and only there",
		async () => {
			const own = scriptedRoom("own", [message(1, bob, "hello")], Room_Kind.PRIVATE);
			const open_ = scriptedRoom("open", [message(1, bob, "hello")]);
			open_.info.standing = Room_Standing.MEMBER;
			const page = await open([own, open_], {
				hash: "#own",
				react: (command) => (command.case === "leave" ? { case: "done", value: {} } : undefined),
			});
			await hear(page, "hello");
			const leave = async (name: string): Promise<void> => {
				await page.getByRole("button", { name: /^About this room/ }).click();
				await page.getByRole("button", { name: `Leave #${name}` }).click();
			};
			await leave("own");
			await page.getByRole("dialog", { name: "Leave #own?" }).getByText("You are its only owner").waitFor();
			await page.keyboard.press("Escape");
			await page.getByRole("dialog").waitFor({ state: "detached" });
			expect(heard("leave")).toBe(0);
			await leave("own");
			await page.getByRole("button", { name: "Leave", exact: true }).click();
			await until(() => heard("leave") === 1);

			await page.getByRole("link", { name: "open" }).click();
			await page.getByRole("heading", { name: "open", exact: true }).waitFor();
			await leave("open");
			await until(() => heard("leave") === 2);
			expect(await page.getByRole("dialog").count()).toBe(0);
		},
		LONG_MS,
	);

	test(
		"the time beside a message does not overlap its text, with a clock of twelve hours and on a phone",
		async () => {
			const log = Array.from({ length: 6 }, (_, i) => message(i + 1, bob, `text ${i + 1}`, NOON_MS + i * 30_000));
			for (const locale of ["en-US", "ko-KR", "fr-CA"]) {
				for (const view of [{ viewport: { width: 1_000, height: 700 } }, PHONE]) {
					const page = await open([scriptedRoom("tea", log)], { locale, timezoneId: "America/New_York", ...view });
					await hear(page, "text 6");
					await page.locator(".message", { hasText: "text 6" }).hover();
					const time = await box(page.locator(".message-aside time").last());
					const text = await box(page.locator(".message-text").last());
					expect(time.x).toBeGreaterThanOrEqual(0);
					expect(time.x + time.width).toBeLessThanOrEqual(text.x - 4);
				}
			}
		},
		LONG_MS,
	);

	test(
		"a toast is above an open dialog, can be dismissed there, and never covers Send",
		async () => {
			const refused: DownBody = { case: "failure", value: { code: "forbidden" } };
			const options = { react: (command: { case?: string }) => (command.case === "join" ? refused : undefined) };
			for (const view of [{ viewport: { width: 1_000, height: 700 } }, PHONE]) {
				const page = await open([tea()], { ...options, ...view } as never);
				await hear(page, "hello");
				visits.server.push({ case: "invited", value: { room: create(RoomSchema, { id: "r-x", name: "x" }), by: bob } });
				const narrow = view === PHONE;
				if (narrow) await page.getByRole("button", { name: "Rooms", exact: true }).tap();
				await page.getByRole("button", { name: "Join #x" }).click();
				const toast = page.locator(".toast");
				await toast.waitFor();
				if (narrow) await page.keyboard.press("Escape");
				const [send, there] = [await box(page.getByRole("button", { name: "Send" })), await box(toast)];
				const apart = there.y + there.height <= send.y || there.y >= send.y + send.height;
				expect(apart).toBe(true);

				if (narrow) await page.getByRole("button", { name: "Rooms", exact: true }).tap();
				await page.getByRole("button", { name: "New direct message" }).first().click();
				await page.getByRole("dialog").waitFor();
				await page.getByRole("button", { name: "Dismiss" }).click();
				await toast.waitFor({ state: "detached" });
				await page.getByRole("dialog").waitFor();
			}
		},
		LONG_MS,
	);

	test(
		"no button creates a room whose name would be refused; the reason is shown",
		async () => {
			const page = await open([tea()]);
			await hear(page, "hello");
			await page.getByRole("button", { name: "Find or create a room" }).first().click();
			const field = page.getByLabel("Find a room, or name a new one");
			const dialog = page.getByRole("dialog");
			for (const [name, why] of [
				["two words", "a space"],
				["dev-", "a name ends with a letter or a digit"],
				["a..b", ". _ and - stand singly"],
				["😀", "is not allowed in a name"],
				["x".repeat(33), "at most 32 characters"],
			] as const) {
				await field.fill(name);
				await dialog.getByText(why).waitFor();
				expect(await dialog.getByRole("button", { name: /^Create/ }).count()).toBe(0);
				await field.press("Enter");
			}
			await field.fill("dev-ops");
			await dialog.getByRole("button", { name: "Create #dev-ops" }).waitFor();
			expect(heard("create")).toBe(0);
			await page.keyboard.press("Escape");

			await page.getByRole("button", { name: /^About this room/ }).click();
			await page.getByLabel("New name").fill("no way");
			await page.getByRole("button", { name: "Rename", exact: true }).click();
			await page.getByRole("alert").getByText("a space").waitFor();
			expect(heard("rename")).toBe(0);
		},
		LONG_MS,
	);

	test(
		"a line that begins with / is not sent by accident; // and a button send it as typed",
		async () => {
			const page = await open([tea()]);
			await hear(page, "hello");
			for (const [line, words] of [
				["/join mate", "+ beside “Rooms”"],
				["/nick bob", "under the other name"],
				["/shrug", "There is no command /shrug; /help lists them."],
				["/", "What begins with / is a command; /help lists them."],
			] as const) {
				await say(page, line);
				await page.getByRole("alert").getByText(words).waitFor();
				expect(await composer(page).inputValue()).toBe(line);
				// Not after an existing command: it was meant as one.
				expect(await page.getByText("To say it as it is").count()).toBe(
					line.startsWith("/join") || line.startsWith("/nick") ? 0 : 1,
				);
			}
			expect(heard("send")).toBe(0);
			await say(page, "//help is how");
			await hear(page, "/help is how");
			expect(await page.getByText("To say it as it is").count()).toBe(0);
			await say(page, "/etc/passwd");
			await page.getByRole("button", { name: "say it now" }).click();
			await hear(page, "/etc/passwd");
			// The page shows a message before the server has it.
			await until(() => heard("send") === 2);
			const said = visits.server.heard.flatMap((command) => (command.case === "send" ? [command.value.text] : []));
			expect(said).toEqual(["/help is how", "/etc/passwd"]);
			expect(await composer(page).inputValue()).toBe("");
		},
		LONG_MS,
	);

	test(
		"/help lists the page's place of each command, and closes on typing or by its button",
		async () => {
			const page = await open([tea()]);
			await hear(page, "hello");
			await say(page, "/help");
			const help = page.getByRole("region", { name: "Commands" });
			await help.getByText("/join").waitFor();
			await help.getByText("+ beside “Rooms”").waitFor();
			await help.getByText("/reconnect").waitFor();
			await help.getByText("A line that begins with // is said with one /.").waitFor();
			expect(await page.getByText("To say it as it is").count()).toBe(0);
			expect(await composer(page).inputValue()).toBe("");
			await composer(page).press("Escape");
			await help.waitFor({ state: "detached" });
			await say(page, "/help");
			await help.waitFor();
			await composer(page).pressSequentially("h");
			await help.waitFor({ state: "detached" });
			expect(heard("send")).toBe(0);
		},
		LONG_MS,
	);

	test(
		"an address of no room says so, and offers to create one where its name is valid",
		async () => {
			const other = create(RoomSchema, { id: "r-o", kind: Room_Kind.PUBLIC, name: "other", members: 3 });
			const react: Script["react"] = (command) => {
				if (command.case === "rooms") return { case: "roomList", value: { rooms: [other] } };
				if (command.case === "join") return { case: "failure", value: { code: "no_such_room" } };
				if (command.case === "who" && command.value.room.startsWith("@")) {
					return { case: "failure", value: { code: command.value.room === "@bob" ? "no_such_room" : "no_such_user" } };
				}
				return undefined;
			};
			const page = await open([tea()], { react, hash: "#doesnotexist" });
			await page.getByText("There is no room #doesnotexist").waitFor();
			expect(await page.getByRole("button", { name: /^Join/ }).count()).toBe(0);
			await page.getByRole("button", { name: "Create #doesnotexist" }).click();
			await page.getByRole("alert").getByText("There is a room of this name already").waitFor();

			await page.goto(`${visits.server.url}#Other`);
			await page.getByText("It has 3 members.").waitFor();
			await page.getByRole("button", { name: "Join #other" }).waitFor();

			await page.goto(`${visits.server.url}#two%20words`);
			await page.getByText("This cannot be the name of a room: a space is not allowed in a name.", { exact: true }).waitFor();
			expect(await page.getByRole("button", { name: /^(Create|Join)/ }).count()).toBe(0);
			for (const nobody of ["nobody", "two words"]) {
				await page.goto(`${visits.server.url}#@${encodeURIComponent(nobody)}`);
				await page.getByText(`There is no user of the name “${nobody}”.`, { exact: true }).waitFor();
				expect(await page.getByRole("button", { name: /^(Write|Not now)/ }).count()).toBe(0);
			}
			await page.goto(`${visits.server.url}#@bob`);
			await page.getByText("You and @bob have no conversation yet.", { exact: true }).waitFor();
			await page.getByRole("button", { name: "Write to @bob" }).waitFor();
			await page.getByRole("button", { name: "Not now" }).click();
			await page.getByText("Welcome, ann").waitFor();
		},
		LONG_MS,
	);
});

async function box(one: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
	const area = await one.boundingBox();
	if (area === null) throw new Error("it is not on the screen");
	return area;
}

/** Resolves once `holds`, checked in each turn of the event loop. */
async function until(holds: () => boolean): Promise<void> {
	while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
