// Builds the page with Bun's bundler: minified, without source maps, with names that change with the content. Runs on the server
// when it starts from sources, and in the build of the executable, which contains the files.
import { join } from "node:path";
import { type PageAssets, type PageFile, pageAssets } from "./assets.ts";

export { type PageAssets, type PageFile, pageAssets };

/** Bundles the page; takes some tenths of a second. Rejects with `AggregateError` if a source has an error. */
export async function bundlePage(): Promise<PageAssets> {
	return pageAssets(await bundleFiles());
}

/** The page's files, for `pageAssets` or to be packed into an executable. */
export async function bundleFiles(): Promise<readonly PageFile[]> {
	const { outputs } = await Bun.build({
		entrypoints: [join(import.meta.dir, "index.html")],
		target: "browser",
		// The SDK from its sources.
		conditions: ["bun"],
		minify: true,
		sourcemap: "none",
		publicPath: "/",
		naming: { entry: "[name].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
		define: { "process.env.NODE_ENV": '"production"' },
	});
	return Promise.all(
		outputs.map(async (output): Promise<PageFile> => {
			const body = new Uint8Array(await output.arrayBuffer());
			const page = output.path.endsWith("index.html");
			return {
				path: page ? "/" : `/${output.path.replace(/^.*\//u, "")}`,
				body,
				type: output.type,
				etag: `"${Bun.hash(body).toString(36)}"`,
				immutable: !page,
			};
		}),
	);
}
