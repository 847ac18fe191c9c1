import { describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, type LogFormat, type LogLevel, type ProcessLog } from "../../src/ops/log/log.ts";

/** What a process would have written. */
async function written(
	format: LogFormat,
	say: (log: ProcessLog) => void | Promise<void>,
	level: LogLevel = "debug",
): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), "verbatim-log-"));
	const path = join(folder, "log");
	const fd = openSync(path, "w");
	try {
		const log = createLog({ level, format, fd, now: () => Date.UTC(2026, 0, 2) });
		await say(log);
		await log.close();
		return readFileSync(path, "utf8");
	} finally {
		closeSync(fd);
		rmSync(folder, { recursive: true });
	}
}

const EVIL = 'a\u001b[2J\u001b]0;title\u0007\u009b31m\r\n{"level":"error"}\u2028\u202egnol\ud800';

describe("JSON lines", () => {
	test("have time, level, message and fields, one object a line, in order, those before the writer was loaded included", async () => {
		const text = await written("json", async (log) => {
			log.info({ trace: "t1", session: "s1", user: "u1", room: "r1" }, "first");
			await log.open();
			log.warn({ n: 1 }, "second");
		});
		const lines = text.trimEnd().split("\n");
		expect(lines.map((line) => JSON.parse(line))).toEqual([
			{ level: "info", time: "2026-01-02T00:00:00.000Z", trace: "t1", session: "s1", user: "u1", room: "r1", msg: "first" },
			{ level: "warn", time: "2026-01-02T00:00:00.000Z", n: 1, msg: "second" },
		]);
	});

	test("below the level nothing is written", async () => {
		const text = await written("json", (log) => log.info({}, "quiet"), "warn");
		expect(text).toBe("");
	});

	test("secrets are hidden at every depth", async () => {
		const fields = {
			password: "hunter2",
			deep: { accessToken: "hunter2", list: [{ authorization: "hunter2" }] },
			access: "hunter2",
		};
		const text = await written("json", (log) => log.info(fields, "a secret"));
		expect(text).not.toContain("hunter2");
		expect(text).toContain("[hidden]");
	});

	test("an error keeps its type, message, code, stack and cause", async () => {
		const cause = Object.assign(new TypeError("inner"), { code: "EINNER" });
		const text = await written("json", (log) => log.error({ err: new RangeError("outer", { cause }) }, "failed"));
		expect(JSON.parse(text).err).toMatchObject({
			type: "RangeError",
			message: "outer",
			stack: expect.stringContaining("log.test.ts"),
			cause: { type: "TypeError", message: "inner", code: "EINNER" },
		});
	});

	test("huge, deep or circular values are truncated", async () => {
		const circle: Record<string, unknown> = { text: "x".repeat(1_000_000), many: Array.from({ length: 10_000 }, (_, i) => i) };
		circle.self = circle;
		const text = await written("json", (log) => log.info({ circle }, "y".repeat(1_000_000)));
		expect(text.length).toBeLessThan(50_000);
		expect(() => JSON.parse(text)).not.toThrow();
	});
});

describe.each(["json", "pretty"] as const)("others' text in %s format", (format) => {
	test("neither acts on a terminal nor forges a line", async () => {
		const text = await written(format, (log) => {
			log.info({ user: EVIL, [EVIL]: 1, err: new Error(EVIL) }, `said ${EVIL}`);
		});
		// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
		expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
		expect(text).not.toMatch(/^\{"level":"error"\}/m);
	});
});

test("a log whose output is closed does not stop the server", async () => {
	const { fds, done } = brokenPipe();
	const log = createLog({ level: "info", format: "json", fd: fds, now: () => 0 });
	await log.open();
	for (let i = 0; i < 100; i++) log.info({ i }, "nobody reads this");
	done();
});

/** A descriptor on which every write fails. */
function brokenPipe(): { readonly fds: number; done(): void } {
	const fds = openSync("/dev/full", "w");
	return { fds, done: () => closeSync(fds) };
}
