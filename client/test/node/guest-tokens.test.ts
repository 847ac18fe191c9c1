// A program that is started again as the same guest: processes of their own, as they are in life.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { ServerProcess } from "@verbatim/testkit";
import { type Client, connect, fileTokens, memoryTokens } from "../../src/node.ts";

const MAIN = join(import.meta.dir, "../support/guest-main.ts");

let server: ServerProcess;
let state: string;
beforeAll(async () => {
	server = await ServerProcess.prepare();
	await server.start();
}, 30_000);
afterAll(() => server.remove());
beforeEach(async () => {
	state = await mkdtemp(join(tmpdir(), "verbatim-guests-"));
});
afterEach(() => rm(state, { recursive: true, force: true }));

interface Program {
	/** The id it has come as, or why it has not. */
	readonly said: Promise<string>;
	end(signal?: NodeJS.Signals): Promise<number | null>;
}

function start(guest: string, endpoint = server.webSocket): Program {
	const child = Bun.spawn([process.execPath, MAIN, endpoint, guest], {
		stdin: "pipe",
		stdout: "pipe",
		stderr: "inherit",
		env: { ...process.env, XDG_STATE_HOME: state },
	});
	const first = async (): Promise<string> => {
		let text = "";
		for await (const chunk of child.stdout) {
			text += new TextDecoder().decode(chunk);
			if (text.includes("\n")) break;
		}
		return text.trim();
	};
	return {
		said: first(),
		async end(signal) {
			if (signal === undefined) await child.stdin.end();
			else child.kill(signal);
			await child.exited;
			return child.exitCode;
		},
	};
}

/** A way to the server that cuts a connection when the answer to its hello comes down. */
async function losingLine(times: number) {
	let left = times;
	let lost = 0;
	let tell = (): void => {};
	const firstLost = new Promise<void>((resolve) => {
		tell = resolve;
	});
	const open = new Set<Socket>();
	const proxy = createServer((near) => {
		const far = connectTcp(Number(new URL(server.webSocket).port), "127.0.0.1");
		// The first is the answer to the upgrade.
		let chunks = 0;
		for (const [one, other] of [
			[near, far],
			[far, near],
		] as const) {
			open.add(one);
			one.on("error", () => other.destroy());
			one.on("close", () => other.destroy());
		}
		near.on("data", (chunk) => far.write(chunk));
		far.on("data", (chunk) => {
			if (++chunks < 2 || left === 0) {
				near.write(chunk);
				return;
			}
			left--;
			lost++;
			near.destroy();
			tell();
		});
	});
	await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
	const { port } = proxy.address() as AddressInfo;
	return {
		endpoint: `ws://127.0.0.1:${port}/ws`,
		firstLost,
		get lost() {
			return lost;
		},
		mend() {
			left = 0;
		},
		async stop() {
			for (const socket of open) socket.destroy();
			await new Promise((resolve) => proxy.close(resolve));
		},
	};
}

test("a file of tokens that cannot be put in place leaves nothing beside it", async () => {
	const path = join(state, "identity.json");
	await mkdir(path);
	const tokens = { access: "a", accessExpiresMs: 1, refresh: "r", refreshExpiresMs: 1 };
	const saving = fileTokens(path).save({ user: { id: "u", name: "ann" }, tokens });
	expect(
		await saving.then(
			() => "kept",
			(error: NodeJS.ErrnoException) => error.code,
		),
	).toMatch(/^E/);
	expect(await readdir(state)).toEqual(["identity.json"]);
});

const guests = (): string => join(state, "verbatim/guests");

describe("a program that comes as a guest", () => {
	test("has its name again when it is started again, after a good end and after a bad one", async () => {
		const first = start("bot");
		const id = await first.said;
		expect(id).toStartWith("u");
		expect(await first.end()).toBe(0);
		const second = start("bot");
		expect(await second.said).toBe(id);
		await second.end("SIGKILL");
		const third = start("bot");
		expect(await third.said).toBe(id);
		await third.end();
	}, 30_000);

	test("keeps its tokens in a file of its own for each server and name, for the user's eyes only", async () => {
		const programs = [start("one"), start("two"), start("three", server.tcp)];
		for (const { said } of programs) await said;
		for (const program of programs) await program.end();
		const files = (await readdir(guests())).filter((name) => name.endsWith(".json"));
		expect(files.length).toBe(3);
		expect((await readdir(guests())).length).toBe(3);
		for (const file of files) expect((await stat(join(guests(), file))).mode & 0o777).toBe(0o600);
		expect((await stat(guests())).mode & 0o777).toBe(0o700);
	}, 30_000);

	test("is the same guest however the server's address is written, also with a file by an earlier version's name", async () => {
		const { host } = new URL(server.webSocket);
		const come = async (endpoint: string): Promise<string> => {
			const program = start("wide", endpoint);
			const id = await program.said;
			await program.end();
			return id;
		};
		const first = await come(`ws://${host}/ws`);
		expect(first).toMatch(/^u/);
		for (const endpoint of [`ws://${host}`, `http://${host}`, `http://${host}/ws`, `WS://${host}`]) {
			expect([endpoint, await come(endpoint)]).toEqual([endpoint, first]);
		}
		const guests = join(state, "verbatim", "guests");
		const [file = "", ...more] = await readdir(guests);
		expect(more).toEqual([]);
		const digest = createHash("sha256").update(`ws://${host}\nwide`).digest("hex").slice(0, 10);
		await rename(join(guests, file), join(guests, `${host.replace(":", "_")}_wide-${digest}.json`));
		expect(await come(`ws://${host}`)).toBe(first);
	}, 30_000);

	test("is the same guest in each of several programs that start at once", async () => {
		const programs = Array.from({ length: 5 }, () => start("many"));
		const said = new Set(await Promise.all(programs.map(({ said }) => said)));
		for (const program of programs) await program.end();
		expect([...said]).toEqual([expect.stringMatching(/^u/)]);
	}, 30_000);

	test("is the guest that it was made, where the welcome was lost", async () => {
		const line = await losingLine(1);
		const program = start("lost", line.endpoint);
		const id = await program.said;
		expect(id).toStartWith("u");
		expect(line.lost).toBe(1);
		await program.end();
		await line.stop();
	}, 30_000);

	test("is that guest also when it was killed between its hello and the welcome", async () => {
		const line = await losingLine(Number.POSITIVE_INFINITY);
		const program = start("killed", line.endpoint);
		await line.firstLost;
		await program.end("SIGKILL");
		line.mend();
		const again = start("killed", line.endpoint);
		expect(await again.said).toStartWith("u");
		await again.end();
		await line.stop();
	}, 30_000);

	test("takes over the lock of a program that is gone, and of one that hangs", async () => {
		const before = start("heir");
		await before.said;
		await before.end();
		const [file = ""] = await readdir(guests());
		for (const holder of ["4194999", String(process.pid)]) {
			await rm(join(guests(), file), { force: true });
			const host = hostname().replace(/[^A-Za-z0-9-]/g, "_");
			const claim = join(guests(), `${file}.lock.${host}.${holder}.earlier`);
			await writeFile(claim, "");
			if (holder === String(process.pid)) await utimes(claim, new Date(0), new Date(0));
			const program = start("heir");
			// The name is held still, and the proof is gone.
			expect(await program.said).toContain("taken");
			await program.end();
			expect(await readdir(guests())).toEqual([]);
		}
	}, 30_000);

	test("becomes what another program with its file has become, when the server's data is new; the file stays", async () => {
		const forgetful = await ServerProcess.prepare({ flags: ["--store", "memory"] });
		await forgetful.start();
		const tokens = () => fileTokens(join(state, "identity.json"));
		// Back-off so long that each comes back when it is told to.
		const timing = { reconnectMinMs: 3_600_000, reconnectMaxMs: 3_600_000 };
		const open = () => connect({ endpoints: forgetful.webSocket, credential: { guest: "pair" }, tokens: tokens(), timing });
		const away = (client: Client): Promise<void> =>
			new Promise((resolve) => {
				client.on("status", (status) => {
					if (status.state === "waiting" && status.retryAtMs > Date.now() + 60_000) resolve();
				});
			});
		const one = open();
		const before = await one.ready();
		const two = open();
		expect((await two.ready()).id).toBe(before.id);
		const waiting = [one, two].map(away);
		await forgetful.stop("SIGKILL");
		await Promise.all(waiting);
		await forgetful.start();
		one.reconnect();
		const { id } = await one.ready({ timeoutMs: 30_000 });
		expect(id).not.toBe(before.id);
		two.reconnect();
		expect((await two.ready({ timeoutMs: 30_000 })).id).toBe(id);
		await one.close();
		await two.close();
		expect((await tokens().load())?.user.id).toBe(id);
		expect(await readdir(state)).toEqual(["identity.json"]);
		await forgetful.remove();
	}, 60_000);

	test("comes without a file where none can be written, and where the program wants none", async () => {
		await mkdir(join(state, "verbatim"), { recursive: true });
		await writeFile(guests(), "a file in the place of the folder");
		const program = start("nowhere");
		expect(await program.said).toStartWith("u");
		expect(await program.end()).toBe(0);

		const own = process.env.XDG_STATE_HOME;
		process.env.XDG_STATE_HOME = join(state, "other");
		const client = connect({ endpoints: server.webSocket, credential: { guest: "secret" }, tokens: memoryTokens() });
		await client.ready();
		await client.close();
		const other = connect({ endpoints: server.webSocket, credential: { guest: "changing" } });
		const { id } = await other.ready();
		await other.logIn({ guest: "changed" });
		await other.close();
		const again = connect({ endpoints: server.webSocket, credential: { guest: "changing" } });
		expect((await again.ready()).id).toBe(id);
		await again.close();
		expect((await readdir(join(state, "other/verbatim/guests"))).map((name) => /_(\w+)-/.exec(name)?.[1])).toEqual([
			expect.stringContaining("changing"),
		]);
		process.env.XDG_STATE_HOME = own;
	}, 30_000);
});
