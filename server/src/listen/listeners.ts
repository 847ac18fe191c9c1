// All doors of a server behind one gate: opened together, shut together.
import type { Clock } from "../base/clock.ts";
import { createProxies } from "../link/address.ts";
import { TCP_SETTINGS, type TcpSettings } from "./connection/tcp.ts";
import { type HttpParts, openHttp } from "./http.ts";
import type { Address } from "./socket/address.ts";
import type { Door, DoorSpec } from "./socket/listener.ts";
import { openTcp } from "./tcp.ts";
import { createOrigins } from "./web/origin.ts";

export interface DoorsOptions {
	/** HTTP, WebSocket and the web page; undefined: switched off. */
	readonly http: DoorSpec | undefined;
	/** Framed clients and line mode; undefined: switched off. */
	readonly tcp: DoorSpec | undefined;
	/** Origins of web pages that may connect beside the server's own; `*` for all. */
	readonly origins: readonly string[];
	/** Addresses and networks of proxies whose X-Forwarded-For is believed. */
	readonly proxies: readonly string[];
	/** Default: `TCP_SETTINGS`. */
	readonly connection?: TcpSettings;
}

/** What listeners need of the server; origins and proxies are configured with them. */
export type DoorsParts = Omit<HttpParts, "origins" | "proxies">;

export interface OpenDoor {
	readonly address: Address;
	readonly secure: boolean;
}

export interface Doors {
	readonly http: OpenDoor | undefined;
	readonly tcp: OpenDoor | undefined;
	/** No one new comes in, from now on; who has no session yet is sent away. To be followed by the draining of the sessions. */
	stopListening(): void;
	/** Waits until everybody has gone, `withinMs` at most, and cuts who has not. */
	close(withinMs: number): Promise<void>;
}

/** Opens the doors that are configured. Rejects with `BindError`, `AddressError` or `RangeError`, and then none is open. */
export async function openDoors(options: DoorsOptions, behind: DoorsParts): Promise<Doors> {
	const settings = options.connection ?? TCP_SETTINGS;
	const parts: HttpParts = {
		...behind,
		origins: createOrigins(options.origins),
		proxies: createProxies(options.proxies),
	};
	const http = options.http && (await openHttp(options.http, parts, settings));
	let tcp: Door | undefined;
	try {
		tcp = options.tcp && (await openTcp(options.tcp, parts, settings));
	} catch (cause) {
		http?.closeAll();
		throw cause;
	}
	const open = [http, tcp].filter((door) => door !== undefined);
	return {
		http,
		tcp,
		stopListening() {
			for (const door of open) door.stopListening();
		},
		async close(withinMs) {
			for (const door of open) door.stopListening();
			if (withinMs > 0) await emptied(open, withinMs, behind.clock);
			for (const door of open) door.closeAll();
		},
	};
}

/** Resolves when all are empty, after `withinMs` at the latest. */
function emptied(doors: readonly Door[], withinMs: number, clock: Pick<Clock, "after">): Promise<void> {
	return new Promise((resolve) => {
		const cancel = clock.after(withinMs, resolve);
		void Promise.all(doors.map((door) => door.empty())).then(() => {
			cancel();
			resolve();
		});
	});
}
