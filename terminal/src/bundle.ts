// What a bundler must know of this package to put it into one executable. For `Bun.build` only; the program itself does not
// import this.
import type { BunPlugin } from "bun";

/**
 * Leaves out React's developer tools. Ink asks for them only where `DEV=true` is set, but a bundle would have to hold them: they
 * are not installed.
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

/** React's production build: the other one keeps measurements of every frame for ever. */
export const productionDefine: Readonly<Record<string, string>> = { "process.env.NODE_ENV": '"production"' };
