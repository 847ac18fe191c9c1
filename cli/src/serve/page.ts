// The web page's files: embedded in the executable, or bundled from the sources after the server has started to listen.
import type { PageAssets } from "@verbatim/server";
import { embeddedPage } from "./embedded-page.ts";

export interface PageSource {
	readonly assets: PageAssets;
	/** Bundles ahead of the first request. Rejects if the sources have an error. */
	prepare(): Promise<void>;
}

export function openPage(): PageSource {
	let made: Promise<PageAssets> | undefined;
	const make = (): Promise<PageAssets> => {
		made ??= embeddedPage === undefined ? bundled() : unpacked(embeddedPage);
		return made;
	};
	return {
		assets: async (path) => (await make())(path),
		prepare: async () => void (await make()),
	};
}

/** For a server without a page. */
export const noPage: PageAssets = () => undefined;

async function bundled(): Promise<PageAssets> {
	const { bundlePage } = await import("@verbatim/web/bundle");
	return bundlePage();
}

async function unpacked(files: NonNullable<typeof embeddedPage>): Promise<PageAssets> {
	const { pageAssets } = await import("@verbatim/web/bundle");
	return pageAssets(files.map(({ base64, ...file }) => ({ ...file, body: Uint8Array.fromBase64(base64) })));
}
