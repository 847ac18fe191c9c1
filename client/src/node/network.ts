// Whether this device has another way out than a moment ago, or has slept: asked every 2 s, since neither Node nor Bun tells it. That
// is a third of a millisecond each time, once for all clients of the program, and keeps no program from ending.
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import type { Off } from "../api.ts";

type Interfaces = NodeJS.Dict<readonly NetworkInterfaceInfo[]>;

const EVERY_MS = 2_000;
/** A look that comes this much too late by the wall clock: the device slept, and its connections may not have. */
const SLEPT_MS = 10_000;

export class NetworkWatch {
	private readonly read: () => Interfaces;
	private readonly now: () => number;
	private readonly tasks = new Set<() => void>();
	private timer: NodeJS.Timeout | undefined;
	private known = "";
	private lookedAtMs = 0;

	constructor(read: () => Interfaces = networkInterfaces, now: () => number = Date.now) {
		this.read = read;
		this.now = now;
	}

	/** Calls `task` when an address was added or an interface is another one, and when the device was asleep. */
	on(task: () => void): Off {
		// Wrapped, so that each `off` ends its own.
		const own = (): void => task();
		this.tasks.add(own);
		if (this.timer === undefined) {
			this.look();
			this.timer = setInterval(() => this.look(), EVERY_MS);
			this.timer.unref();
		}
		return () => {
			this.tasks.delete(own);
			if (this.tasks.size > 0) return;
			clearInterval(this.timer);
			this.timer = undefined;
		};
	}

	/** Looks now. */
	look(): void {
		const seen = this.fingerprint();
		const lateMs = this.now() - this.lookedAtMs - EVERY_MS;
		const changed = seen !== this.known || lateMs > SLEPT_MS;
		this.known = seen;
		this.lookedAtMs = this.now();
		// The first look has nothing to compare with; without an address there is nowhere to go.
		if (!changed || this.timer === undefined || seen === "") return;
		for (const task of [...this.tasks]) task();
	}

	/** Addresses that lead elsewhere. Those of the link come and go with each container. */
	private fingerprint(): string {
		let interfaces: Interfaces;
		try {
			interfaces = this.read();
		} catch {
			// Some sandboxes forbid it.
			return this.known;
		}
		return Object.entries(interfaces)
			.flatMap(([name, addresses = []]) => addresses.map((each) => ({ name, ...each })))
			.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
			.map(({ name, address }) => `${name} ${address}`)
			.sort()
			.join("\n");
	}
}

/** The one of this program. */
export const networkWatch = new NetworkWatch();
