import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openIdentities } from "../src/identity/identities.ts";
import { fileNameOf, stateFolder } from "../src/identity/state-folder.ts";
import { endpointsOf } from "../src/options.ts";

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "verbatim-identity-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const identity = (name: string) => ({
	user: { id: `u-${name}`, name },
	tokens: { access: `a-${name}`, accessExpiresMs: 1, refresh: `r-${name}`, refreshExpiresMs: 2 },
});

describe("who one was", () => {
	test("on the first start nothing is known", async () => {
		const identities = await openIdentities(join(folder, "first"), undefined);
		expect(identities.last).toBeUndefined();
		expect(await identities.load()).toBeUndefined();
	});

	test("the last one comes back, with the room that was shown", async () => {
		const path = join(folder, "last");
		const first = await openIdentities(path, undefined);
		first.setKind("account");
		await first.save(identity("ann"));
		first.setRoom("#tea");
		await first.flush();
		const second = await openIdentities(path, undefined);
		expect(second.last).toEqual({ name: "ann", kind: "account", room: "#tea" });
		expect((await second.load())?.tokens.access).toBe("a-ann");
	});

	test("each name has its own tokens; another name does not get them", async () => {
		const path = join(folder, "names");
		const first = await openIdentities(path, "ann");
		await first.save(identity("ann"));
		await first.save(identity("bob"));
		await first.flush();
		expect((await (await openIdentities(path, "Ann")).load())?.user.name).toBe("ann");
		expect((await (await openIdentities(path, "bob")).load())?.user.name).toBe("bob");
		const eve = await openIdentities(path, "eve");
		expect(eve.last).toBeUndefined();
		expect(await eve.load()).toBeUndefined();
	});

	test("to be forgotten is to be gone from the disk", async () => {
		const path = join(folder, "forget");
		const first = await openIdentities(path, undefined);
		await first.save(identity("ann"));
		await first.save(undefined);
		await first.flush();
		expect((await readdir(path)).filter((name) => name.includes("identity"))).toEqual([]);
		expect((await openIdentities(path, undefined)).last).toBeUndefined();
	});

	test("files are their owner's only, and damage is the same as nothing", async () => {
		const path = join(folder, "modes");
		const first = await openIdentities(path, undefined);
		await first.save(identity("ann"));
		await first.flush();
		expect((await stat(path)).mode & 0o777).toBe(0o700);
		for (const name of await readdir(path)) expect((await stat(join(path, name))).mode & 0o777).toBe(0o600);
		expect(await readFile(join(path, "last.json"), "utf8")).not.toContain("a-ann");
		await writeFile(join(path, "last.json"), '{"name":');
		expect((await openIdentities(path, undefined)).last).toBeUndefined();
	});
});

describe("where it is kept", () => {
	test("by the XDG specification: relative paths do not count", () => {
		expect(stateFolder({ XDG_STATE_HOME: "/s", HOME: "/h" })).toBe("/s/verbatim");
		expect(stateFolder({ XDG_STATE_HOME: "s", HOME: "/h" })).toBe("/h/.local/state/verbatim");
	});

	test("a name for anything: no separators, no two alike", () => {
		expect(fileNameOf("ws://localhost:8080/ws")).toMatch(/^ws_localhost_8080_ws-[0-9a-f]{10}$/);
		expect(fileNameOf("../../etc")).not.toContain("/");
		expect(fileNameOf("a/b")).not.toBe(fileNameOf("a_b"));
	});
});

test("a server's address: several, or what is wrong with one", () => {
	expect(endpointsOf(undefined)).toEqual(["ws://localhost:8080/ws"]);
	expect(endpointsOf("ws://a/ws, tcp://b:9000")).toEqual(["ws://a/ws", "tcp://b:9000"]);
	expect(endpointsOf("localhost:8080")).toHaveProperty("wrong");
	expect(endpointsOf("http://x")).toHaveProperty("wrong");
});
