// Preloaded into a server's process: its worker threads that serve clients preload worker-bomb.ts.
import { join } from "node:path";

const Plain = globalThis.Worker;
globalThis.Worker = class extends Plain {
	constructor(url: string | URL, options: WorkerOptions = {}) {
		const isNode = String(url).includes("worker-thread");
		super(url, isNode ? { ...options, preload: [join(import.meta.dir, "worker-bomb.ts")] } : options);
	}
};
