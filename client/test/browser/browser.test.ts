// The parts that only a browser has: IndexedDB, Web Locks between tabs, localStorage, and a page that dies while it speaks.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { freePorts, ServerProcess } from "@verbatim/testkit";
import { CHROMIUM_MISSING, findChromium, openBrowser, type TestBrowser } from "@verbatim/testkit/browser";
import type { Page } from "playwright-core";
import type {
	Client,
	ConnectError,
	connect,
	indexedDbOutbox,
	OutboxStore,
	StoredSend,
	webStorageMarks,
	webStorageTokens,
} from "../../src/mod.ts";

declare global {
	// Set by page.ts, and by the test itself, in the page.
	var verbatim: {
		connect: typeof connect;
		indexedDbOutbox: typeof indexedDbOutbox;
		webStorageMarks: typeof webStorageMarks;
		webStorageTokens: typeof webStorageTokens;
	};
	var client: Client;
	var outbox: OutboxStore;
	var adopted: StoredSend[];
}

const chromium = findChromium();

describe.skipIf(chromium === undefined)(`in a browser (${CHROMIUM_MISSING})`, () => {
	let browser: TestBrowser;
	let server: ServerProcess;
	let site: Bun.Server<undefined>;
	beforeAll(async () => {
		const built = await Bun.build({ entrypoints: [join(import.meta.dir, "page.ts")], target: "browser", conditions: ["bun"] });
		const script = await built.outputs[0]?.text();
		site = Bun.serve({
			hostname: "127.0.0.1",
			port: 0,
			fetch: ({ url }) =>
				answers.get(new URL(url).pathname)?.clone() ??
				(url.endsWith("/page.js")
					? new Response(script, { headers: { "content-type": "text/javascript" } })
					: new Response('<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>', {
							headers: { "content-type": "text/html" },
						})),
		});
		server = await ServerProcess.prepare({
			flags: ["--origins", `http://127.0.0.1:${site.port}`, "--limits.sendsPerSecond", "50"],
		});
		await server.start();
		browser = await openBrowser();
	}, 60_000);
	afterAll(async () => {
		await browser.close();
		await server.remove();
		await site.stop(true);
	});

	/** By path, beside the page and its script. */
	const answers = new Map([
		["/nothing", new Response("", { status: 404 })],
		["/busy", new Response("", { status: 503, headers: { "retry-after": "7" } })],
		["/full", Response.json({ code: "busy", message: "no room for you" }, { status: 503, headers: { "retry-after": "3" } })],
	]);

	const visit = async (page: Page): Promise<Page> => {
		await page.goto(`http://127.0.0.1:${site.port}/`);
		return page;
	};
	const open = (page: Page, user = "u_ann"): Promise<string[]> =>
		page.evaluate(async (user) => {
			globalThis.adopted = [];
			globalThis.outbox = globalThis.verbatim.indexedDbOutbox();
			globalThis.outbox.onAdopted?.((sends) => globalThis.adopted.push(...sends));
			return (await globalThis.outbox.open(user)).map(({ cid }) => cid);
		}, user);
	const put = (page: Page, ...cids: string[]): Promise<void> =>
		page.evaluate(async (cids) => {
			for (const cid of cids) await globalThis.outbox.put({ user: "u_ann", room: "r", cid, text: cid, atMs: 1 });
		}, cids);

	test("the outbox gives back after a reload what was put and not removed, in order", async () => {
		const profile = await browser.newProfile();
		const page = await visit(profile.page);
		expect(await open(page)).toEqual([]);
		await put(page, "a", "b", "c");
		await page.evaluate(() => globalThis.outbox.remove({ user: "u_ann", room: "r", cid: "b", text: "b", atMs: 1 }));
		// Refused for good: kept as that, in its place.
		const refused = { code: "forbidden", message: "you may not" };
		await page.evaluate(
			(why) => globalThis.outbox.put({ user: "u_ann", room: "r", cid: "a", text: "a", atMs: 1, refused: why }),
			refused,
		);
		await visit(page);
		expect(await open(page)).toEqual(["a", "c"]);
		expect(await page.evaluate(async () => (await globalThis.outbox.open("u_ann")).map((send) => send.refused))).toEqual([
			refused,
			undefined,
		]);
		// Tried again: behind all others.
		await page.evaluate(() =>
			globalThis.outbox.put({ user: "u_ann", room: "r", cid: "a", cidNow: "d", text: "a", atMs: 1 }, "last"),
		);
		await visit(page);
		expect(await open(page)).toEqual(["c", "a"]);
		expect(await open(await visit(await profile.tab()), "u_bob")).toEqual([]);
		expect(profile.faults).toEqual([]);
		await profile.close();
	}, 30_000);

	test("each tab sends its own; what a closed tab has left is adopted by one that lives", async () => {
		const profile = await browser.newProfile();
		const one = await visit(profile.page);
		expect(await open(one)).toEqual([]);
		await put(one, "one");
		const two = await visit(await profile.tab());
		expect(await open(two)).toEqual([]);
		await put(two, "two-a", "two-b");
		await two.close();
		await one.waitForFunction(() => globalThis.adopted.length === 2);
		expect(await one.evaluate(() => globalThis.adopted.map(({ cid }) => cid))).toEqual(["two-a", "two-b"]);
		await visit(one);
		expect((await open(one)).sort()).toEqual(["one", "two-a", "two-b"]);
		await profile.close();
	}, 30_000);

	test("a page that is reloaded in the middle of speaking says everything once, in order", async () => {
		const profile = await browser.newProfile();
		const page = await visit(profile.page);
		const endpoint = server.webSocket;
		const say = (from: number): Promise<void> =>
			page.evaluate(
				async ({ endpoint, from }) => {
					const { connect, indexedDbOutbox, webStorageTokens } = globalThis.verbatim;
					const outbox = indexedDbOutbox();
					const puts: Promise<void>[] = [];
					const watched: typeof outbox = {
						...outbox,
						put(send) {
							const put = outbox.put(send);
							puts.push(put);
							return put;
						},
					};
					const credential = from === 0 ? { credential: { guest: "rel" } } : {};
					const client = connect({ endpoints: endpoint, outbox: watched, tokens: webStorageTokens(localStorage), ...credential });
					const room = await client.join("#reloads", { create: true });
					const deliveries = Array.from({ length: 30 }, (_, i) => room.send(String(from + i)));
					// The page dies with some acknowledged, some on the wire, some only kept.
					await deliveries[4]?.done;
					await Promise.all(puts);
					if (puts.length !== 30) throw new Error("not all was kept");
				},
				{ endpoint, from },
			);
		for (const from of [0, 30, 60]) {
			await say(from);
			await visit(page);
		}
		const said = await page.evaluate(async (endpoint) => {
			const { connect, webStorageTokens } = globalThis.verbatim;
			const client = connect({ endpoints: endpoint, tokens: webStorageTokens(localStorage) });
			const room = await client.join("#reloads");
			const texts: string[] = [];
			for await (const { body } of room.entries({ after: 0 })) {
				if (body.case === "message") texts.push(body.value.text);
				if (texts.at(-1) === "89" || (client.outbox.length === 0 && texts.length === 90)) break;
			}
			await client.close();
			return texts;
		}, endpoint);
		expect(said).toEqual(Array.from({ length: 90 }, (_, i) => String(i)));
		expect(profile.faults).toEqual([]);
		await profile.close();
	}, 60_000);

	test("tabs that share an identity become the one that the first of them makes, when the server no longer knows theirs", async () => {
		const profile = await browser.newProfile();
		const tabs = [await visit(profile.page), await visit(await profile.tab())];
		const forgetful = await ServerProcess.prepare({
			flags: ["--origins", `http://127.0.0.1:${site.port}`, "--store", "memory"],
		});
		await forgetful.start();
		const users: string[] = [];
		for (const tab of tabs) {
			users.push(
				await tab.evaluate(async (endpoint) => {
					const { connect, webStorageTokens } = globalThis.verbatim;
					const tokens = webStorageTokens(localStorage, "shared");
					const client = connect({ endpoints: endpoint, credential: { guest: "tabs" }, tokens });
					Object.assign(globalThis, { client });
					return (await client.ready()).id;
				}, forgetful.webSocket),
			);
		}
		const inTabs = <T>(task: () => T | Promise<T>): Promise<T[]> => Promise.all(tabs.map((tab) => tab.evaluate<T>(task)));
		await forgetful.stop("SIGKILL");
		for (const tab of tabs) await tab.waitForFunction(() => globalThis.client.status.state === "waiting");
		await forgetful.start();
		// In the same moment: each finds its tokens refused.
		const back = await inTabs(async () => {
			globalThis.client.reconnect();
			return (await globalThis.client.ready()).id;
		});
		const [kept] = await inTabs(async () => (await globalThis.verbatim.webStorageTokens(localStorage, "shared").load())?.user.id);
		expect(users[1]).toBe(users[0] as string);
		expect(back).toEqual([kept as string, kept as string]);
		expect(kept).not.toBe(users[0] as string);
		const held = await inTabs(async () => (await navigator.locks.query()).held?.map(({ name }) => name));
		expect(held.flat().filter((name) => name?.startsWith("verbatim-tokens"))).toEqual([]);
		await inTabs(() => globalThis.client.close());
		await profile.close();
		await forgetful.remove();
	}, 60_000);

	test("the way back is quick: a page that goes online again connects at once", async () => {
		const profile = await browser.newProfile();
		const page = await visit(profile.page);
		await page.evaluate(async (endpoint) => {
			const { connect } = globalThis.verbatim;
			const states: string[] = [];
			const client = connect({
				endpoints: endpoint,
				credential: { guest: "off" },
				timing: { reconnectMinMs: 600_000, reconnectMaxMs: 600_000 },
			});
			client.on("status", ({ state }) => states.push(state));
			await client.ready();
			Object.assign(globalThis, { states, client });
		}, server.webSocket);
		await server.stop("SIGKILL");
		await page.waitForFunction(
			() =>
				(globalThis as unknown as { states: string[] }).states.slice(-1)[0] === "waiting" &&
				(globalThis as unknown as { states: string[] }).states.length > 3,
		);
		await server.start();
		await profile.context.setOffline(true);
		await profile.context.setOffline(false);
		await page.waitForFunction(() => (globalThis as unknown as { states: string[] }).states.slice(-1)[0] === "live");
		await profile.close();
	}, 60_000);

	test("why a connection could not be made is told as far as a page may know", async () => {
		const profile = await browser.newProfile();
		const page = await visit(profile.page);
		const [nowhere] = freePorts(1);
		const why = (endpoint: string, times = 1): Promise<unknown> =>
			page.evaluate(
				async ({ endpoint, times }) => {
					const told: string[] = [];
					const client = globalThis.verbatim.connect({ endpoints: endpoint, credential: { guest: "why" } });
					const facts = await new Promise((resolve) =>
						client.on("status", (status) => {
							if (status.state !== "waiting") return;
							const { reason, status: code, retryAfterMs, message } = status.why as ConnectError;
							told.push(message);
							if (told.length === times) resolve({ reason, code, retryAfterMs, told });
						}),
					);
					await client.close();
					return facts;
				},
				{ endpoint, times },
			);
		const own = `ws://127.0.0.1:${site.port}`;
		expect(await why(`${own}/nothing`)).toMatchObject({ reason: "not_verbatim", code: 404, retryAfterMs: 0 });
		expect(await why(`${own}/busy`)).toMatchObject({ reason: "unavailable", code: 503, retryAfterMs: 7_000 });
		expect(await why(`${own}/full`)).toMatchObject({
			reason: "unavailable",
			retryAfterMs: 3_000,
			told: [`no connection to 127.0.0.1:${site.port}: no room for you`],
		});
		// Who tries again soon is told the same.
		const words = `no connection to 127.0.0.1:${nowhere}: nothing answers there`;
		expect(await why(`ws://127.0.0.1:${nowhere}`, 2)).toMatchObject({ reason: "refused", told: [words, words] });
		// Of another server's answer a page is told nothing but that there is one.
		expect(await why(`ws://localhost:${site.port}/nothing`)).toMatchObject({ reason: "unknown" });
		await profile.context.setOffline(true);
		expect(await why("ws://chat.example.org")).toMatchObject({ reason: "unreachable" });
		// Being offline does not explain why a server on this device does not answer.
		expect(await why(own)).toMatchObject({ reason: "refused" });
		await profile.close();
	}, 30_000);
});
