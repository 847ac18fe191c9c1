import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, ServerProcess, startDns } from "@verbatim/testkit";
import { verbatim } from "./run.ts";

describe("the command line", () => {
	test("names the nearest command and the nearest option, and exits with 64", async () => {
		const command = await verbatim(["sevre"]);
		expect(command.code).toBe(64);
		expect(command.err).toContain("did you mean serve?");
		const option = await verbatim(["send", "#tea", "hello", "--geust", "ann"]);
		expect(option.code).toBe(64);
		expect(option.err).toContain("--guest");
	});

	test("has help for each command, with examples", async () => {
		for (const name of ["serve", "chat", "send", "tail", "config", "doctor", "restore", "user"]) {
			const { code, out } = await verbatim([name, "--help"]);
			expect(code).toBe(0);
			expect(out).toContain(`Usage: verbatim ${name}`);
			expect(out).toContain("Examples:");
		}
	});

	test("a wrong setting stops the start with its name, value, source and what is allowed, and exits with 78", async () => {
		const { code, err } = await verbatim(["serve"], { env: { VERBATIM_LIMITS_SENDS_PER_SECOND: "lots" } });
		expect(code).toBe(78);
		for (const words of ["limits.sendsPerSecond", '"lots"', "VERBATIM_LIMITS_SENDS_PER_SECOND", "allowed: a number"])
			expect(err).toContain(words);
	});

	test("words that are no options stop serve, config and doctor, which would else run without them; npm's way is told", async () => {
		for (const name of ["serve", "config", "doctor"]) {
			const { code, err } = await verbatim([name, "/tmp/eaten", ":29099"], { env: { npm_lifecycle_event: "start" } });
			expect([name, code]).toEqual([name, 64]);
			expect(err).toContain('takes options only, not "/tmp/eaten :29099"');
			expect(err).toContain("npm start -- --data DIR");
		}
	});

	test("config shows each value with its source, and hides secrets", async () => {
		const { code, out } = await verbatim(["config", "--http", ":1234"], {
			env: {
				VERBATIM_DATA: "/tmp/x",
				VERBATIM_PROVIDERS: '[{"issuer":"https://id.example.org","audience":"chat","secret":"0123456789abcdef0123456789abcdef"}]',
			},
		});
		expect(code).toBe(0);
		expect(out).toMatch(/http = ":1234" +# --http/);
		expect(out).toMatch(/data = "\/tmp\/x" +# VERBATIM_DATA/);
		expect(out).not.toContain("0123456789abcdef");
	});
});

describe("where no server is", () => {
	const [port] = freePorts(1);
	test.each([
		["refused", "WebSocket", `ws://127.0.0.1:${port}/ws`],
		["refused", "TCP", `tcp://127.0.0.1:${port}`],
		["a name without an address", "WebSocket", "ws://nothing.invalid/ws"],
		["a name without an address", "TCP", "tcp://nothing.invalid:9000"],
	])(
		"send and tail say at once what fails, how long they try, and that nothing was sent: %s, %s",
		async (_what, _how, server) => {
			const host = new URL(server).hostname;
			for (const words of [
				["send", "tea", "hello"],
				["tail", "tea"],
			]) {
				const { code, out, err } = await verbatim([...words, "--wait", "1", "--guest", "ci", "--server", server]);
				expect(code).toBe(69);
				expect(out).toBe("");
				const [first = "", ...more] = err.trim().split("\n");
				expect(first).toMatch(/^- .*; trying for 1 s$/);
				expect(first).toContain(host);
				expect(more.join("\n")).toContain(`no connection to ${host}`);
				expect(err).not.toContain("may or may not");
				if (words[0] === "send") expect(err).toContain("nothing was sent");
			}
		},
	);

	test("--wait 0 tries once", async () => {
		const { code, err } = await verbatim(["send", "tea", "hello", "--wait", "0", "--server", `tcp://127.0.0.1:${port}`]);
		expect(code).toBe(69);
		expect(err.trim().split("\n")).toHaveLength(1);
	});

	test("an empty text is refused before anything is tried", async () => {
		const { code, err } = await verbatim(["send", "tea", "", "--server", `tcp://127.0.0.1:${port}`]);
		expect(code).toBe(64);
		expect(err).toContain("empty");
	});
});

describe("beside a server", () => {
	let server: ServerProcess;
	let to: string[];
	beforeAll(async () => {
		server = await ServerProcess.prepare();
		await server.start();
		to = ["--server", server.webSocket];
	});
	afterAll(() => server.remove());

	test("send and tail find a server by the name servers given, where the system's do not know its name", async () => {
		const dns = await startDns({ "chat.example": "127.0.0.1" });
		const { port } = new URL(server.webSocket);
		const ask = ["--dns", `127.0.0.1:${dns.port}`, "--guest", "far"];
		const sent = await verbatim(["send", "#far", "found", ...ask, "--server", `http://chat.example:${port}`]);
		expect(sent).toMatchObject({ code: 0, out: "#far 2\n", err: "" });
		const tcp = ["--server", `tcp://chat.example:${new URL(server.tcp).port}`];
		expect(await verbatim(["send", "#far", "found", "--guest", "far-2", "--dns", ask[1] ?? "", ...tcp])).toMatchObject({
			code: 0,
		});
		dns.stop();
		const wrong = await verbatim(["send", "#far", "found", "--dns", "dns.example"]);
		expect(wrong.code).toBe(64);
		expect(wrong.err).toContain("it takes IP addresses");
	});

	test("who says no name is the same made-up guest each time", async () => {
		const state = await mkdtemp(join(tmpdir(), "verbatim-state-"));
		const seqs: number[] = [];
		for (let run = 0; run < 2; run++) {
			const { out } = await verbatim(["send", "#same", "it is me", ...to], { env: { XDG_STATE_HOME: state } });
			seqs.push(Number(/#same (\d+)/.exec(out)?.[1]));
		}
		// Created by it, hence no entry but its own; another guest would have had to join.
		expect(seqs).toEqual([2, 3]);
		await rm(state, { recursive: true });
	});

	test("send says when it is durable and where, tail prints it as line mode does", async () => {
		expect(await verbatim(["send", "#tea", "the build is green", "--guest", "ci", ...to])).toMatchObject({
			code: 0,
			out: "#tea 2\n",
		});
		expect(await verbatim(["send", "#tea", "--guest", "lines", ...to], { input: "one\ntwo\n" })).toMatchObject({ code: 0 });
		const tail = Bun.spawn(
			[process.execPath, join(import.meta.dir, "../src/main.ts"), "tail", "#tea", "--after", "0", "--guest", "reader", ...to],
			{ stdout: "pipe", stderr: "ignore" },
		);
		let printed = "";
		for await (const chunk of tail.stdout) {
			printed += new TextDecoder().decode(chunk);
			if (printed.includes("<lines> two")) break;
		}
		tail.kill();
		await tail.exited;
		expect(printed).toContain("#tea 2 <ci> the build is green\n");
		expect(printed.indexOf("<lines> one")).toBeLessThan(printed.indexOf("<lines> two"));
	});

	test("a path that is not the server's is told as HTTP's 404, at once", async () => {
		const elsewhere = server.webSocket.replace("/ws", "/chat");
		for (const words of [
			["send", "tea", "hello"],
			["tail", "tea"],
		]) {
			const { code, err } = await verbatim([...words, "--guest", "lost", "--server", elsewhere]);
			expect(code).toBe(69);
			expect(err).toContain("404");
			expect(err).toContain("/ws");
			expect(err.trim().split("\n")).toHaveLength(1);
		}
	});

	test("a room without # is the channel of this name", async () => {
		expect(await verbatim(["send", "kitchen", "hello", "--guest", "cook", ...to])).toMatchObject({
			code: 0,
			out: "#kitchen 2\n",
		});
		expect(await verbatim(["send", "#kitchen", "again", "--guest", "cook", ...to])).toMatchObject({
			code: 0,
			out: "#kitchen 3\n",
		});
	});

	test("a name with a space is refused by that word", async () => {
		const { code, err } = await verbatim(["send", "#tea time", "hello", "--guest", "ci3", ...to]);
		expect(code).toBe(76);
		expect(err).toContain("a space is not allowed in a name");
	});

	test("a refusal has its words and exit code", async () => {
		const { code, err } = await verbatim(["send", "@nobody-here", "hello", "--guest", "ci2", ...to]);
		expect(code).toBe(76);
		expect(err).toContain("no_such_user");
		expect(
			(await verbatim(["send", "#tea", "hello", "--user", "ann", ...to], { env: { VERBATIM_PASSWORD: "wrong-password" } })).code,
		).toBe(77);
	});

	test("the data folder of a running server is not touched by doctor --restored", async () => {
		const { code, err } = await verbatim(["doctor", "--restored", "--data", server.data]);
		expect(code).toBe(75);
		expect(err).toContain(server.data);
	});

	test("doctor looks beside a running server and finds it", async () => {
		const flags = [
			"--data",
			server.data,
			"--http",
			`127.0.0.1:${server.httpPort}`,
			"--tcp",
			`127.0.0.1:${server.tcpPort}`,
			"--ops",
			`127.0.0.1:${server.opsPort}`,
		];
		const { out } = await verbatim(["doctor", "--json", ...flags]);
		const findings = JSON.parse(out) as { about: string; grade: string; words: string }[];
		expect(findings.find(({ about }) => about === "server")?.words).toContain("runs on this data folder");
		expect(findings.find(({ about }) => about === "database")?.grade).toBe("ok");
		expect(findings.filter(({ grade }) => grade === "bad" || grade === "warn")).toEqual([]);
		const bytes = statSync(join(server.data, "verbatim.db-wal")).size;
		expect(bytes).toBeGreaterThan(0);
		expect(findings.find(({ about }) => about === "database")?.words).toMatch(/ [KM]iB of it in the write-ahead log/);
	});
});

describe("on a data folder without a server", () => {
	let data: string;
	beforeAll(async () => {
		data = await mkdtemp(join(tmpdir(), "verbatim-cli-"));
	});
	afterAll(() => rm(data, { recursive: true, force: true }));

	test("where no server has made a database, commands on it say so, with --data, exit with 66, and make none", async () => {
		const elsewhere = join(data, "elsewhere");
		for (const words of [
			["user", "list"],
			["user", "add", "ann"],
			["user", "disable", "ann"],
			["doctor", "--restored"],
		]) {
			const { code, out, err } = await verbatim([...words, "--data", elsewhere], { input: "a long password\n" });
			expect({ code, out }).toEqual({ code: 66, out: "" });
			expect(err).toContain(`there is no database in ${elsewhere}`);
			expect(err).toContain("--data");
		}
		expect(existsSync(elsewhere)).toBe(false);
		const { code, err } = await verbatim(["restore", "--from", join(data, "none.db"), "--data", elsewhere]);
		expect({ code, err }).toEqual({ code: 66, err: expect.stringContaining("none.db") });
	}, 60_000);

	test("doctor finds a token file that the server refuses or others can read, data that others can read, and ops open to the network", async () => {
		const folder = join(data, "looked-at");
		mkdirSync(folder, { mode: 0o755 });
		const token = join(data, "token");
		const grades = async (...flags: string[]) => {
			const { out } = await verbatim([
				"doctor",
				"--json",
				"--data",
				folder,
				"--http=off",
				"--tcp=127.0.0.1:0",
				"--ops=127.0.0.1:0",
				...flags,
			]);
			const findings = JSON.parse(out) as { about: string; grade: string; words: string }[];
			return (about: string) => findings.filter((each) => each.about === about).map(({ grade }) => grade);
		};
		expect((await grades())("data")).toEqual(["note"]);
		expect((await grades())("admin token")).toEqual([]);
		expect((await grades("--ops=:0"))("ops")).toContain("note");
		writeFileSync(token, "short", { mode: 0o600 });
		expect((await grades("--adminTokenFile", token))("admin token")).toEqual(["bad"]);
		writeFileSync(token, "0123456789abcdef0123456789abcdef");
		expect((await grades("--adminTokenFile", token))("admin token")).toEqual(["ok"]);
		chmodSync(token, 0o644);
		expect((await grades("--adminTokenFile", token))("admin token")).toEqual(["warn"]);
		writeFileSync(join(folder, "verbatim.db"), "", { mode: 0o644 });
		expect((await grades())("data")).toEqual(["warn"]);
		chmodSync(join(folder, "verbatim.db"), 0o600);
		expect((await grades())("data")).toEqual(["note"]);
	}, 60_000);

	test("restore puts a backup in place over what a killed server has left, and the next server has what the backup held", async () => {
		const server = await ServerProcess.prepare();
		const backup = join(data, "backup.db");
		const listed = async () => (await verbatim(["user", "list", "--data", server.data])).out;
		try {
			await server.start();
			const add = (name: string) => verbatim(["user", "add", name, "--data", server.data], { input: "a long password\n" });
			await add("ann");
			const db = new Database(join(server.data, "verbatim.db"), { readonly: true });
			writeFileSync(backup, db.serialize());
			db.close();
			await add("bob");
			expect(await verbatim(["restore", "--from", backup, "--data", server.data])).toMatchObject({ code: 75 });
			await server.stop("SIGKILL");
			const { code, out } = await verbatim(["restore", "--from", backup, "--data", server.data]);
			expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("new epoch") });
			await server.start();
			expect(await listed()).toContain("ann");
			expect(await listed()).not.toContain("bob");
		} finally {
			await server.remove();
		}
	}, 60_000);

	test("users are added, listed, disabled and given passwords, and the server knows them", async () => {
		const on = ["--data", data];
		const server = await ServerProcess.prepare({ data });
		await server.start();
		expect(await server.stop()).toBe(0);
		expect((await verbatim(["user", "add", "ann", ...on], { input: "a long password\n" })).out).toContain("ann is registered");
		expect((await verbatim(["user", "add", "Ann", ...on], { input: "a long password\n" })).err).toContain("name_taken");
		expect((await verbatim(["user", "add", "bob", ...on], { input: "short\n" })).err).toContain("password_weak");
		expect((await verbatim(["user", "password", "ann", ...on], { input: "another password\n" })).code).toBe(0);
		const listed = (await verbatim(["user", "list", "--json", ...on])).out
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as object);
		expect(listed).toMatchObject([{ name: "ann", kind: "registered", disabled: false, ended: false }]);
		await server.start();
		const send = (password: string) =>
			verbatim(["send", "#tea", "hello", "--user", "ann", "--server", server.webSocket], {
				env: { VERBATIM_PASSWORD: password },
			});
		expect((await send("a long password")).code).toBe(77);
		expect((await send("another password")).code).toBe(0);
		expect(await server.stop()).toBe(0);
		expect((await verbatim(["user", "disable", "ann", ...on])).code).toBe(0);
		await server.start();
		expect((await send("another password")).code).toBe(77);
		expect(await server.stop()).toBe(0);
		expect((await verbatim(["doctor", "--restored", ...on])).out).toContain("new epoch");
	}, 60_000);
});
