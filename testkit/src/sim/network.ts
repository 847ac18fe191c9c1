// The network between clients and the server: dials, keeps the open wires, and breaks them.
import { type ConnectionEvents, type Transport, TransportError } from "@verbatim/client";
import type { CodecName } from "@verbatim/protocol";
import type { Chance } from "./chance.ts";
import type { Machine } from "./machine.ts";
import type { Route } from "./pipe.ts";
import type { Scheduler } from "./scheduler.ts";
import { TcpWire } from "./tcp-wire.ts";
import { WebSocketWire } from "./web-socket-wire.ts";
import type { Host, Wire, WireParts } from "./wire.ts";

/** Who listens: nobody while the server is down. `silent`: not even a refusal comes, as when the power is out. */
export type Listener = { readonly host: Host } | { readonly silent: boolean };

export class Network {
	listener: Listener = { silent: false };
	private readonly scheduler: Scheduler;
	private readonly chance: Chance;
	private readonly wires = new Set<Wire>();
	private readonly routes = new Set<Route>();

	constructor(scheduler: Scheduler, chance: Chance) {
		this.scheduler = scheduler;
		this.chance = chance;
	}

	/** A transport for one client, under the schemes `ws` and `tcp`. */
	transport(client: Machine, route: Route): Transport {
		this.routes.add(route);
		return {
			schemes: ["ws", "tcp"],
			open: (endpoint, codec, events) => this.dial(endpoint.protocol === "ws:" ? "ws" : "tcp", client, route, codec, events),
		};
	}

	/** The wires of one client. */
	of(client: Machine): readonly Wire[] {
		return [...this.wires].filter((wire) => wire.client === client);
	}

	/** Whether an end takes a connection for alive that is not. */
	get deceived(): boolean {
		return [...this.wires].some(({ deceives }) => deceives);
	}

	/** The server is gone. With `silent` its peers hear nothing of it until `reset`. */
	serverGone(silent: boolean): void {
		for (const wire of [...this.wires]) {
			if (silent) wire.blacken(true, true);
			else wire.cut(this.chance.hit(0.3));
		}
	}

	/** A machine that has come up again knows nothing of its old connections, and says so. */
	reset(): void {
		for (const wire of [...this.wires]) wire.cut(false);
	}

	heal(): void {
		for (const route of this.routes) {
			route.stalledUntilMs = 0;
			route.deadUntilMs = 0;
			route.corrupt = 0;
		}
		for (const wire of this.wires) wire.heal();
	}

	private dial(kind: "ws" | "tcp", client: Machine, route: Route, codec: CodecName, events: ConnectionEvents) {
		let wire: Wire | undefined;
		let gone = false;
		const end = (words: string): void => {
			if (gone) return;
			gone = true;
			client.do(() => events.closed({ cause: new TransportError(words) }));
		};
		const { scheduler, chance } = this;
		const arriveMs = scheduler.nowMs + route.latencyMs + route.jitterMs * chance.float();
		scheduler.at(Math.max(arriveMs, route.stalledUntilMs), () => {
			const { listener } = this;
			if (gone || !client.alive || scheduler.nowMs < route.deadUntilMs) return;
			if (!("host" in listener)) {
				if (!listener.silent) scheduler.at(scheduler.nowMs + route.latencyMs, () => end("nobody listens"));
				return;
			}
			const { host } = listener;
			const parts: WireParts = { client, host, route, chance, codec, events, left: (each) => void this.wires.delete(each) };
			const made: Wire = kind === "ws" ? new WebSocketWire(parts) : new TcpWire(parts);
			wire = made;
			this.wires.add(made);
			host.machine.do(() => made.open());
		});
		return {
			send: (body: Uint8Array | string) => wire?.send(body),
			bufferedBytes: () => wire?.bufferedBytes() ?? 0,
			close: () => (wire === undefined ? client.soon(() => end("given up")) : wire.close()),
			abandon: () => (wire === undefined ? client.soon(() => end("given up")) : wire.abandon()),
		};
	}
}
