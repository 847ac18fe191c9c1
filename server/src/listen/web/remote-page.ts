// The web page of a worker thread: its files are asked of the thread that has them, and kept.
import { answerCalls, Caller } from "../../thread/calls.ts";
import type { Port } from "../../thread/port.ts";
import type { PageAsset, PageAssets } from "./page.ts";

const CALLS = "page";

type SentAsset = Omit<PageAsset, "body"> & { readonly base64: string };

export function servePageAssets(port: Port, assets: PageAssets): void {
	answerCalls(port, CALLS, {
		async asset(path: string): Promise<SentAsset | undefined> {
			const asset = await assets(path);
			if (asset === undefined) return undefined;
			const { body, ...facts } = asset;
			return { ...facts, base64: (await new Response(body).bytes()).toBase64() };
		},
	});
}

export function openRemotePage(port: Port): PageAssets {
	const caller = new Caller(port, CALLS);
	/** As many as the page has files: paths without one are not kept. */
	const kept = new Map<string, PageAsset>();
	return async (path) => {
		const known = kept.get(path);
		if (known !== undefined) return known;
		const sent = (await caller.call("asset", [path])) as SentAsset | undefined;
		if (sent === undefined) return undefined;
		const { base64, ...facts } = sent;
		const asset = kept.get(path) ?? { ...facts, body: Uint8Array.fromBase64(base64) };
		kept.set(path, asset);
		return asset;
	};
}
