// The store of a worker thread keeps the store's contract, over a port.
import { systemClock } from "../../src/base/clock.ts";
import { newMemoryDisk } from "../../src/store/memory/disk.ts";
import { createMemoryStore } from "../../src/store/memory/memory.ts";
import { openRemoteStore, serveStore } from "../../src/store/remote/remote-store.ts";
import type { Store, StoreEvents } from "../../src/store/store.ts";
import { portPair } from "../thread/pair.ts";
import { storeContract, type TestLimits } from "./contract.ts";

storeContract("over a port", async () => {
	const disk = newMemoryDisk();
	const open = async (limits: TestLimits = {}): Promise<Store> => {
		const inner = createMemoryStore({ clock: systemClock, disk, limits });
		const { near, far, open: openPorts } = portPair();
		const remote = openRemoteStore(near, systemClock);
		const committed = serveStore(far, inner);
		let events: StoreEvents | undefined;
		// Batches are counted in the thread that owns the store; the suite looks at them from here.
		near.on("batch", (facts) => {
			try {
				events?.batch(facts as Parameters<StoreEvents["batch"]>[0]);
			} catch (cause) {
				events?.broken(cause);
			}
		});
		inner.listen({
			committed,
			batch: (facts) => far.send("batch", JSON.stringify(facts)),
			broken: (cause) => events?.broken(cause),
		});
		openPorts();
		return {
			...remote,
			listen(told) {
				events = told;
				remote.listen(told);
			},
			stats: () => inner.stats(),
			renewEpochs: (epochs) => inner.renewEpochs(epochs),
			async close() {
				await remote.close();
				await inner.close();
			},
		};
	};
	return { open, reopen: open, remove: async () => {} };
});
