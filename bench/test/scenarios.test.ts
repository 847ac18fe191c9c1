// Each scenario once, tiny, end to end, by its command: real servers, real disks.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Result } from "../src/result.ts";
import { SCENARIOS } from "../src/scenarios.ts";

const MAIN = join(import.meta.dir, "../src/main.ts");
const TINY = ["--receivers", "10", "--seconds", "0.4", "--pairs", "1", "--rate", "200", "--senders", "4", "--rooms", "5"];
const STORED = ["--stored", "3000", "--missed", "20", "--window", "4"];
const UNSTEADY = ["--drops", "2", "--awayMs", "50", "--minutes", "0.02"];
const LIMIT_MS = 60_000;

/** What each scenario's own line must tell, beside what all do. */
const TELLS: Readonly<Record<string, readonly string[]>> = {
	fanout: ["delivered", "expected", "deliveriesPerSecond", "p50Ms", "p99Ms", "cpuUsPerDelivery", "bytesPerDelivery"],
	ingest: ["ackedPerSecond", "p50Ms", "p99Ms", "cpuUsPerMessage"],
	idle: ["rssBytesPerConnection"],
	storm: ["delivered", "expected", "allHaveAllMs", "allBackMs", "storeReads"],
	jitter: ["delivered", "expected", "p50Ms", "p99Ms", "deliveredPercent", "drops"],
	mixed: ["delivered", "expected", "p50Ms", "p99Ms", "joinsAndLeaves", "historyPages"],
	stalled: ["p99Ms", "p99MsWithout", "p99Ratio", "rssMiBMost"],
	history: ["p50Ms", "p99Ms", "storedMessages", "pages"],
	soak: ["visits", "linesSaid", "rssMiBByQuarter", "plateauRatio", "rssBytesPerVisit", "roomsInMemory"],
	start: ["listeningMs", "readyMs", "storedMessages"],
	growth: ["cpuUsPerMessage", "cpuUsPerDelivery", "storedMessages", "rooms"],
	compare: ["delivered", "expected", "p50Ms", "p99Ms", "cpuUsPerDelivery"],
};

interface Line extends Omit<Result, "more"> {
	readonly [key: string]: unknown;
}

describe("the bench", () => {
	for (const { name } of SCENARIOS) {
		test(
			`${name}: runs, misses nothing, and tells it in one line of JSON per result`,
			async () => {
				const { code, out, err } = await bench([name, ...TINY, ...STORED, ...UNSTEADY, "--json"]);
				const results = resultsOf(out);
				expect({ code, failures: results.flatMap(({ failures }) => failures), err: code === 0 ? "" : err }).toEqual({
					code: 0,
					failures: [],
					err: "",
				});
				const ours: Partial<Line> = results[0] ?? {};
				expect(ours.scenario).toStartWith(name);
				expect(ours.peer).toBe("Verbatim");
				expect(ours.durability).toBe("sqlite, synchronous=FULL");
				for (const key of TELLS[name] ?? []) expect([key, ours[key]]).not.toEqual([key, undefined]);
				expect(ours.delivered === ours.expected).toBe(true);
			},
			LIMIT_MS,
		);
	}

	test(
		"fanout stands beside the C relay of the same run, or says that there is none",
		async () => {
			const { out, err } = await bench(["fanout", ...TINY, "--burst", "10", "--json"]);
			const [ours, relay] = out
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line));
			if (Bun.which("cc") === null) {
				expect(err).toContain("ABSENT: the C relay");
				return;
			}
			expect(relay).toMatchObject({ scenario: "fanout, C relay", delivered: relay?.expected, failures: [] });
			expect(ours).toMatchObject({ limitCpuUsPerDelivery: relay?.cpuUsPerDelivery, limitP50Ms: relay?.p50Ms });
			expect(ours?.ratios).toHaveLength(1);
			expect(relay?.bytesPerDelivery).toBeCloseTo(ours?.bytesPerDelivery ?? 0, -1);
		},
		LIMIT_MS,
	);

	test(
		"what is not here is named and left out, and the rest is measured",
		async () => {
			const { code, out, err } = await bench(["compare", ...TINY, "--json"], { PATH: "/nonexistent" });
			expect(code).toBe(0);
			expect(err).toContain("ABSENT: the C relay");
			expect(err).toContain("ABSENT: ws: there is no `node` here");
			const [ours] = resultsOf(out);
			expect(ours).toMatchObject({ scenario: "compare", failures: [] });
			expect(ours).not.toHaveProperty("ratioToLimit");
		},
		LIMIT_MS,
	);

	test(
		"a run whose server dies fails",
		async () => {
			const run = Bun.spawn([process.execPath, MAIN, "idle", "--receivers", "10", "--seconds", "2"], {
				stdout: "pipe",
				stderr: "pipe",
			});
			const server = await childOf(run.pid, "serve");
			const [ops = ""] = /(?<=--ops\0)[^\0]+/.exec(await commandOf(server)) ?? [];
			const isReady = (): Promise<boolean> =>
				fetch(`http://${ops}/ready`).then(
					({ ok }) => ok,
					() => false,
				);
			while (!(await isReady())) await Bun.sleep(5);
			process.kill(server, "SIGKILL");
			expect(await run.exited).toBe(1);
		},
		LIMIT_MS,
	);

	test(
		"idle connections can come by the TCP door",
		async () => {
			const { code, out } = await bench(["idle", ...TINY, "--door", "tcp", "--json"]);
			expect(code).toBe(0);
			expect(JSON.parse(out).door).toBe("tcp");
		},
		LIMIT_MS,
	);

	test(
		"a run that is interrupted fails and leaves no server behind",
		async () => {
			const run = Bun.spawn([process.execPath, MAIN, "idle", "--receivers", "10", "--seconds", "30"], {
				stdout: "pipe",
				stderr: "pipe",
			});
			const server = await childOf(run.pid, "serve");
			process.kill(run.pid, "SIGTERM");
			expect(await run.exited).toBe(130);
			expect(await isGone(server)).toBe(true);
		},
		LIMIT_MS,
	);

	test("the help names every scenario and its defaults; what is not one is refused", async () => {
		const { out } = await bench(["--help"]);
		for (const { name, description } of SCENARIOS) expect(out).toMatch(new RegExp(`${name}\\s+${description.slice(0, 20)}`));
		expect((await bench(["nonsense"])).code).toBe(2);
		expect((await bench(["idle", "--receivers", "none"])).code).toBe(2);
	});
});

async function bench(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
	const run = Bun.spawn([process.execPath, MAIN, ...words], { stdout: "pipe", stderr: "pipe", env: { ...process.env, ...env } });
	const [out, err] = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text()]);
	return { code: await run.exited, out, err };
}

/** One result per line; keys by name, since each scenario has its own. */
function resultsOf(out: string): Line[] {
	return out
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
}

/** The id of the child process whose command line has the word, once there is one. */
async function childOf(parent: number, word: string): Promise<number> {
	for (;;) {
		const children = (await Bun.file(`/proc/${parent}/task/${parent}/children`).text())
			.trim()
			.split(" ")
			.filter(Boolean)
			.map(Number);
		for (const child of children) if ((await commandOf(child)).includes(word)) return child;
		await Bun.sleep(5);
	}
}

async function isGone(pid: number): Promise<boolean> {
	for (let tries = 0; tries < 1_000; tries++) {
		if ((await commandOf(pid)) === "") return true;
		await Bun.sleep(5);
	}
	return false;
}

/** "" once the process has ended. */
async function commandOf(pid: number): Promise<string> {
	return Bun.file(`/proc/${pid}/cmdline`)
		.text()
		.catch(() => "");
}
