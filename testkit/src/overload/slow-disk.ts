// Preloaded into a server under test: makes its disk slow, as far as the server can tell. Each batch waits before it is handed to the
// thread that writes; the writing and its sync stay what they are. How long is written by the experiment in a file beside the data
// folder, `DATA.slow`, as two numbers: milliseconds for each batch, and for each draft of it. No file, no waiting.
//
// It is a model of a disk that takes its time, not of one that fails: for that there are the tests of the store.
import { readFileSync } from "node:fs";
import { Channel } from "../../../server/src/store/sqlite/channel.ts";

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
