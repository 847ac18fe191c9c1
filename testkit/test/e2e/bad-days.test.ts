// A server that cannot start says what is wrong (name and value), what to do, and ends with an exit code that tells the kinds of
// trouble apart; it leaves everything on the disk as it was.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT } from "@verbatim/cli/exit";
import { Canary } from "../../src/e2e/canary.ts";
import { imageOf } from "../../src/e2e/folder-image.ts";
import { canWriteProtect, PROTECTION_MISSING, writeProtect } from "../../src/e2e/write-protect.ts";
import { refusedStart } from "../../src/process/refused-start.ts";
import { ServerProcess } from "../../src/process/server-process.ts";

const TEST_MS = 60_000;
const NEWER = 99;
const PROTECTABLE = canWriteProtect();

let folder: string;
/** A data folder that a server has used and left. */
let data: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "verbatim-bad-days-"));
	data = join(folder, "data");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lets a server make the folder and leave it. */
async function used(): Promise<void> {
	const server = await ServerProcess.prepare({ data });
	await server.start();
	expect(await server.stop()).toBe(0);
}

describe("a port that is taken", () => {
	for (const door of ["http", "tcp", "ops"]) {
		test(
			`--${door}: the address, who to ask and what to change`,
			async () => {
				await used();
				const before = imageOf(data);
				const holder = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
				try {
					const address = `127.0.0.1:${holder.port}`;
					const { exitCode, words } = await refusedStart({ data, flags: [`--${door}=${address}`] });
					expect(words).toContain(`${address} is in use`);
					expect(words).toContain(`stop what listens there or choose another with --${door}`);
					expect(exitCode).toBe(EXIT.address);
					expect(imageOf(data)).toEqual(before);
				} finally {
					holder.stop(true);
				}
			},
			TEST_MS,
		);
	}

	test(
		"an address that this machine does not have",
		async () => {
			await used();
			const before = imageOf(data);
			const { exitCode, words } = await refusedStart({ data, flags: ["--http=192.0.2.1:8080"] });
			expect(words).toContain("no such address as 192.0.2.1:8080");
			expect(words).toContain("choose another with --http");
			expect(exitCode).toBe(EXIT.address);
			expect(imageOf(data)).toEqual(before);
		},
		TEST_MS,
	);
});

describe("a data folder that cannot be used", () => {
	test(
		"a file where the folder should be is left alone",
		async () => {
			writeFileSync(data, "precious");
			const before = imageOf(folder);
			const { exitCode, words } = await refusedStart({ data });
			expect(words).toContain(`the data folder ${data} cannot be written to`);
			expect(words).toContain("choose another (--data DIR)");
			expect(exitCode).toBe(EXIT.unwritable);
			expect(imageOf(folder)).toEqual(before);
		},
		TEST_MS,
	);

	test(
		"a folder where nobody can make one",
		async () => {
			const { exitCode, words } = await refusedStart({ data: "/proc/verbatim" });
			expect(words).toContain("the data folder /proc/verbatim cannot be written to");
			expect(words).toContain("choose another (--data DIR)");
			expect(exitCode).toBe(EXIT.unwritable);
		},
		TEST_MS,
	);

	test.skipIf(!PROTECTABLE)(
		`a folder that may be read only, with a database in it${PROTECTABLE ? "" : ` (${PROTECTION_MISSING})`}`,
		async () => {
			await used();
			const protection = writeProtect(data);
			const before = imageOf(data);
			try {
				const { exitCode, words } = await refusedStart({ data, under: protection?.under ?? [] });
				expect(words).toContain(data);
				expect(words).toContain("cannot be written to");
				expect(words).toContain("let this user own it");
				expect(exitCode).toBe(EXIT.unwritable);
				expect(imageOf(data)).toEqual(before);
			} finally {
				protection?.lift();
			}
		},
		TEST_MS,
	);

	test(
		"a second server on the same folder: the first goes on, and the folder is free when it has ended",
		async () => {
			const server = await ServerProcess.prepare({ data });
			await server.start();
			const canary = await Canary.begin(server);
			try {
				await canary.play(4);
				const { exitCode, words } = await refusedStart({ data });
				expect(words).toContain(`another server is using the data folder ${data}`);
				expect(words).toContain("stop it, or give this one a folder of its own (--data DIR)");
				expect(exitCode).toBe(EXIT.later);
				await canary.play(4);
				expect(await canary.verdict()).toMatchObject({ ok: true, violations: [], counts: { acknowledged: 8 } });
				expect(canary.anomalies).toEqual([]);
			} finally {
				await canary.end();
				await server.remove();
			}
			// Killed, not stopped: no lock may outlive its server.
			await used();
		},
		TEST_MS,
	);
});

describe("a database that cannot be used", () => {
	test(
		"one of a newer version is not touched",
		async () => {
			await used();
			const path = join(data, "verbatim.db");
			const db = new Database(path);
			const { user_version: known } = db.query<{ user_version: number }, []>("PRAGMA user_version").get() ?? { user_version: 0 };
			db.exec(`PRAGMA user_version = ${NEWER}; PRAGMA wal_checkpoint(TRUNCATE)`);
			db.close();
			const before = imageOf(data);
			const { exitCode, words } = await refusedStart({ data });
			expect(words).toContain(`${path} was written by a newer Verbatim (its version is ${NEWER}, this one knows ${known})`);
			expect(words).toContain("start that one, or restore a backup from before the upgrade");
			expect(exitCode).toBe(EXIT.data);
			expect(imageOf(data)).toEqual(before);
		},
		TEST_MS,
	);

	test(
		"one of another program is not touched",
		async () => {
			mkdirSync(data);
			const path = join(data, "verbatim.db");
			const db = new Database(path);
			db.exec("CREATE TABLE recipes (name TEXT)");
			db.close();
			const before = imageOf(path);
			const { exitCode, words } = await refusedStart({ data });
			expect(words).toContain(`${path} is a database, but not one of Verbatim`);
			expect(words).toContain("move it away, or choose another data folder");
			expect(exitCode).toBe(EXIT.data);
			expect(imageOf(path)).toEqual(before);
		},
		TEST_MS,
	);

	test(
		"a file that is no database is not touched",
		async () => {
			mkdirSync(data);
			const path = join(data, "verbatim.db");
			writeFileSync(path, "this is no database ".repeat(1_000));
			const before = imageOf(path);
			const { exitCode, words } = await refusedStart({ data });
			expect(words).toContain(`${path} is damaged or no database`);
			expect(words).toContain("put a backup in place: verbatim restore --from FILE");
			expect(exitCode).toBe(EXIT.data);
			expect(imageOf(path)).toEqual(before);
		},
		TEST_MS,
	);
});

interface WrongSetting {
	readonly what: string;
	readonly flags?: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
	/** A TOML file. */
	readonly file?: string;
	readonly words: readonly string[];
	/** Default: `EXIT.config`. */
	readonly exitCode?: number;
}

const WRONG_SETTINGS: readonly WrongSetting[] = [
	{
		what: "a number that is none",
		flags: ["--limits.sendsPerSecond=many"],
		words: ["limits.sendsPerSecond", '"many"', "a number"],
	},
	{
		what: "a time without a unit that is known",
		flags: ["--timing.drainMs=10parsecs"],
		words: ["timing.drainMs", '"10parsecs"', "ms"],
	},
	{ what: "a value out of its bounds", flags: ["--limits.frameBytesMax=1"], words: ["limits.frameBytesMax", "4096"] },
	{
		what: "a word that is not among those allowed",
		flags: ["--store=postgres"],
		words: ["store", '"postgres"', "sqlite", "memory"],
	},
	{
		what: "an address that is none",
		environment: { VERBATIM_HTTP: "here" },
		words: ["http", "VERBATIM_HTTP", '"here"', "HOST:PORT"],
	},
	{
		what: "limits that contradict each other",
		flags: ["--limits.textBytesMax=60000"],
		words: ["limits contradict each other", "textBytesMax"],
	},
	{
		what: "several mistakes in a file, all named at once",
		file: 'guest = true\n[limits]\nsendsPerSecond = "fast"\n',
		words: ["guest", "guests", "limits.sendsPerSecond", '"fast"'],
	},
	{ what: "a file that is no TOML", file: "data == here", words: ["verbatim.toml"] },
	{ what: "a file that is not there", flags: ["--config=/nowhere/verbatim.toml"], words: ["/nowhere/verbatim.toml"] },
	{ what: "half of a pair", flags: ["--tls.http.cert=/etc/cert.pem"], words: ["tls.http.cert", "tls.http.key", "missing"] },
	{
		what: "a key file that is not there",
		flags: ["--tokenKeyFile=/nowhere/keys"],
		words: ["tokenKeyFile", "/nowhere/keys", "cannot be used"],
	},
	{
		what: "an option that there is none of",
		flags: ["--htpp=:8080"],
		words: ["--htpp", "did you mean --http?"],
		exitCode: EXIT.usage,
	},
];

describe("a setting that is wrong is named with its value and what is allowed, and nothing is made:", () => {
	for (const { what, flags = [], environment, file, words: wanted, exitCode: code = EXIT.config } of WRONG_SETTINGS) {
		test(
			what,
			async () => {
				const path = join(folder, "verbatim.toml");
				if (file !== undefined) writeFileSync(path, file);
				const given = file === undefined ? flags : [...flags, `--config=${path}`];
				const { exitCode, words } = await refusedStart({ data, flags: given, ...(environment && { environment }) });
				for (const word of wanted) expect(words).toContain(word);
				expect(words).not.toContain("    at ");
				expect(exitCode).toBe(code);
				expect(imageOf(data)).toEqual(["nothing"]);
			},
			TEST_MS,
		);
	}
});
