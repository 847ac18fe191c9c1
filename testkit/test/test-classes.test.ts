// Which tests `npm run test:fast` runs: each file has one class, and the class is true.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { classOf, SLOW, slowClassesOf, testFiles } from "../src/run/test-classes.ts";

const ROOT = join(import.meta.dir, "../..");
const files = testFiles();
const SELF = "testkit/test/test-classes.test.ts";

/** What a test file uses that opens a browser, or starts processes of ours. */
const OPENS_BROWSER = /\bopenBrowser\b|\bdescribeVisits\b/;
const STARTS_PROCESS =
	/process\.execPath|\bServerProcess\b|\bPostgresProcess\b|\bdescribePostgres\b|\bstartRedis\b|\bRedisProcess\b|\brefusedStart\b|from "\.\/run\.ts"/;

describe("the classes of test files", () => {
	test("each file is in exactly one", () => {
		expect(files.length).toBeGreaterThan(150);
		expect(files.filter((path) => slowClassesOf(path).length > 1)).toEqual([]);
	});

	test("what is listed as slow is there", () => {
		const listed = Object.values(SLOW).flat();
		expect(listed.filter((entry) => !files.some((path) => path.startsWith(entry)))).toEqual([]);
	});

	test("a fast file opens no browser and starts no process of ours; what is listed for that does", () => {
		const wrong = files.filter((path) => {
			if (path === SELF) return false;
			const text = readFileSync(join(ROOT, path), "utf8");
			const found = { browser: OPENS_BROWSER.test(text), process: STARTS_PROCESS.test(text) };
			const of = classOf(path);
			if (of === "long") return false;
			return of === "fast" ? found.browser || found.process : !found[of];
		});
		expect(wrong).toEqual([]);
	});
});
