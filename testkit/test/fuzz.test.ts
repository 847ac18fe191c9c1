// Every input that was ever kept holds every property of its target, and so does a short run of new ones; the long form is
// `npm run fuzz -- --minutes 10`. And the fuzzer itself: it finds what is there to be found, and makes it small.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { escaped, readCorpus, unescaped } from "../src/fuzz/corpus.ts";
import { EDGES_NAME } from "../src/fuzz/coverage.ts";
import { FUZZ_MUTANTS } from "../src/fuzz/fuzz-mutants.ts";
import { Fuzzer } from "../src/fuzz/fuzzer.ts";
import { instrument } from "../src/fuzz/instrument.ts";
import { must, type Target } from "../src/fuzz/target.ts";
import { TARGETS } from "../src/fuzz/targets.ts";

const ROOT = join(import.meta.dir, "../..");
/** New inputs of each target: those of a whole server take a thousand times as long. */
const NEW_INPUTS = 500;
const NEW_VISITS = 20;
const TEST_MS = 60_000;

describe("fuzzing", () => {
	test.each(TARGETS)(
		"what was kept of $name holds every property, and so do new inputs",
		async (target) => {
			const seed = Math.floor(Math.random() * 2 ** 31);
			const fuzzer = await Fuzzer.open(target, seed, []);
			const count = ["wire", "people", "http"].includes(target.name) ? NEW_VISITS : NEW_INPUTS;
			const failure = await fuzzer.run({ count });
			if (failure !== undefined) {
				const again = `npm run fuzz -- --only ${target.name} --input '${escaped(failure.input)}'`;
				throw new Error(`seed ${seed}: ${again}`, { cause: failure.error });
			}
			await fuzzer.close();
			expect(fuzzer.fed).toBeGreaterThan(count);
		},
		TEST_MS,
	);

	test("every target has a corpus, and a deliberate bug that it must find", () => {
		for (const { name } of TARGETS) {
			expect([name, readCorpus(name).length > 0]).toEqual([name, true]);
			expect([name, FUZZ_MUTANTS.some(({ target }) => target === name)]).toEqual([name, true]);
		}
	});

	test.each(FUZZ_MUTANTS)("the piece that is changed for the mutant $name is there, once", ({ file, find, replace }) => {
		expect(readFileSync(join(ROOT, file), "utf8").split(find)).toHaveLength(2);
		expect(replace).not.toBe(find);
	});
});

describe("the fuzzer", () => {
	/** Its branches count themselves, as instrumented code does. */
	const toy = (feed: (input: Uint8Array, at: (edge: number) => void) => void): Target => ({
		name: "toy",
		feeds: "a toy",
		holds: [],
		bytesMax: 64,
		words: [],
		open: () => ({
			feed(input) {
				const edges = (globalThis as unknown as Record<string, Uint8Array>)[EDGES_NAME];
				feed(input, (edge) => {
					if (edges !== undefined) edges[edge] = (edges[edge] ?? 0) + 1;
				});
				return "";
			},
		}),
	});

	test(
		"finds what stands behind several branches, one after the other, and makes it small",
		async () => {
			const secret = new TextEncoder().encode("oh!");
			const target = toy((input, at) => {
				let known = 0;
				while (known < secret.length && input[known] === secret[known]) at(++known);
				must(known < secret.length, "the secret is out");
			});
			const fuzzer = await Fuzzer.open(target, 7, []);
			const failure = await fuzzer.run({ count: 300_000 });
			expect(failure?.error).toMatchObject({ message: "the secret is out" });
			expect(new TextDecoder().decode(failure?.input)).toBe("oh!");
		},
		TEST_MS,
	);

	test(
		"takes an input that needs too long for a failure",
		async () => {
			const target = toy((input) => {
				if (input.length < 4) return;
				for (const endMs = performance.now() + 2_100; performance.now() < endMs; );
			});
			const fuzzer = await Fuzzer.open(target, 1, []);
			expect((await fuzzer.replay(new Uint8Array(4)))?.error).toMatchObject({ message: expect.stringContaining("slow") });
		},
		TEST_MS,
	);

	test("keeps any input as a line of text that gives it back", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 50 }), (input) => {
				const line = escaped(input);
				expect(line).toMatch(/^[!-~]([ -~]*[!-~])?$/);
				expect(line.startsWith("#")).toBe(false);
				expect(unescaped(line)).toEqual(input);
			}),
		);
	});

	test(
		"counts branches without moving a line, and every file still is what it was to the compiler",
		async () => {
			const { texts, edges } = await instrument(ROOT, [join(ROOT, "protocol/tsconfig.json")], (path) =>
				/\/protocol\/src\/\w+\//.test(path),
			);
			expect(edges).toBeGreaterThan(300);
			const transpiler = new Bun.Transpiler({ loader: "ts" });
			for (const [path, text] of texts) {
				const before = readFileSync(path, "utf8");
				expect(text.split("\n")).toHaveLength(before.split("\n").length);
				expect(transpiler.scan(text).exports).toEqual(transpiler.scan(before).exports);
			}
		},
		TEST_MS,
	);
});
