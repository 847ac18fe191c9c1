// Preloaded into a server under test: adds disk latency. Each batch is delayed before it is passed to the writer's thread; writes and syncs
// are unchanged. The experiment sets the latency in a file beside the data folder, `DATA.slow`: two numbers, milliseconds per batch and
// per draft. Without the file there is no delay.
//
// It models a slow disk, not a failing one: that is tested at the store.

import { readFileSync } from "node:fs";
import { Channel } from "@verbatim/server/testing";

const data = process.argv[process.argv.indexOf("--data") + 1] ?? "";

type Call = (this: unknown, call: string, args: { readonly drafts?: readonly unknown[] } | null) => Promise<unknown>;

const prototype = Channel.prototype as unknown as { call: Call };
const quick = prototype.call;
prototype.call = async function slow(call, args) {
	if (call === "commit" || call === "probe") await Bun.sleep(waitMs(args?.drafts?.length ?? 0));
	return quick.call(this, call, args);
};

function waitMs(drafts: number): number {
	try {
		const [batchMs = 0, draftMs = 0] = readFileSync(`${data}.slow`, "utf8").split(" ").map(Number);
		return batchMs + drafts * draftMs;
	} catch {
		return 0;
	}
}
