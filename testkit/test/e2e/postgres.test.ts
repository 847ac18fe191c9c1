// A server on PostgreSQL, started and used as an operator does: what was said is there once, whatever ends, and what is wrong is said.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ClientDriver } from "../../src/e2e/client-driver.ts";
import { eventually } from "../../src/e2e/waiting.ts";
import { findPostgres, POSTGRES_MISSING, PostgresProcess } from "../../src/process/postgres.ts";
import { refusedStart } from "../../src/process/refused-start.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const TEST_MS = 240_000;
const LONG_MS = 120_000;
const MAIN = join(import.meta.dir, "../../../cli/src/main.ts");

describe.skipIf(findPostgres() === undefined)(`a server on PostgreSQL (${POSTGRES_MISSING})`, () => {
	let postgres: PostgresProcess;
	let server: ServerProcess;
	let store: readonly string[];

	beforeAll(async () => {
		postgres = await PostgresProcess.start();
		const url = new URL(await postgres.database());
		url.password = "";
		const passwordFile = join(postgres.folder, "password of the store");
		writeFileSync(passwordFile, `${postgres.password}\n`, { mode: 0o600 });
		store = ["--store", url.href, "--storePasswordFile", passwordFile];
		server = await ServerProcess.prepare({ flags: store });
		await server.start();
	}, TEST_MS);

	afterAll(async () => {
		await server?.remove();
		await postgres?.remove();
	}, TEST_MS);

	test("says where messages are kept, without the password, and has no database of its own", () => {
		expect(server.printed).toContain("postgres://postgres@127.0.0.1");
		expect(server.printed).not.toContain(postgres.password);
		expect(existsSync(join(server.data, "verbatim.db"))).toBe(false);
	});

	test(
		"the server is killed, then PostgreSQL, then both: no line is lost or doubled, and a client that comes later reads the same",
		async () => {
			const drivers = await Promise.all(["ann", "bob", "cid"].map((name) => ClientDriver.enter(server.tcp, name, "tea")));
			for (const driver of drivers) driver.start();
			const further = async (count: number): Promise<void> => {
				const before = drivers.map(({ known }) => known);
				await eventually(
					async () => {
						for (const { trouble } of drivers) if (trouble !== undefined) throw trouble;
						return drivers.every(({ known }, i) => known >= (before[i] ?? 0) + count) ? true : undefined;
					},
					() => `${count} lines more of each in the log\n${server.printed}`,
					LONG_MS,
				);
			};
			await further(3);
			await server.stop("SIGKILL");
			await server.start();
			await further(3);
			await postgres.stop("SIGKILL");
			// Not ready: balancers look elsewhere meanwhile.
			await eventually(
				async () => ((await fetch(`${server.ops}/ready`)).status === 503 ? true : undefined),
				() => "not ready",
				LONG_MS,
			);
			await postgres.restart();
			await further(3);
			await server.stop("SIGKILL");
			await postgres.stop("SIGKILL");
			await postgres.restart();
			await server.start();
			await further(3);
			await Promise.all(drivers.map((driver) => driver.stop()));
			const [first] = drivers;
			if (first === undefined) throw new Error("there are no drivers");
			const { entries } = await first.log();
			expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
			const lines = entries.filter(({ what }) => what === "message").map(({ text }) => text);
			expect(lines.toSorted()).toEqual(drivers.flatMap(({ taken }) => taken).toSorted());
			for (const { name, taken } of drivers) expect(lines.filter((line) => line.startsWith(`${name} `))).toEqual([...taken]);
			const late = await ClientDriver.enter(server.tcp, "dan", "tea");
			for (const driver of [...drivers, late]) {
				await eventually(
					async () => ((await driver.seen()).length >= lines.length ? true : undefined),
					() => `${driver.name} sees ${lines.length} lines`,
					LONG_MS,
				);
				expect(await driver.seen()).toEqual(lines);
				await driver.close();
			}
		},
		TEST_MS,
	);

	test(
		"operators: `user` works on the server that runs, `doctor` looks at the database, `restore` says what to do instead",
		async () => {
			const flags = ["--data", server.data, ...store];
			const added = await verbatim(["user", "add", "eve", ...flags], "correct horse battery staple\n");
			expect([added.code, added.words]).toEqual([0, expect.stringContaining("eve is registered")]);
			const doctor = await verbatim(["doctor", ...flags]);
			expect(doctor.words).toMatch(/ok {4}database {5}PostgreSQL \d+/);
			const restored = await verbatim(["restore", "--from", "x", ...flags]);
			expect([restored.code, restored.words]).toEqual([64, expect.stringContaining("pg_basebackup")]);
			for (const { words } of [added, doctor, restored]) expect(words).not.toContain(postgres.password);
		},
		TEST_MS,
	);

	test(
		"a server that cannot have its database says why, and ends with a code that tells whether to try again",
		async () => {
			const [, address = "", , passwordFile = ""] = store;
			const wrong = new URL(address);
			wrong.password = "open sesame";
			const denied = await refusedStart({ data: server.data, flags: [`--store=${wrong.href}`] });
			expect([denied.exitCode, denied.words]).toEqual([77, expect.stringContaining("password authentication failed")]);
			expect(denied.words).not.toContain("sesame");
			const away = new URL(address);
			away.port = "1";
			const unreachable = await refusedStart({
				data: server.data,
				flags: [`--store=${away.href}`, `--storePasswordFile=${passwordFile}`],
			});
			expect([unreachable.exitCode, unreachable.words]).toEqual([75, expect.stringContaining("cannot be reached")]);
			const noFile = await refusedStart({ data: server.data, flags: [`--store=${address}`, "--storePasswordFile=/not/there"] });
			expect([noFile.exitCode, noFile.words]).toEqual([78, expect.stringContaining("storePasswordFile")]);
			const noDatabase = await refusedStart({ data: server.data, flags: ["--store=postgres://u:sesame@h"] });
			expect([noDatabase.exitCode, noDatabase.words]).toEqual([78, expect.stringContaining("names no database")]);
			expect(noDatabase.words).not.toContain("sesame");
		},
		TEST_MS,
	);
});

async function verbatim(args: readonly string[], input = ""): Promise<{ readonly code: number; readonly words: string }> {
	const child = Bun.spawn([process.execPath, MAIN, ...args], { stdin: Buffer.from(input), stdout: "pipe", stderr: "pipe" });
	const [out, err, code] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	return { code, words: out + err };
}
