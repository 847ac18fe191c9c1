// `verbatim user` beside a server that runs, as an operator uses it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerProcess } from "@verbatim/testkit";
import { verbatim } from "./run.ts";

const PASSWORD = "a long password";
const EXPIRED = 4007;
const BANNED = 4102;

interface Session {
	/** What the server says when it ends the session. */
	readonly closed: Promise<{ readonly code: number; readonly reconnect?: boolean }>;
}

interface Tokens {
	readonly access: string;
	readonly refresh: string;
}

describe("verbatim user beside a server that runs", () => {
	let server: ServerProcess;
	let on: string[];

	beforeAll(async () => {
		server = await ServerProcess.prepare();
		await server.start();
		on = ["--data", server.data];
	}, 60_000);
	afterAll(() => server.remove());

	const api = (path: string, body: object | undefined, token = "") =>
		fetch(`${server.http}/api/v1/${path}`, {
			method: body ? "POST" : "GET",
			headers: token ? { authorization: `Bearer ${token}` } : {},
			...(body && { body: JSON.stringify(body) }),
		});
	const add = async (name: string): Promise<Tokens> => {
		expect((await verbatim(["user", "add", name, ...on], { input: `${PASSWORD}\n` })).out).toContain(`${name} is registered`);
		return logIn(name);
	};
	const logIn = async (name: string, password = PASSWORD): Promise<Tokens> => {
		const response = await api("login", { name, password });
		expect(response.status).toBe(200);
		const { data } = (await response.json()) as { data: { tokens: Tokens } };
		return data.tokens;
	};
	const codeOf = async (response: Response): Promise<string> => ((await response.json()) as { code: string }).code;
	/** A session over a WebSocket, welcomed. */
	const open = (token: string): Promise<Session> =>
		new Promise((welcomed, failed) => {
			const socket = new WebSocket(server.webSocket, "verbatim.v1.json");
			const closed = new Promise<{ code: number }>((told) => {
				socket.onmessage = ({ data }) => {
					const down = JSON.parse(String(data)) as { welcome?: object; failure?: object; close?: { code: number } };
					if (down.welcome) welcomed({ closed });
					if (down.failure) failed(new Error(String(data)));
					if (down.close) told(down.close);
				};
			});
			socket.onopen = () => socket.send(JSON.stringify({ id: 1, hello: { token } }));
		});

	test("disable ends every session at once, as banned, voids every token, and lets nobody in; enable undoes it", async () => {
		const tokens = await add("ann");
		const sessions = [await open(tokens.access), await open(tokens.access)];
		const { code, out } = await verbatim(["user", "disable", "ann", ...on]);
		expect({ code, out }).toEqual({ code: 0, out: "ann may not come in any more, and is signed out everywhere\n" });
		for (const { closed } of sessions) expect(await closed).toMatchObject({ code: BANNED });
		const refused = await api("rooms", undefined, tokens.access);
		expect(refused.status).toBe(403);
		const trace = refused.headers.get("x-trace-id");
		while (
			!server.printed
				.split("\n")
				.slice(0, -1)
				.some((line) => line.includes(`"${trace}"`))
		)
			await Bun.sleep(10);
		const line = server.printed.split("\n").find((each) => each.includes(`"${trace}"`)) ?? "";
		expect(JSON.parse(line)).toMatchObject({ status: 403, code: "forbidden", user: expect.stringMatching(/^u/) });
		expect(await codeOf(await api("refresh", { refresh: tokens.refresh }))).toBe("forbidden");
		expect(await codeOf(await api("login", { name: "ann", password: PASSWORD }))).toBe("forbidden");
		await expect(open(tokens.access)).rejects.toThrow("forbidden");
		expect((await verbatim(["user", "enable", "ann", ...on])).code).toBe(0);
		expect(await codeOf(await api("rooms", undefined, tokens.access))).toBe("token_invalid");
		await open((await logIn("ann")).access);
	}, 60_000);

	test("end signs a user out everywhere: sessions end as expired, tokens are void, and it may log in again", async () => {
		const tokens = await add("bob");
		const session = await open(tokens.access);
		expect((await verbatim(["user", "end", "bob", ...on])).out).toBe("bob is signed out everywhere\n");
		expect(await session.closed).toMatchObject({ code: EXPIRED, reconnect: true });
		expect(await codeOf(await api("rooms", undefined, tokens.access))).toBe("token_invalid");
		expect(await codeOf(await api("refresh", { refresh: tokens.refresh }))).toBe("token_invalid");
		await open((await logIn("bob")).access);
	}, 60_000);

	test("passwd ends sessions as well, and the old password is no longer one", async () => {
		const session = await open((await add("cid")).access);
		expect((await verbatim(["user", "passwd", "cid", ...on], { input: "another password\n" })).code).toBe(0);
		expect(await session.closed).toMatchObject({ code: EXPIRED });
		expect(await codeOf(await api("login", { name: "cid", password: PASSWORD }))).toBe("credentials_wrong");
		await logIn("cid", "another password");
	}, 60_000);

	test("guests can be ended, too, by name", async () => {
		const { data } = (await (await api("guest", { name: "gus" })).json()) as { data: { tokens: Tokens } };
		const session = await open(data.tokens.access);
		expect((await verbatim(["user", "disable", "gus", ...on])).code).toBe(0);
		expect(await session.closed).toMatchObject({ code: BANNED });
		expect((await api("rooms", undefined, data.tokens.access)).status).toBe(401);
	}, 60_000);

	test("list tells guests that have left for good from guests that are locked out", async () => {
		const connected = await Bun.connect({ hostname: "127.0.0.1", port: server.tcpPort, socket: { data() {} } });
		connected.write("/nick passing\n/quit\n");
		await api("guest", { name: "rude" });
		expect((await verbatim(["user", "disable", "rude", ...on])).code).toBe(0);
		const stateOf = async (name: string): Promise<unknown> => {
			const { out } = await verbatim(["user", "list", "--json", ...on]);
			const users = out
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line) as Record<string, unknown>);
			const { disabled, ended } = users.find((each) => each.name === name) ?? {};
			return { disabled, ended };
		};
		while (!Bun.deepEquals(await stateOf("passing"), { disabled: false, ended: true })) await Bun.sleep(20);
		expect(await stateOf("rude")).toEqual({ disabled: true, ended: false });
		expect((await verbatim(["user", "list", ...on])).out).toMatch(/^passing .* ended$/m);
		connected.end();
	}, 60_000);

	test("list tells of users, and of no secret", async () => {
		expect((await api("guest", { name: "keyed", key: crypto.randomUUID() })).status).toBe(200);
		const { code, out } = await verbatim(["user", "list", "--json", ...on]);
		expect(code).toBe(0);
		const names = out
			.trim()
			.split("\n")
			.map((line) => (JSON.parse(line) as { name: string }).name);
		expect(names).toContain("ann");
		expect(names).toContain("keyed");
		expect(out).not.toContain("external");
		const response = await fetch("http://localhost/admin/v1/users", { unix: join(server.data, "admin.sock") });
		expect(await response.text()).not.toMatch(/argon2|hash|skeleton|generation|external/i);
	}, 60_000);

	test("a refusal has its words and exit code", async () => {
		expect(await verbatim(["user", "disable", "nobody", ...on])).toMatchObject({
			code: 76,
			err: 'no_such_user: there is no user "nobody"\n',
		});
		expect((await verbatim(["user", "add", "ann", ...on], { input: `${PASSWORD}\n` })).err).toContain("name_taken");
		expect((await verbatim(["user", "add", "dan", ...on], { input: "short\n" })).err).toContain("password_weak");
	}, 60_000);

	test("the socket is for the server's own user, and the operations port gives nobody the administrators' API", async () => {
		expect(statSync(join(server.data, "admin.sock")).mode & 0o777).toBe(0o600);
		const asked = await fetch(`${server.ops}/admin/v1/users`);
		expect(asked.status).toBe(403);
		expect(await asked.text()).not.toContain("ann");
		expect((await fetch(`${server.ops}/admin/v1/users/ann/disable`, { method: "POST" })).status).toBe(403);
	});
});

/** Lines of the log whose words match, once there are so many. */
async function written(server: ServerProcess, count: number, words: RegExp): Promise<Record<string, unknown>[]> {
	for (;;) {
		const whole = server.printed.split("\n").slice(0, -1);
		const lines = whole.filter((text) => text.startsWith("{")).map((text) => JSON.parse(text) as Record<string, unknown>);
		const found = lines.filter(({ msg }) => words.test(String(msg)));
		if (found.length >= count) return found;
		await Bun.sleep(10);
	}
}

describe("the administrators' socket", () => {
	test("survives a kill of the server, and is gone when it has stopped; then the folder itself is worked on", async () => {
		const server = await ServerProcess.prepare();
		const on = ["--data", server.data];
		const socket = join(server.data, "admin.sock");
		try {
			await server.start();
			await server.stop("SIGKILL");
			expect((await verbatim(["user", "add", "ann", ...on], { input: `${PASSWORD}\n` })).code).toBe(0);
			await server.start();
			expect((await verbatim(["user", "end", "ann", ...on])).code).toBe(0);
			const body = JSON.stringify({ name: "keyed", key: crypto.randomUUID() });
			expect((await fetch(`${server.http}/api/v1/guest`, { method: "POST", body })).status).toBe(200);
			expect(await server.stop()).toBe(0);
			expect(existsSync(socket)).toBe(false);
			const { out } = await verbatim(["user", "list", "--json", ...on]);
			expect(out).toContain("keyed");
			expect(out).not.toContain("external");
			expect((await verbatim(["user", "end", "ann", ...on])).code).toBe(0);
		} finally {
			await server.remove();
		}
	}, 60_000);

	test("can be switched off: the folder of a server that runs is not touched", async () => {
		const server = await ServerProcess.prepare({ flags: ["--admin=false"] });
		try {
			await server.start();
			expect(existsSync(join(server.data, "admin.sock"))).toBe(false);
			const { code, err } = await verbatim(["user", "list", "--data", server.data]);
			expect(code).toBe(75);
			expect(err).toContain(server.data);
		} finally {
			await server.remove();
		}
	}, 60_000);

	test("with adminTokenFile the operations port has the API, for who shows the token", async () => {
		const folder = await mkdtemp(join(tmpdir(), "verbatim-admin-"));
		const token = "0123456789abcdef0123456789abcdef";
		writeFileSync(join(folder, "token"), `${token}\n`, { mode: 0o600 });
		const server = await ServerProcess.prepare({ flags: [`--adminTokenFile=${join(folder, "token")}`] });
		try {
			await server.start();
			const ask = (shown: string) =>
				fetch(`${server.ops}/admin/v1/users`, { headers: shown ? { authorization: `Bearer ${shown}` } : {} });
			expect((await ask("")).status).toBe(401);
			expect((await ask("wrong")).status).toBe(401);
			const right = await ask(token);
			expect([right.status, await right.json()]).toEqual([200, { users: [] }]);
			// Who was refused, and who has changed what from where, can be told afterwards.
			const headers = { authorization: `Bearer ${token}` };
			const body = JSON.stringify({ name: "ann", password: PASSWORD });
			expect((await fetch(`${server.ops}/admin/v1/users`, { method: "POST", headers, body })).status).toBe(200);
			expect((await verbatim(["user", "end", "ann", "--data", server.data])).code).toBe(0);
			const lines = await written(server, 4, /administrator/);
			expect(lines).toMatchObject([
				{ msg: "administrator refused", code: "unauthenticated", address: "127.0.0.1", path: "/admin/v1/users" },
				{ msg: "administrator refused", code: "unauthenticated" },
				{ msg: "an administrator has added a user", name: "ann", by: "token", address: "127.0.0.1" },
				{ msg: "an administrator has changed a user", name: "ann", action: "end", by: "socket" },
			]);
			expect(JSON.stringify(lines)).not.toContain("wrong");
			const metrics = await (await fetch(`${server.ops}/metrics`)).text();
			expect(metrics).toContain('verbatim_admin_requests_total{outcome="unauthenticated"} 2\n');
		} finally {
			await server.remove();
			await rm(folder, { recursive: true, force: true });
		}
	}, 60_000);
});
