// Detects changed network interfaces and sleep of the device, by polling every 2 s: neither Node nor Bun has an event for it. A poll
// takes a third of a millisecond, is shared by all clients of the process, and does not keep the process alive.
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import type { Off } from "../base/events.ts";

type Interfaces = NodeJS.Dict<readonly NetworkInterfaceInfo[]>;

const POLL_INTERVAL_MS = 2_000;
/** A poll this late by the wall clock means that the device slept: its connections may be dead. */
const SLEPT_MS = 10_000;

export class NetworkWatch {
	private readonly read: () => Interfaces;
	private readonly now: () => number;
	private readonly tasks = new Set<() => void>();
	private timer: NodeJS.Timeout | undefined;
	private known = "";
	private polledAtMs = 0;

	constructor(read: () => Interfaces = networkInterfaces, now: () => number = Date.now) {
		this.read = read;
		this.now = now;
	}

	/** Calls `task` when the addresses of the interfaces have changed, and when the device was asleep. */
	on(task: () => void): Off {
		// Wrapped, so that each `off` removes its own registration.
		const own = (): void => task();
		this.tasks.add(own);
		if (this.timer === undefined) {
			this.poll();
			this.timer = setInterval(() => this.poll(), POLL_INTERVAL_MS);
			this.timer.unref();
		}
		return () => {
			this.tasks.delete(own);
			if (this.tasks.size > 0) return;
			clearInterval(this.timer);
			this.timer = undefined;
		};
	}

	/** Polls now. */
	poll(): void {
		const current = this.fingerprint();
		const lateMs = this.now() - this.polledAtMs - POLL_INTERVAL_MS;
		const changed = current !== this.known || lateMs > SLEPT_MS;
		this.known = current;
		this.polledAtMs = this.now();
		// The first poll has nothing to compare with; without an address a reconnect cannot succeed.
		if (!changed || this.timer === undefined || current === "") return;
		for (const task of [...this.tasks]) task();
	}

	/** External addresses. Link-local ones are left out: they change with each container. */
	private fingerprint(): string {
		let interfaces: Interfaces;
		try {
			interfaces = this.read();
		} catch {
			// Forbidden in some sandboxes.
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

/** Shared by all clients of the process. */
export const networkWatch = new NetworkWatch();
