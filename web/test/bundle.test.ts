import { beforeAll, expect, test } from "bun:test";
import { bundleFiles, bundlePage, type PageFile } from "@verbatim/web/bundle";

/** Limit of all that a first visit fetches, compressed. A rise needs a reason. */
const GZIP_BYTES_MAX = 84 * 1024;

let files: readonly PageFile[] = [];

beforeAll(async () => {
	files = await bundleFiles();
});

const textOf = (file: PageFile | undefined): string => new TextDecoder().decode(file?.body);
const html = (): string => textOf(files.find((file) => file.path === "/"));

test("the page has nothing inline, and fetches nothing from other origins", () => {
	expect(html()).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=/i);
	const asked = [...html().matchAll(/\b(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
	expect(asked.length).toBe(3);
	const paths = new Set(files.map((file) => file.path));
	for (const path of asked) expect(paths).toContain(path ?? "");
	const css = textOf(files.find((file) => file.type.startsWith("text/css")));
	expect(css).not.toMatch(/@import|url\(/);
});

test("files are named by their content and cached for ever; the page itself is revalidated each time", async () => {
	for (const file of files) {
		expect(file.immutable).toBe(file.path !== "/");
		if (file.immutable) expect(file.path).toMatch(/-[0-9a-z]{6,}\.(js|css|svg)$/);
		expect(file.etag).toMatch(/^"[0-9a-z]+"$/);
	}
	expect(await bundleFiles()).toEqual([...files]);
});

test("it is minified, without source maps, and small", () => {
	expect(files.some((file) => file.path.endsWith(".map") || /sourceMappingURL/.test(textOf(file)))).toBe(false);
	expect(files.some((file) => /jsxDEV/.test(textOf(file)))).toBe(false);
	const bytes = files.reduce((sum, file) => sum + Bun.gzipSync(file.body).length, 0);
	expect(bytes).toBeLessThan(GZIP_BYTES_MAX);
});

test("a path returns its file, with its type, and nothing else", async () => {
	const page = await bundlePage();
	expect(page("/")?.type).toBe("text/html;charset=utf-8");
	expect(page("/index.html")).toBe(page("/"));
	for (const { path } of files) expect(page(path)?.path).toBe(path);
	for (const path of ["", "/nothing", "/../package.json", "//", "/__proto__"]) expect(page(path)).toBeUndefined();
});
