// `npm run build`: one self-contained executable, `dist/verbatim`, with the runtime, the server, its worker threads, the clients and the
// web page.
import { mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { productionDefine, withoutDevtools } from "@verbatim/terminal/bundle";
import { bundleFiles } from "@verbatim/web/bundle";
import type { BunPlugin } from "bun";
import type { EmbeddedFile } from "./src/serve/embedded-page.ts";

const ROOT = join(import.meta.dir, "..");
const WORKERS = ["store/sqlite/writer-thread.ts", "store/sqlite/reader-thread.ts", "worker-thread.ts"].map((file) =>
	join(ROOT, "server/src", file),
);

const outfile = resolve(process.argv[2] ?? join(ROOT, "dist/verbatim"));
await mkdir(join(outfile, ".."), { recursive: true });
const page = (await bundleFiles()).map(
	({ body, ...file }): EmbeddedFile => ({ ...file, base64: new Uint8Array(body).toBase64() }),
);

const { logs } = await Bun.build({
	entrypoints: [join(import.meta.dir, "src/main.ts"), ...WORKERS],
	naming: { entry: "[name].[ext]" },
	target: "bun",
	minify: { syntax: true, whitespace: true },
	define: { ...productionDefine },
	plugins: [withPage(page), withoutDevtools],
	compile: { outfile },
});
for (const log of logs) console.error(log);
console.log(`${outfile}: ${((await stat(outfile)).size / 1024 / 1024).toFixed(1)} MiB, web page inside`);

/** Replaces the empty module embedded-page.ts by one with the page's files. */
function withPage(files: readonly EmbeddedFile[]): BunPlugin {
	return {
		name: "with-page",
		setup(build) {
			build.onLoad({ filter: /cli\/src\/serve\/embedded-page\.ts$/ }, () => ({
				contents: `export const embeddedPage = ${JSON.stringify(files)};`,
				loader: "js",
			}));
		},
	};
}
