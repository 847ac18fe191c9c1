// Opening a store on PostgreSQL: what stands against it is named, with what to do, and the database stays as it is.
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { parsePostgresAddress, withoutPassword } from "../../src/store/postgres/address.ts";
import type { Connection } from "../../src/store/postgres/connection.ts";
import { Hosts } from "../../src/store/postgres/hosts.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { MIGRATIONS } from "../../src/store/postgres/migrations.ts";
import { openPostgresStore, type PostgresStoreOptions } from "../../src/store/postgres/postgres.ts";
import { ann, create, logOf, must, say } from "./drafts.ts";
import { describePostgres } from "./postgres-place.ts";

const PATIENT = { connectMs: 30_000, answerMs: 30_000 };

describe("the address of a database", () => {
	test("is taken apart: hosts in order, user, database, password, escapes", () => {
		const { targets, shown } = parsePostgresAddress("postgres://a%40b:p%3Aw@one,two:6432/my%20chat");
		const rest = { user: "a@b", database: "my chat", password: "p:w", ssl: false } as const;
		expect(targets).toEqual([
			{ host: "one", port: 5432, ...rest },
			{ host: "two", port: 6432, ...rest },
		]);
		expect(shown).toBe("postgres://a%40b@one,two:6432/my%20chat");
		expect(parsePostgresAddress("postgresql://u@[::1]:1/d").targets[0]).toMatchObject({ host: "::1", port: 1 });
		expect(parsePostgresAddress("postgres://u@%2Frun%2Fpg/d").targets[0]).toMatchObject({ host: "/run/pg" });
	});

	test("a password from a file goes before that of the address; certificates ask for their proof", () => {
		const [target] = parsePostgresAddress("postgres://u:one@h/d", { password: "two", ca: "PEM" }).targets;
		expect(target).toMatchObject({ password: "two", ssl: { rejectUnauthorized: true, ca: "PEM" } });
		expect(parsePostgresAddress("postgres://u@h/d?sslmode=require").targets[0]?.ssl).toMatchObject({ rejectUnauthorized: false });
		expect(parsePostgresAddress("postgres://u@h/d?sslmode=verify-full").targets[0]?.ssl).toMatchObject({
			rejectUnauthorized: true,
		});
	});

	test("what cannot be is refused, and no message has the password", () => {
		const wrong = ["h/d", "postgres://h/d", "postgres://u:secret@/d", "postgres://u:secret@h", "postgres://u:secret@h:x/d"];
		const more = ["postgres://u:secret@h/d?sslmode=prefer", "postgres://u:secret@h/d?host=x", "postgres://u:%zz@h/d"];
		for (const address of [...wrong, ...more]) {
			let words = "";
			try {
				parsePostgresAddress(address);
			} catch (error) {
				words = String(error);
			}
			expect(words).not.toBe("");
			expect(words).not.toContain("secret");
		}
		expect(() => parsePostgresAddress("postgres://u@h/d?sslmode=require", { ca: "PEM" })).toThrow("storeCaFile");
		expect(withoutPassword('"postgres://u:secret@h/d"')).toBe('"postgres://u@h/d"');
	});
});

describePostgres("opening a store on PostgreSQL", (postgres) => {
	const opening = (url: string, options: Partial<PostgresStoreOptions> = {}) =>
		openPostgresStore(url, { node: crypto.randomUUID(), times: PATIENT, ...options });
	const refusal = async (
		url: string,
		options: Partial<PostgresStoreOptions> = {},
	): Promise<{ code: string; message: string }> => {
		const error = await opening(url, options).then(
			(store) => store.close().then(() => "it was opened"),
			(cause: unknown) => cause,
		);
		expect(error).toMatchObject({ name: "PostgresOpenError" });
		const { code, message } = error as { code: string; message: string };
		expect(message).not.toContain(postgres().password);
		return { code, message };
	};
	const databaseOf = (url: string): string => new URL(url).pathname.slice(1);
	const connect = (url: string): Promise<Connection> =>
		new Hosts(parsePostgresAddress(url)).open({ ...PATIENT, pipeline: false, name: "test" });

	test("nobody at the address", async () => {
		const refused = await refusal("postgres://u:only%20for%20tests@127.0.0.1:1/d");
		expect(refused).toMatchObject({ code: "unreachable", message: expect.stringContaining("127.0.0.1:1") });
	});

	test("a name that is not there, and something that is not PostgreSQL", async () => {
		expect(await refusal("postgres://u@no-such-host.invalid/d")).toMatchObject({ code: "unreachable" });
		const other = Bun.serve({ port: 0, fetch: () => new Response("hello") });
		expect(await refusal(`postgres://u@127.0.0.1:${other.port}/d`, { times: { connectMs: 500 } })).toMatchObject({
			code: "unreachable",
		});
		await other.stop(true);
	});

	test("a wrong password, and a user that is not there", async () => {
		const url = new URL(await postgres().database());
		url.password = "wrong";
		expect(await refusal(url.href)).toMatchObject({ code: "denied", message: expect.stringContaining("storePasswordFile") });
		url.username = "nobody";
		expect(await refusal(url.href)).toMatchObject({ code: "denied" });
	});

	test("a database that is not there", async () => {
		const refused = await refusal(postgres().url("not_there"));
		expect(refused).toMatchObject({ code: "missing", message: expect.stringContaining('CREATE DATABASE "not_there"') });
	});

	test("a user who may not make a schema", async () => {
		const url = new URL(await postgres().database());
		await postgres().sql("CREATE ROLE guest LOGIN PASSWORD 'guest'");
		url.username = "guest";
		url.password = "guest";
		expect(await refusal(url.href)).toMatchObject({ code: "denied", message: expect.stringContaining("OWNER") });
	});

	test("a database that only reads", async () => {
		const url = await postgres().database();
		await postgres().sql(`ALTER DATABASE ${databaseOf(url)} SET default_transaction_read_only = on`);
		expect(await refusal(url)).toMatchObject({ code: "standby", message: expect.stringContaining("primary") });
	});

	test("of several hosts the one that writes is taken", async () => {
		const url = await postgres().database();
		const store = await opening(url.replace("@127.0.0.1", "@127.0.0.1:1,127.0.0.1"));
		await must(store, create("tea", ann));
		await store.close();
	});

	test("settings by which promises would be broken are named, all of them", async () => {
		const url = await postgres().database();
		for (const [name, value] of [
			["synchronous_commit", "off"],
			["tcp_user_timeout", "0"],
		]) {
			await postgres().sql(`ALTER DATABASE ${databaseOf(url)} SET ${name} = '${value}'`);
		}
		const { code, message } = await refusal(url);
		expect(code).toBe("settings");
		expect(message).toContain("synchronous_commit");
		expect(message).toContain("tcp_user_timeout");
		// On a Unix socket there is no such time.
		await postgres().sql(`ALTER DATABASE ${databaseOf(url)} RESET synchronous_commit`);
		const socket = `postgres://postgres@${encodeURIComponent(postgres().folder)}:${postgres().port}/${databaseOf(url)}`;
		await (await opening(socket)).close();
	});

	test("too few connections", async () => {
		const url = await postgres().database();
		await postgres().sql(`ALTER DATABASE ${databaseOf(url)} CONNECTION LIMIT 5`);
		const { code, message } = await refusal(url);
		expect(code).toBe("connections");
		expect(message).toContain("lets in 5 connections of this user, and 12 are needed");
		await (await opening(url, { lanes: 2, pool: { connectionsMax: 3 } })).close();
	});

	test("texts that are not UTF-8", async () => {
		await postgres().sql("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
		expect(await refusal(postgres().url("latin"))).toMatchObject({ code: "foreign", message: expect.stringContaining("UTF8") });
	});

	test("something else under our name is left as it is", async () => {
		const url = await postgres().database();
		await postgres().sql("CREATE SCHEMA verbatim; CREATE TABLE verbatim.users (mine int)", databaseOf(url));
		expect(await refusal(url)).toMatchObject({ code: "foreign" });
		expect(await postgres().sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'verbatim'", databaseOf(url))).toBe("1");
	});

	test("a database that a newer version has changed so that this one cannot work on it", async () => {
		const url = await postgres().database();
		const store = await opening(url);
		await must(store, create("tea", ann));
		await store.close();
		await postgres().sql("INSERT INTO verbatim.migrations VALUES (98, 1)", databaseOf(url));
		// A step that the version before bears.
		const beside = await opening(url);
		await must(beside, say("tea", ann, "beside"));
		await beside.close();
		await postgres().sql("INSERT INTO verbatim.migrations VALUES (99, 99)", databaseOf(url));
		expect(await refusal(url)).toMatchObject({ code: "newer", message: expect.stringContaining("needs 99") });
	});

	test("a step of the schema waits for whoever holds a table, and does not give up", async () => {
		const url = await postgres().database();
		const [one, other] = [await connect(url), await connect(url)];
		await migrate(one, systemClock);
		await other.run("BEGIN; LOCK TABLE verbatim.users IN ACCESS SHARE MODE");
		const next = [...MIGRATIONS, { needs: 1, sql: "ALTER TABLE verbatim.users ADD COLUMN later text" }];
		let isDone = false;
		const migrated = migrate(one, systemClock, next).then(() => {
			isDone = true;
		});
		// It has given up waiting once, so that nobody queues behind it, and tries again.
		while (!postgres().printed.includes("canceling statement due to lock timeout")) await Bun.sleep(20);
		expect(isDone).toBe(false);
		await other.run("COMMIT");
		await migrated;
		await migrate(one, systemClock, next);
		expect(await postgres().sql("SELECT max(version) FROM verbatim.migrations", databaseOf(url))).toBe(String(next.length));
		await one.close();
		await other.close();
	});

	test("what was written by one store is there for the next", async () => {
		const url = await postgres().database();
		const first = await opening(url);
		await must(first, create("tea", ann));
		await first.close();
		const second = await opening(url);
		expect(await logOf(second, "tea")).toEqual(["1 ann created"]);
		await second.close();
	});

	test.skipIf(Bun.which("openssl") === null)(
		"over TLS, with a server that proves its name; one that does not is refused",
		async () => {
			const { folder } = postgres();
			const run = (...args: string[]) => {
				const { status, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
				if (status !== 0) throw new Error(stderr);
			};
			const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
			for (const name of ["server", "other"]) {
				const out = ["-keyout", `${name}.key`, "-out", `${name}.crt`, "-days", "2", "-subj", `/CN=${name}`, "-addext", names];
				run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", ...out);
			}
			const owner = Bun.file(join(folder, "data/PG_VERSION"));
			const { uid, gid } = await owner.stat();
			for (const name of ["server.key", "server.crt"]) spawnSync("chown", [`${uid}:${gid}`, join(folder, name)]);
			spawnSync("chmod", ["600", join(folder, "server.key")]);
			await postgres().set({ ssl_cert_file: `${folder}/server.crt`, ssl_key_file: `${folder}/server.key`, ssl: "on" });
			const url = await postgres().database();
			const ca = readFileSync(join(folder, "server.crt"), "utf8");
			const other = readFileSync(join(folder, "other.crt"), "utf8");
			const tls =
				"SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name LIKE 'verbatim%'";
			while ((await postgres().sql("SHOW ssl")) !== "on") await Bun.sleep(20);
			const store = await openPostgresStore(parsePostgresAddress(url, { ca }), { node: "tls", times: PATIENT });
			expect(Number(await postgres().sql(tls))).toBeGreaterThan(0);
			await must(store, create("tea", ann));
			await store.close();
			const wrong = openPostgresStore(parsePostgresAddress(url, { ca: other }), { node: "tls", times: PATIENT });
			await expect(wrong).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("TLS") });
		},
	);
});
