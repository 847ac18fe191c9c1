// The packages as they are published, installed into an empty project: on each Node, on Bun, in a browser behind a bundler, and for
// the compiler. Nothing is fetched: what they depend on is installed from the repository's own node_modules.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNodes, NODES_MISSING, ServerProcess } from "@verbatim/testkit";
import { CHROMIUM_MISSING, findChromium, openBrowser } from "@verbatim/testkit/browser";

const ROOT = join(import.meta.dir, "../../..");
const LOCAL = ["ws"];

let folder: string;
let project: string;
let server: ServerProcess;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "verbatim-package-"));
	project = join(folder, "project");
	await cp(join(import.meta.dir, "project"), project, { recursive: true });
	await run(["npm", "pack", "-w", "protocol", "-w", "client", "--pack-destination", folder], ROOT);
	const packed = (await readdir(folder)).filter((name) => name.endsWith(".tgz")).map((name) => join(folder, name));
	expect(packed.length).toBe(2);
	await Bun.write(join(project, "package.json"), JSON.stringify({ name: "project", private: true, type: "module" }));
	const install = ["npm", "install", "--offline", "--install-links", "--no-audit", "--no-fund", "--ignore-scripts"];
	await run([...install, ...LOCAL.map((name) => join(ROOT, "node_modules", name)), ...packed], project);
	server = await ServerProcess.prepare({ flags: ["--origins", "*"] });
	await server.start();
}, 120_000);
afterAll(async () => {
	await server.remove();
	await rm(folder, { recursive: true, force: true });
});

/** What it prints; rejects if it fails. */
async function run(command: readonly string[], cwd: string): Promise<string> {
	const child = Bun.spawn([...command], { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
	const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
	if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed:\n${out}${errors}`);
	return out;
}

function expectHello(told: unknown, guest: string): void {
	const { seq } = told as { readonly seq: number };
	expect(told).toEqual({ seq: expect.any(Number), got: seq, name: guest, text: `hello from ${guest}` });
}

describe("the published packages", () => {
	test("hold modules, types and maps with their sources, a readme and the licence, and every file that their exports name", async () => {
		for (const name of ["protocol", "client"]) {
			const at = join(project, "node_modules/@verbatim", name);
			const facts = (await Bun.file(join(at, "package.json")).json()) as { exports: object; private?: boolean; license: string };
			expect([facts.private, facts.license]).toEqual([undefined, "MIT"]);
			const named = [...JSON.stringify(facts.exports).matchAll(/"(\.\/[^"]+\.[a-z]+)"/g)].map(([, path]) => path ?? "");
			const maps = [...new Bun.Glob("dist/**/*.map").scanSync(at)];
			expect(maps.length).toBeGreaterThan(20);
			const sources: string[] = [];
			for (const map of maps) {
				const { sources: from } = (await Bun.file(join(at, map)).json()) as { readonly sources: readonly string[] };
				sources.push(...from.map((path) => join(map, "..", path)));
			}
			const files = ["README.md", "LICENSE", ...named, ...sources];
			expect(files.filter((path) => !existsSync(join(at, path)))).toEqual([]);
			expect(existsSync(join(at, "test"))).toBe(false);
			expect(existsSync(join(ROOT, name, "dist"))).toBe(false);
		}
	});

	for (const { name, path } of [{ name: "Bun", path: process.execPath as string | undefined }, ...findNodes()]) {
		const on = path === undefined ? `${name} (${NODES_MISSING})` : name;
		test.skipIf(path === undefined)(
			`join, send and read over WebSocket and TCP, on ${on}`,
			async () => {
				for (const [way, endpoint] of [
					["ws", server.webSocket],
					["http", server.http],
					["tcp", server.tcp],
				] as const) {
					const guest = `${way}-${name.replace(/\W/g, "-")}`.slice(0, 30);
					expectHello(JSON.parse(await run([path ?? "", "program.mjs", endpoint, guest], project)), guest);
				}
			},
			60_000,
		);
	}

	const node = Bun.which("node") ?? "";
	test.skipIf(node === "")(
		"run the program of the README as it stands, ending by itself, twice (needs node)",
		async () => {
			const readme = await Bun.file(join(ROOT, "README.md")).text();
			const program = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
			expect(program).toContain('"ws://localhost:8080"');
			await Bun.write(join(project, "bot.mjs"), program.replace("ws://localhost:8080", server.http.replace("http", "ws")));
			// The second line of each run is the send of that run, by the same user: had the name been held, it would have been refused.
			for (const [run_, runtime] of [node, node, process.execPath].entries()) {
				const lines = (await run([runtime, "bot.mjs"], project)).split("\n").filter((line) => /^\d+ bot/.test(line));
				expect(lines.length).toBe(run_ + 2);
			}
		},
		60_000,
	);

	test.skipIf(findChromium() === undefined)(
		`join, send and read in a browser, bundled (${CHROMIUM_MISSING})`,
		async () => {
			const built = await Bun.build({ entrypoints: [join(project, "page.js")], target: "browser" });
			const script = (await built.outputs[0]?.text()) ?? "";
			expect(script).not.toMatch(/from ?"(node:|ws")/);
			const site = Bun.serve({
				hostname: "127.0.0.1",
				port: 0,
				fetch: ({ url }) =>
					url.endsWith(".js")
						? new Response(script, { headers: { "content-type": "text/javascript" } })
						: new Response('<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>', {
								headers: { "content-type": "text/html" },
							}),
			});
			const browser = await openBrowser();
			const { page, faults } = await browser.newProfile();
			await page.goto(site.url.href);
			const told = await page.evaluate(
				(endpoint) => (globalThis as unknown as { chat(endpoint: string, guest: string): unknown }).chat(endpoint, "page"),
				server.webSocket,
			);
			expectHello(told, "page");
			expect(faults).toEqual([]);
			await browser.close();
			await site.stop(true);
		},
		60_000,
	);

	for (const [module, resolution, lib] of [
		["nodenext", "nodenext", ["es2022"]],
		["esnext", "bundler", ["es2022", "dom"]],
	] as const) {
		test(`have types that the compiler takes, with moduleResolution ${resolution} and lib ${lib.join()}`, async () => {
			const compilerOptions = {
				module,
				moduleResolution: resolution,
				target: "es2023",
				lib,
				types: ["node"],
				typeRoots: [join(ROOT, "node_modules/@types")],
				strict: true,
				exactOptionalPropertyTypes: true,
				skipLibCheck: false,
				noEmit: true,
			};
			const config = join(project, `tsconfig.${resolution}.json`);
			await Bun.write(config, JSON.stringify({ compilerOptions, files: ["standard.ts", "node.ts"] }));
			expect(await run([join(ROOT, "node_modules/.bin/tsc"), "-p", config], project)).toBe("");
		}, 60_000);
	}
});
