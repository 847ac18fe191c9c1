// N authenticated connections, each in a room of its own, that say nothing: what does one cost in memory?
import { ServerProcess } from "@verbatim/testkit";
import { connectAll } from "./connect-all.ts";
import { usageOf } from "./proc.ts";
import { BENCH_FLAGS, DURABILITY, type Result } from "./scenario.ts";

export async function idle({ receivers, seconds }: { readonly receivers: number; readonly seconds: number }): Promise<Result> {
	const server = await ServerProcess.prepare({ flags: BENCH_FLAGS });
	try {
		await server.start();
		// The first hundred bring code and pools into memory that belong to nobody in particular.
		const first = await connectAll(server.httpPort, 100, "warm{i}");
		const before = usageOf(server.pid);
		const peers = await connectAll(server.httpPort, receivers, "idle{i}");
		await Bun.sleep(seconds * 1_000);
		const after = usageOf(server.pid);
		const closed = peers.filter((peer) => peer.isClosed).length;
		for (const peer of [...first, ...peers]) peer.close();
		return {
			scenario: "idle",
			durability: DURABILITY,
			receivers,
			rssBytesPerConnection: Math.round((after.rssBytes - before.rssBytes) / receivers),
			failed: closed > 0,
		};
	} finally {
		await server.remove();
	}
}
