// The page against a hostile or failing server: users' text stays text, policies hold, and every failure is shown with what to
// do.
import { expect, test } from "bun:test";
import { create, type Entry, EntrySchema, Skipped_Reason, type User, UserSchema } from "@verbatim/protocol";
import type { Page } from "playwright-core";
import { ann, bob, joined, message } from "../support/entries.ts";
import { hear, keptSends, say, textsOn } from "../support/people.ts";
import { memberList, type Script, type ScriptedServer, scriptedRoom } from "../support/scripted-server.ts";
import { describeVisits, LONG_MS } from "../support/scripted-visits.ts";

/** Markup, scripts, addresses and direction marks, as attackers and accidents produce them. */
const ATTACKS = [
	"<script>document.title = 'pwned'</script>",
	"<img src=x onerror=\"document.title='pwned'\">",
	"<svg/onload=document.title='pwned'>",
	"\"><iframe srcdoc='<script>parent.document.title=1</script>'>",
	"javascript:document.title='pwned'",
	"[x](javascript:document.title='pwned') https://example.org/\"onmouseover=\"document.title='pwned'",
	// biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as text
	"{{constructor.constructor('document.title=1')()}} ${document.title=1}",
	"</textarea></title></style></script><b>bold</b>",
	"&lt;script&gt;alert(1)&lt;/script&gt; &#x3c;b&#x3e;",
	"\u202egnp.exe \u2066\u2067 \u0000\u0007\u001b[31m \ud83d\ude00 a\u0300\u0301\u0302",
	"__proto__",
	"constructor",
];

describeVisits("the page against bad words and bad days", (visits) => {
	const open = async (script: Script, hash = ""): Promise<{ page: Page; server: ScriptedServer }> => ({
		page: await visits.open(script, { hash, viewport: { width: 1_200, height: 2_400 } }),
		server: visits.server,
	});

	test(
		"names, room names and messages stay text, whatever they contain; no policy is violated",
		async () => {
			const users: User[] = ATTACKS.map((name, i) => create(UserSchema, { id: `u-${i}`, name }));
			const log: Entry[] = [];
			const add = (sender: User, body: Entry["body"]): void =>
				void log.push(
					create(EntrySchema, { seq: log.length + 1, atMs: Date.now(), sender, cid: `c${log.length}`, body: body as never }),
				);
			for (const [i, sender] of users.entries()) {
				add(sender, joined(1, sender).body);
				add(sender, message(1, sender, ATTACKS[i]).body);
				add(sender, { case: "renamed", value: { name: ATTACKS[i] } } as Entry["body"]);
				add(sender, { case: "invited", value: { user: sender } } as Entry["body"]);
				add(sender, { case: "left", value: { reason: ATTACKS[i] } } as Entry["body"]);
			}
			const rooms = [scriptedRoom("tea", log), ...ATTACKS.map((name) => scriptedRoom(name, []))];
			const members = users.map((user) => ({ user, online: true }));
			const { page, server } = await open(
				{
					user: ann,
					rooms,
					react: (command) => (command.case === "who" ? memberList(rooms, command.value.room, members) : undefined),
				},
				"#tea",
			);
			await hear(page, "__proto__");
			const texts = await page.locator(".message-text").allTextContents();
			// A NUL is shown as the browser shows it; everything else character for character.
			expect(texts).toEqual(ATTACKS);
			expect(await page.locator(".message-name").allTextContents()).toEqual(ATTACKS);
			expect(new Set(await page.locator(".sidebar .room-name").allTextContents())).toEqual(new Set(["tea", ...ATTACKS]));
			for (const attack of ATTACKS) await page.getByText(`${attack} renamed the room to #${attack}`, { exact: true }).waitFor();

			// The same in transient texts: typing, an invitation, a failure.
			server.push({ case: "typist", value: { room: "r-tea", user: create(UserSchema, { id: "u-x", name: ATTACKS[1] ?? "" }) } });
			await page.getByText(`${ATTACKS[1]} is writing…`).waitFor();
			server.push({ case: "invited", value: { room: { id: "r-new", name: ATTACKS[2] ?? "" }, by: bob } });
			await page.getByRole("button", { name: `Join #${ATTACKS[2]}` }).waitFor();
			await page.getByRole("button", { name: "Members", exact: true }).click();
			expect((await page.locator(".person .room-name").allTextContents()).toSorted()).toEqual(ATTACKS.toSorted());
			for (const name of ATTACKS.slice(0, 4)) {
				await page.locator(".room-link", { hasText: name }).first().click();
				await page.locator(".room-head h1", { hasText: name }).waitFor();
			}

			expect(await page.title()).not.toContain("pwned");
			const made = await page.evaluate(() => document.querySelectorAll("#page script, #page img, #page iframe, #page b").length);
			expect(made).toBe(0);
			for (const href of await page.locator(".message-text a").evaluateAll((all) => all.map((one) => one.getAttribute("href")))) {
				expect(href).toMatch(/^https:\/\/example\.org\//);
			}
		},
		LONG_MS,
	);

	test(
		"a link sends no referrer, and leads only to the web",
		async () => {
			const rooms = [scriptedRoom("tea", [message(1, bob, "see https://example.org/a(b), or javascript:alert(1)")])];
			const { page } = await open({ user: ann, rooms });
			await hear(page, "see");
			const links = page.locator(".message-text a");
			expect(await links.count()).toBe(1);
			expect(await links.getAttribute("href")).toBe("https://example.org/a(b)");
			expect(await links.getAttribute("rel")).toBe("noopener noreferrer nofollow");
		},
		LONG_MS,
	);

	test(
		"a send that is refused for good shows why, survives a reload, and is retried or discarded by the user",
		async () => {
			let refuse = true;
			const log: Entry[] = [message(1, bob, "hello")];
			const { page, server } = await open({
				user: ann,
				rooms: [scriptedRoom("tea", log)],
				react(command) {
					if (command.case !== "send") return undefined;
					if (refuse) return { case: "failure", value: { code: "forbidden", message: "this room is only for reading" } };
					const entry = create(EntrySchema, { ...message(log.length + 1, ann, command.value.text), cid: command.value.cid });
					log.push(entry);
					queueMicrotask(() => server.push({ case: "entries", value: { room: "r-tea", epoch: 1, entries: [entry] } }));
					return { case: "sent", value: { room: "r-tea", epoch: 1, seq: entry.seq, atMs: entry.atMs } };
				},
			});
			await hear(page, "hello");
			await say(page, "first");
			await say(page, "second");
			await page.getByText("Not sent. This room is only for reading").nth(1).waitFor();
			await page.getByRole("button", { name: "Discard" }).first().click();
			await page.locator(".failed").nth(1).waitFor({ state: "detached" });
			await keptSends(page, 1);
			await page.reload();
			await page.getByText("Not sent. This room is only for reading").waitFor();
			refuse = false;
			await page.getByRole("button", { name: "Try again" }).click();
			await page.locator(".failed").waitFor({ state: "detached" });
			await page.waitForFunction(() => document.querySelector(".message-sent, .message-waiting") === null);
			expect(await textsOn(page)).toEqual(["hello", "second"]);
		},
		LONG_MS,
	);

	test(
		"an outage is shown with its reason, its end, and a way to retry at once; messages sent meanwhile wait",
		async () => {
			const { page, server } = await open({
				user: ann,
				rooms: [scriptedRoom("tea", [message(1, bob, "hello")])],
				react: (command) =>
					command.case === "send" ? { case: "sent", value: { room: "r-tea", epoch: 1, seq: 2, atMs: Date.now() } } : undefined,
			});
			await hear(page, "hello");
			server.open(false);
			await say(page, "into the silence");
			await page.getByText(/^Reconnecting in/).waitFor();
			await page.locator(".message-waiting", { hasText: "into the silence" }).waitFor();
			expect(await page.locator(".banner-why").textContent()).not.toBe("");
			server.open(true);
			await page.getByRole("button", { name: "Try now" }).click();
			await page.locator(".banner").waitFor({ state: "detached" });
			await page.locator(".message-waiting").waitFor({ state: "detached" });
			expect(server.heard.filter((command) => command.case === "send")).toHaveLength(1);
		},
		LONG_MS,
	);

	test(
		"a skipped range is shown, and loaded on request",
		async () => {
			const log = Array.from({ length: 300 }, (_, i) => message(i + 1, bob));
			const room = scriptedRoom("tea", log.slice(0, 1));
			const { page, server } = await open({ user: ann, rooms: [room] });
			await hear(page, "text 1");
			room.log.splice(0, room.log.length, ...log);
			const entries = log.slice(290);
			const skippedPage = { room: "r-tea", epoch: 1, from: 291, to: 300, head: 300, asOf: 300, entries };
			server.push({ case: "skipped", value: { room: "r-tea", from: 2, to: 290, reason: Skipped_Reason.FAR, page: skippedPage } });
			await hear(page, "text 300");
			await page.getByText("289 entries before this came while you were away.").waitFor();
			const asked = (): number => server.heard.filter((command) => command.case === "history").length;
			const askedBefore = asked();
			await page.getByRole("button", { name: "Load them" }).click();
			// The screen is not full, so loading continues by itself from there.
			await page.waitForFunction(() => document.querySelectorAll(".message-text").length > 80);
			expect(asked()).toBeGreaterThan(askedBefore);
			const shown = (await textsOn(page)).map((text) => Number(text.replace("text ", "")));
			const first = shown[0] ?? 0;
			expect(shown).toEqual(Array.from({ length: shown.length }, (_, i) => first + i));
		},
		LONG_MS,
	);

	test(
		"an entry of a later version does not break the page",
		async () => {
			const unknown = message(2, bob);
			unknown.body = { case: undefined };
			const { page } = await open({
				user: ann,
				rooms: [scriptedRoom("tea", [message(1, bob, "hello"), unknown, message(3, bob, "bye")])],
			});
			await hear(page, "bye");
			await page.getByText("bob did something that this page is too old to show").waitFor();
		},
		LONG_MS,
	);
});
