// The tables of docs/operations.md that an operator relies on match the code.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ACCOUNT_DEFAULTS } from "../../src/account/settings.ts";
import { HELLO_LIMITS } from "../../src/admit/hello-queue.ts";
import { SETTING_KEYS, type SettingKey } from "../../src/ops/config/settings.ts";
import { lagFamily } from "../../src/ops/metrics/merge.ts";
import { createMetrics } from "../../src/ops/metrics/metrics.ts";
import { ENTER, LEVEL_MAX, RETRY_AFTER_MS, SHED_FROM } from "../../src/overload/levels.ts";
import { BATCH_LIMITS } from "../../src/store/batches.ts";
import { POOL_LIMITS } from "../../src/store/postgres/pool.ts";
import { BATCH_DRAFTS_MAX, LANES } from "../../src/store/postgres/postgres.ts";

const page = readFileSync(join(import.meta.dir, "../../../docs/operations.md"), "utf8");
const section = page.slice(page.indexOf("## Overload"), page.indexOf("## Stopping"));

/** Cells of the rows of the table under this heading row. */
function rows(head: string): string[][] {
	const lines = section.slice(section.indexOf(head)).split("\n");
	const end = lines.findIndex((line) => !line.startsWith("|"));
	return lines.slice(2, end).map((line) =>
		line
			.split(/(?<!\\)\|/)
			.slice(1, -1)
			.map((cell) => cell.trim()),
	);
}

describe("docs/operations.md", () => {
	test("lists the signals with the threshold of each level", () => {
		const told = rows("| signal |").map(([name, , ...marks]) => [name, marks.map(Number)]);
		expect(told).toEqual(Object.entries(ENTER).map(([name, marks]) => [`\`${name}\``, [...marks]]));
		expect(section).toContain(`from 0 (calm) to ${LEVEL_MAX}`);
	});

	test("lists what is shed, and from which level on", () => {
		const told = rows("| from level |").map(([level, what]) => [what, Number(level)]);
		expect(told).toEqual(Object.entries(SHED_FROM).map(([what, level]) => [`\`${what}\``, level]));
	});

	test("mentions only metrics that exist, and lists those that should stay at 0", () => {
		const metrics = [...createMetrics().families, lagFamily([])].map(({ name }) => name);
		for (const [, name = ""] of page.matchAll(/`(verbatim_\w+)/g)) expect(metrics).toContain(name);
		const zero = page.slice(page.indexOf("| metric | what a rise means |")).split("\n\n")[0] ?? "";
		expect([...zero.matchAll(/^\| `(\w+)` \| .{20,} \|$/gm)].map(([, name]) => name)).toEqual([
			"verbatim_faults_total",
			"verbatim_illegal_steps_total",
		]);
	});

	test("says when refused clients may retry", () => {
		expect(section.replaceAll(/\s+/g, " ")).toContain(`after ${RETRY_AFTER_MS / 1_000} to ${(2 * RETRY_AFTER_MS) / 1_000} s`);
	});

	test("gives every buffer a bound and a metric that exist", () => {
		const metrics = new Set(createMetrics().families.map(({ name }) => `\`${name}\``));
		const buffers = rows("| what waits |");
		expect(buffers.length).toBeGreaterThan(10);
		for (const [what, bound, beyond, metric] of buffers) {
			expect(bound).toMatch(/\d|`limits\.|nothing/);
			expect(beyond).not.toBe("");
			expect({ what, known: metrics.has(metric ?? "") }).toEqual({ what, known: true });
			for (const [, key = ""] of `${bound} ${beyond}`.matchAll(/`((?:limits|timing)\.\w+)`/g))
				expect(SETTING_KEYS).toContain(key as SettingKey);
		}
		const boundOf = (what: string) => buffers.find(([name]) => name === what)?.[1]?.replaceAll(",", "");
		expect(boundOf("hellos")).toContain(`${HELLO_LIMITS.waitingMax} of returning clients`);
		expect(boundOf("password hashes")).toBe(String(ACCOUNT_DEFAULTS.passwords.waitingMax));
		expect(boundOf("sends that wait for the disk")).toBe(
			`${BATCH_LIMITS.draftsWaitingMax} and ${BATCH_LIMITS.draftBytesWaitingMax / 1024 ** 2} MiB`,
		);
		expect(boundOf("sends in one transaction")).toBe(String(BATCH_LIMITS.batchDraftsMax));
		expect(boundOf("on PostgreSQL, sends that wait")).toContain(`for each of ${LANES} lanes`);
		expect(boundOf("on PostgreSQL, sends in one transaction")).toBe(String(BATCH_DRAFTS_MAX));
		expect(boundOf(`on PostgreSQL, reads that wait for one of ${POOL_LIMITS.connectionsMax} connections`)).toBe(
			`${POOL_LIMITS.waitingMax} for ${POOL_LIMITS.waitMs / 1_000} s`,
		);
	});
});
