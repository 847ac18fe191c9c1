// Bundler settings for putting this package into one executable. For `Bun.build` only; the program does not import this.
import type { BunPlugin } from "bun";

/**
 * Leaves out React's developer tools. Ink loads them only with `DEV=true`, but a bundler would resolve them: they are not installed.
 */
export const withoutDevtools: BunPlugin = {
	name: "without-devtools",
	setup(build) {
		build.onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: "left-out" }));
		build.onLoad({ filter: /^react-devtools-core$/, namespace: "left-out" }, () => ({
			contents: "export default {};",
			loader: "js",
		}));
	},
};

/** Selects React's production build: the development build keeps measurements of every frame, without bound. */
export const productionDefine: Readonly<Record<string, string>> = { "process.env.NODE_ENV": '"production"' };
